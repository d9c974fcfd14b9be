//! What the rules of a policy do to each other: some meet where only one may match, some are never
//! reached.

use super::policy::{Mode, Policy, StackGroup};
use super::rules::{Aggregate, Benefit, Rule, Schedule, Selectors};
use crate::category::CategoryPath;
use crate::path::Path;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;

/// More findings of one kind help nobody.
const MOST: usize = 50;

/// Something about a policy that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub at: Path,
    pub code: &'static str,
    pub detail: String,
    pub severity: Severity,
}

/// Whether a policy can be published with a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// What is told of a policy. `categories` are those that products are in; none = not compared.
pub fn lint(policy: &Policy, categories: Option<&BTreeSet<CategoryPath>>) -> Vec<Finding> {
    let root = Path::root();
    let mut findings = Vec::new();
    let lists = [
        (root.field("groups"), &policy.groups),
        (root.field("document_groups"), &policy.document_groups),
    ];
    for (at, groups) in lists {
        for (place, group) in groups.iter().enumerate() {
            let at = at.index(place).field("rules");
            findings.extend(meetings(group, &at).take(MOST));
            if let Some(known) = categories {
                findings.extend(unknown_categories(group, &at, known).take(MOST));
            }
        }
    }
    findings
}

/// Pairs of rules of one group that both can match, where that matters to the mode.
fn meetings<'a>(group: &'a StackGroup, at: &'a Path) -> impl Iterator<Item = Finding> + 'a {
    let rules = group.rules.all();
    let rivals = rivals(group);
    rules.iter().enumerate().flat_map(move |(place, rule)| {
        let others = rivals.of(place, rule);
        let others = others
            .into_iter()
            .filter_map(|other| Some((other, rules.get(other)?)));
        let findings: Vec<Finding> = others
            .filter_map(|(other, rival)| match group.mode {
                Mode::Unique if other < place => overlap(rule, rival, &at.index(place)),
                Mode::Unique => None,
                _ => unreachable(group, rule, rival, &at.index(place)),
            })
            .collect();
        // One reason why a rule is never reached is enough; overlaps are all told.
        let told = if group.mode == Mode::Unique { MOST } else { 1 };
        findings.into_iter().take(told)
    })
}

/// Which rules need to be compared: of whatever keeps most rules of the group apart, those that name
/// the same, and those that name nothing.
struct Rivals {
    names: Names,
    by_name: HashMap<String, Vec<usize>>,
    nameless: Vec<usize>,
    all: usize,
}

/// What a rule names of one kind.
type Names = fn(&Rule) -> Vec<String>;

fn rivals(group: &StackGroup) -> Rivals {
    let rules = if group.mode.takes_all() {
        &[]
    } else {
        group.rules.all()
    };
    let kinds: [Names; 4] = [
        |rule| rule.selectors.skus.iter().cloned().collect(),
        |rule| rule.selectors.contracts.iter().cloned().collect(),
        |rule| {
            rule.selectors
                .customers
                .iter()
                .map(ToString::to_string)
                .collect()
        },
        |rule| {
            rule.selectors
                .customer_groups
                .iter()
                .map(ToString::to_string)
                .collect()
        },
    ];
    // A customer may be of several groups, so they do not keep rules of a `unique` group apart.
    let apart = if group.mode == Mode::Unique { 3 } else { 4 };
    let named = |names: &Names| rules.iter().filter(|rule| !names(rule).is_empty()).count();
    let names = kinds.into_iter().take(apart).max_by_key(named);
    let names = names.unwrap_or(|_| Vec::new());
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    let mut nameless = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        let told = names(rule);
        if told.is_empty() {
            nameless.push(place);
        }
        for name in told {
            by_name.entry(name).or_default().push(place);
        }
    }
    Rivals {
        names,
        by_name,
        nameless,
        all: rules.len(),
    }
}

impl Rivals {
    fn of(&self, place: usize, rule: &Rule) -> BTreeSet<usize> {
        let names = (self.names)(rule);
        let mut others: BTreeSet<usize> = match names.is_empty() {
            true => (0..self.all).collect(),
            false => self.nameless.iter().copied().collect(),
        };
        for name in names {
            others.extend(self.by_name.get(&name).into_iter().flatten());
        }
        others.remove(&place);
        others
    }
}

