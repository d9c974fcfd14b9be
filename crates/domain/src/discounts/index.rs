//! The rules of a group, found by what a line is instead of one after the other.
//!
//! A rule that names customers, customer groups, contracts, articles or categories is filed under
//! whichever of these the fewest other rules share; the rest are general and always asked. So a
//! line of a policy with ten thousand price agreements asks the few that are about it.

use super::policy::Engine;
use super::rules::{Case, Rule};
use crate::ids::{CustomerId, GroupId};
use std::collections::HashMap;

/// All rules of a group. Two are equal where they hold the same rules in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    filed: HashMap<Key, Vec<usize>>,
    general: Vec<usize>,
}

/// What a rule may be filed under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Customer(CustomerId),
    Contract(String),
    Sku(String),
    Group(GroupId),
    /// The path as a text.
    Category(String),
}

impl RuleSet {
    pub fn new(rules: Vec<Rule>) -> Self {
        let mut shared: HashMap<Key, usize> = HashMap::new();
        for key in rules.iter().flat_map(keys).flatten() {
            let count = shared.entry(key).or_default();
            *count = count.saturating_add(1);
        }
        let mut filed: HashMap<Key, Vec<usize>> = HashMap::new();
        let mut general = Vec::new();
        for (place, rule) in rules.iter().enumerate() {
            let crowd = |keys: &Vec<Key>| {
                let counts = keys.iter().filter_map(|key| shared.get(key));
                counts.fold(0_usize, |sum, count| sum.saturating_add(*count))
            };
            let named = keys(rule).into_iter().filter(|keys| !keys.is_empty());
            match named.min_by_key(crowd) {
                Some(keys) => {
                    for key in keys {
                        filed.entry(key).or_default().push(place);
                    }
                }
                None => general.push(place),
            }
        }
        Self {
            rules,
            filed,
            general,
        }
    }

    /// As they are stored.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// Every rule that may match the line or nearly does, each once.
    pub(super) fn about(&self, case: Case<'_>) -> Vec<&Rule> {
        if case.engine == Engine::One {
            return self.rules.iter().collect();
        }
        let mut places = self.general.clone();
        for key in keys_of(case) {
            places.extend(self.filed.get(&key).into_iter().flatten());
        }
        places.sort_unstable();
        places.dedup();
        let rules = places.into_iter();
        rules.filter_map(|place| self.rules.get(place)).collect()
    }
}

/// The keys of a rule by kind. It needs one of each kind that is not empty.
fn keys(rule: &Rule) -> [Vec<Key>; 5] {
    let it = &rule.selectors;
    [
        it.customers.iter().copied().map(Key::Customer).collect(),
        it.contracts.iter().cloned().map(Key::Contract).collect(),
        it.skus.iter().cloned().map(Key::Sku).collect(),
        it.customer_groups.iter().copied().map(Key::Group).collect(),
        it.categories
            .iter()
            .map(|path| Key::Category(path.as_str().to_owned()))
            .collect(),
    ]
}

/// The keys that rules about the line may be filed under.
fn keys_of(case: Case<'_>) -> impl Iterator<Item = Key> {
    let contract = case.line.contract.as_ref();
    let category = case.line.category.as_ref();
    let ancestors = category.into_iter().flat_map(|path| path.with_ancestors());
    case.facts
        .customer
        .map(Key::Customer)
        .into_iter()
        .chain(contract.map(|it| Key::Contract(it.reference.clone())))
        .chain(case.line.sku.clone().map(Key::Sku))
        .chain(case.facts.groups.iter().copied().map(Key::Group))
        .chain(ancestors.map(|path| Key::Category(path.to_owned())))
}
