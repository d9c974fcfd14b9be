//! What a customer is entitled to before anything is quoted: the rules that are about it.

use super::policy::{Policy, StackGroup};
use super::question::Facts;
use super::rules::{Rule, Schedule, Selectors};
use crate::decision::Level;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A rule that a quote of the customer can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entitlement<'p> {
    /// The stack group's code.
    pub group: &'p str,
    pub rule: &'p Rule,
    /// The most personal thing that the rule asks for.
    pub level: Level,
    /// For the whole document instead of its lines.
    pub of_document: bool,
    /// The customer is held out: it does not get this.
    pub held_out: bool,
}

/// All rules that are about the customer on a day, those of lines first. Goods, quantities, channels
/// and currencies are conditions of the quote: they exclude nothing here. Surcharges are no
/// entitlement. Segments and contracts count where the facts tell them.
pub fn entitlements<'p>(
    policy: &'p Policy,
    facts: &Facts,
    contracts: &[&str],
    today: NaiveDate,
) -> Vec<Entitlement<'p>> {
    let tier = facts.tier.as_deref().unwrap_or(&policy.default_tier);
    let about = |rule: &Rule| {
        let it = &rule.selectors;
        !rule.benefit.is_surcharge()
            && is_about(it, facts, tier)
            && (it.contracts.is_empty() || contracts.iter().any(|one| it.contracts.contains(*one)))
            && it.valid_from.is_none_or(|from| from <= today)
            && it.valid_until.is_none_or(|until| today <= until)
    };
    let found = |groups: &'p [StackGroup], of_document| {
        let rules = groups.iter().flat_map(|group| {
            let rules = group.rules.all().iter();
            rules.map(|rule| (group.code.as_str(), rule))
        });
        rules
            .filter(|(_, rule)| about(rule))
            .map(move |(group, rule)| Entitlement {
                group,
                rule,
                level: level(&rule.selectors),
                of_document,
                held_out: facts.customer.is_some_and(|id| rule.holds_out(id)),
            })
            .collect::<Vec<_>>()
    };
    let mut all = found(&policy.groups, false);
    all.extend(found(&policy.document_groups, true));
    all
}

fn is_about(it: &Selectors, facts: &Facts, tier: &str) -> bool {
    let customer = facts.customer.is_some_and(|id| it.customers.contains(&id));
    (it.customers.is_empty() || customer)
        && (it.tiers.is_empty() || it.tiers.contains(tier))
        && (it.customer_groups.is_empty() || !it.customer_groups.is_disjoint(&facts.groups))
        && (it.segments.is_empty() || !it.segments.is_disjoint(&facts.segments))
}

fn level(it: &Selectors) -> Level {
    if !it.contracts.is_empty() {
        Level::Contract
    } else if !it.customers.is_empty() {
        Level::Customer
    } else if !it.customer_groups.is_empty() {
        Level::Group
    } else if !it.tiers.is_empty() {
        Level::Tier
    } else {
        Level::Default
    }
}

impl Schedule {
    /// The least and the most that it gives.
    pub fn range(&self) -> (Decimal, Decimal) {
        match self {
            Self::Flat(value) => (*value, *value),
            Self::Breaks { steps, .. } => {
                let values = || steps.iter().map(|step| step.value);
                (
                    values().min().unwrap_or_default(),
                    values().max().unwrap_or_default(),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CustomerId, GroupId};
    use std::collections::BTreeSet;

    fn selectors(change: impl FnOnce(&mut Selectors)) -> Selectors {
        let mut selectors = Selectors::default();
        change(&mut selectors);
        selectors
    }

    #[test]
    fn the_most_personal_selector_names_the_level() {
        let customer = CustomerId::from_bits(1);
        let group = GroupId::from_bits(2);
        let cases = [
            (selectors(|_| {}), Level::Default),
            (selectors(|it| it.tiers = tiers()), Level::Tier),
            (
                selectors(|it| {
                    it.tiers = tiers();
                    it.customer_groups = BTreeSet::from([group]);
                }),
                Level::Group,
            ),
            (
                selectors(|it| it.customers = BTreeSet::from([customer])),
                Level::Customer,
            ),
            (
                selectors(|it| it.contracts = BTreeSet::from(["K-1".to_owned()])),
                Level::Contract,
            ),
        ];
        for (selectors, expected) in cases {
            assert_eq!(level(&selectors), expected);
        }
    }

    fn tiers() -> BTreeSet<String> {
        BTreeSet::from(["high".to_owned()])
    }

    #[test]
    fn rules_about_others_are_left_out() {
        let facts = Facts {
            customer_matched: true,
            customer: Some(CustomerId::from_bits(1)),
            segments: BTreeSet::new(),
            tier: Some("high".to_owned()),
            groups: BTreeSet::from([GroupId::from_bits(2)]),
            channel: None,
        };
        let about = |selectors: &Selectors| is_about(selectors, &facts, "high");
        assert!(about(&Selectors::default()));
        assert!(about(&selectors(|it| it.tiers = tiers())));
        let low = BTreeSet::from(["low".to_owned()]);
        assert!(!about(&selectors(|it| it.tiers = low)));
        let other = BTreeSet::from([CustomerId::from_bits(9)]);
        assert!(!about(&selectors(|it| it.customers = other)));
        let other = BTreeSet::from([GroupId::from_bits(9)]);
        assert!(!about(&selectors(|it| it.customer_groups = other)));
        let vip = BTreeSet::from(["vip".to_owned()]);
        assert!(!about(&selectors(|it| it.segments = vip)));
    }
}