fn overlap(rule: &Rule, rival: &Rule, at: &Path) -> Option<Finding> {
    let witness = witness(rule, rival)?;
    let all = if witness.is_empty() {
        "everything".to_owned()
    } else {
        witness.join(", ")
    };
    Some(Finding {
        at: at.clone(),
        code: "overlap",
        detail: format!("`{}` and `{}` both match {all}", rival.id, rule.id),
        severity: Severity::Error,
    })
}

/// Why `rule` never applies while `rival` is there.
fn unreachable(group: &StackGroup, rule: &Rule, rival: &Rule, at: &Path) -> Option<Finding> {
    if !covers(rival, rule) {
        return None;
    }
    let first = (rival.sequence, &rival.id) < (rule.sequence, &rule.id);
    // Where both say the same of every line, only sequence and id are left to decide.
    let same = covers(rule, rival);
    let severity = match group.mode {
        Mode::Priority if first => Severity::Error,
        Mode::MostSpecific if first && same => Severity::Error,
        Mode::BestForCustomer if is_more(rival, rule) => Severity::Warning,
        Mode::BestForMargin if is_more(rule, rival) => Severity::Warning,
        _ => return None,
    };
    Some(Finding {
        at: at.clone(),
        code: "unreachable",
        detail: format!("`{}` always applies before `{}`", rival.id, rule.id),
        severity,
    })
}

/// Whether `one` always takes more than `other`, as far as that can be known.
fn is_more(one: &Rule, other: &Rule) -> bool {
    let plain = |rule: &Rule| match (&rule.schedule, rule.cap) {
        (Schedule::Flat(value), None) if rule.benefit == Benefit::Percent => Some(*value),
        _ => None,
    };
    plain(one)
        .zip(plain(other))
        .is_some_and(|(one, other)| one > other)
}

/// An input that both rules match, in words; none where there is no such input.
pub fn witness(one: &Rule, other: &Rule) -> Option<Vec<String>> {
    let (a, b) = (&one.selectors, &other.selectors);
    let mut words = Vec::new();
    let mut say = |name: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("{name} `{value}`")));
    };
    say("customer", common(&a.customers, &b.customers)?);
    say("tier", common(&a.tiers, &b.tiers)?);
    // A customer may be of several segments and groups, so these never keep rules apart.
    say("segment", together(&a.segments, &b.segments));
    say(
        "customer group",
        together(&a.customer_groups, &b.customer_groups),
    );
    say("contract", common(&a.contracts, &b.contracts)?);
    say("sku", common(&a.skus, &b.skus)?);
    say("category", common_category(&a.categories, &b.categories)?);
    let words_of = |classes: &Selectors| {
        let words = classes
            .margin_classes
            .iter()
            .map(|class| class.word().to_owned());
        words.collect::<BTreeSet<String>>()
    };
    say("margin class", common(&words_of(a), &words_of(b))?);
    say("channel", common(&a.channels, &b.channels)?);
    say("currency", common(&a.currencies, &b.currencies)?);
    let quantity = |rule: &Rule| (rule.least_quantity(), rule.selectors.below_quantity);
    // Over different totals any two quantities can come together.
    if one.aggregate == other.aggregate {
        say("quantity", common_from(quantity(one), quantity(other))?);
        if one.currency == other.currency {
            let amount = |it: &Selectors| (it.min_amount, it.below_amount);
            say("list amount", common_from(amount(a), amount(b))?);
        }
    }
    let from = a.valid_from.max(b.valid_from);
    let until = [a.valid_until, b.valid_until].into_iter().flatten().min();
    if from.zip(until).is_some_and(|(from, until)| from > until) {
        return None;
    }
    say("date", from.or(until).map(|day| day.to_string()));
    Some(words)
}

/// A value that both sets accept; the outer `None` where there is none, the inner where any will do.
fn common<T: Ord + Display>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> Option<Option<String>> {
    let first = |set: &BTreeSet<T>| set.first().map(ToString::to_string);
    match (one.is_empty(), other.is_empty()) {
        (true, _) => Some(first(other)),
        (_, true) => Some(first(one)),
        _ => one
            .intersection(other)
            .next()
            .map(|value| Some(value.to_string())),
    }
}

/// Values of which a customer may have all.
fn together<T: Ord + Display>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> Option<String> {
    let firsts: BTreeSet<&T> = one.first().into_iter().chain(other.first()).collect();
    let texts: Vec<String> = firsts.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join("` and `"))
}

fn common_category(
    one: &BTreeSet<CategoryPath>,
    other: &BTreeSet<CategoryPath>,
) -> Option<Option<String>> {
    if one.is_empty() || other.is_empty() {
        return common(one, other);
    }
    let deeper = |a: &CategoryPath, b: &CategoryPath| match (a.is_within(b), b.is_within(a)) {
        (true, _) => Some(a.to_string()),
        (_, true) => Some(b.to_string()),
        _ => None,
    };
    let mut pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    pairs.find_map(|(a, b)| deeper(a, b)).map(Some)
}

/// A number from the first (included) to the second (excluded) of both.
fn common_from<T: Ord + Copy + Display>(
    one: (Option<T>, Option<T>),
    other: (Option<T>, Option<T>),
) -> Option<Option<String>> {
    let from = one.0.max(other.0);
    let below = [one.1, other.1].into_iter().flatten().min();
    let nothing = from.zip(below).is_some_and(|(from, below)| from >= below);
    (!nothing).then(|| from.map(|from| from.to_string()))
}

/// Whether `wide` matches whatever `narrow` matches.
fn covers(wide: &Rule, narrow: &Rule) -> bool {
    let (w, n) = (&wide.selectors, &narrow.selectors);
    let counts_alike = wide.aggregate == narrow.aggregate || bounds_nothing(wide);
    let same_money =
        w.min_amount.is_none() && w.below_amount.is_none() || wide.currency == narrow.currency;
    holds_all(&w.customers, &n.customers)
        && holds_all(&w.tiers, &n.tiers)
        && holds_all(&w.segments, &n.segments)
        && holds_all(&w.customer_groups, &n.customer_groups)
        && holds_all(&w.contracts, &n.contracts)
        && holds_all(&w.skus, &n.skus)
        && holds_all(&w.margin_classes, &n.margin_classes)
        && holds_all(&w.channels, &n.channels)
        && holds_all(&w.currencies, &n.currencies)
        && holds_categories(&w.categories, &n.categories)
        && counts_alike
        && same_money
        && wide.least_quantity() <= narrow.least_quantity()
        && ends_no_earlier(w.below_quantity, n.below_quantity)
        && w.min_amount <= n.min_amount
        && ends_no_earlier(w.below_amount, n.below_amount)
        && w.valid_from <= n.valid_from
        && ends_no_earlier(w.valid_until, n.valid_until)
}

/// None = no end.
fn ends_no_earlier<T: Ord>(wide: Option<T>, narrow: Option<T>) -> bool {
    match (wide, narrow) {
        (None, _) => true,
        (Some(wide), Some(narrow)) => narrow <= wide,
        (Some(_), None) => false,
    }
}

fn bounds_nothing(rule: &Rule) -> bool {
    let it = &rule.selectors;
    let amounts = it.min_amount.is_some() || it.below_amount.is_some();
    rule.aggregate == Aggregate::Line
        && rule.least_quantity().is_none()
        && it.below_quantity.is_none()
        && !amounts
}

fn holds_all<T: Ord>(wide: &BTreeSet<T>, narrow: &BTreeSet<T>) -> bool {
    wide.is_empty() || (!narrow.is_empty() && narrow.is_subset(wide))
}

fn holds_categories(wide: &BTreeSet<CategoryPath>, narrow: &BTreeSet<CategoryPath>) -> bool {
    let held = |path: &CategoryPath| wide.iter().any(|wide| path.is_within(wide));
    wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(held))
}

fn unknown_categories<'a>(
    group: &'a StackGroup,
    at: &'a Path,
    known: &'a BTreeSet<CategoryPath>,
) -> impl Iterator<Item = Finding> + 'a {
    let rules = group.rules.all().iter().enumerate();
    rules.flat_map(move |(place, rule)| {
        let unknown = rule
            .selectors
            .categories
            .iter()
            .filter(|category| !known.iter().any(|known| known.is_within(category)));
        let at = at.index(place).field("select").field("categories");
        unknown.map(move |category| Finding {
            at: at.clone(),
            code: "unknown_category",
            detail: format!("no product is in `{category}`"),
            severity: Severity::Warning,
        })
    })
}
