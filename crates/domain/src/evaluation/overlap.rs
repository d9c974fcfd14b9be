//! Whether two conditions can hold of one customer, and of which.

use super::condition::{Condition, Range};
use crate::profile::CustomerKind;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Conditions with more alternatives than this are not compared.
const MOST_ALTERNATIVES: usize = 4_096;

/// The group above each group, by codes; groups at the top have none.
pub type GroupTree = BTreeMap<String, Option<String>>;

/// What a comparison of two conditions finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlap {
    /// No customer is held by both.
    None,
    /// Both hold of a customer like this: attributes, `kind` and `group` by name.
    Witness(BTreeMap<String, String>),
    /// They have too many alternatives to be compared.
    Unknown,
}

/// A condition that is no combination, or its contrary.
#[derive(Clone, Copy)]
struct Literal<'a> {
    atom: &'a Condition,
    holds: bool,
}

/// Whether one customer can be held by both.
pub fn overlap(one: &Condition, other: &Condition, groups: &GroupTree) -> Overlap {
    let (Some(ones), Some(others)) = (alternatives(one, true), alternatives(other, true)) else {
        return Overlap::Unknown;
    };
    if ones.len().saturating_mul(others.len()) > MOST_ALTERNATIVES {
        return Overlap::Unknown;
    }
    let pairs = joined(&ones, &others).into_iter();
    let mut witnesses = pairs.filter_map(|literals| witness(&literals, groups));
    witnesses.next().map_or(Overlap::None, Overlap::Witness)
}

/// Every one of the alternatives together with every one of the others.
fn joined<'a>(ones: &[Vec<Literal<'a>>], others: &[Vec<Literal<'a>>]) -> Vec<Vec<Literal<'a>>> {
    let mut joined = Vec::new();
    for one in ones {
        for other in others {
            joined.push([one.as_slice(), other.as_slice()].concat());
        }
    }
    joined
}

/// The condition as alternatives of literals that hold together; none where there are too many.
fn alternatives(condition: &Condition, holds: bool) -> Option<Vec<Vec<Literal<'_>>>> {
    match (condition, holds) {
        (Condition::Not(part), _) => alternatives(part, !holds),
        (Condition::All(parts), true) | (Condition::Any(parts), false) => {
            let mut all = vec![Vec::new()];
            for part in parts {
                let part = alternatives(part, holds)?;
                if all.len().saturating_mul(part.len()) > MOST_ALTERNATIVES {
                    return None;
                }
                all = joined(&all, &part);
            }
            Some(all)
        }
        (Condition::All(parts) | Condition::Any(parts), _) => {
            let mut any = Vec::new();
            for part in parts {
                any.extend(alternatives(part, holds)?);
                if any.len() > MOST_ALTERNATIVES {
                    return None;
                }
            }
            Some(any)
        }
        (atom, holds) => Some(vec![vec![Literal { atom, holds }]]),
    }
}

/// A customer of whom all literals hold.
fn witness(literals: &[Literal<'_>], groups: &GroupTree) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if let Some(kind) = kind(literals)? {
        found.insert("kind".to_owned(), kind.word().to_owned());
    }
    if let Some(group) = group(literals, groups)? {
        found.insert("group".to_owned(), group);
    }
    let attributes: BTreeSet<&str> = literals.iter().filter_map(attribute).collect();
    for code in attributes {
        let own = literals.iter().filter(|it| attribute(it) == Some(code));
        if let Some(value) = value(own.copied())? {
            found.insert(code.to_owned(), value);
        }
    }
    let measured = literals
        .iter()
        .any(|it| matches!(it.atom, Condition::Measured { .. }));
    (!measured).then_some(found)
}

const fn attribute<'a>(literal: &Literal<'a>) -> Option<&'a str> {
    match literal.atom {
        Condition::Is { attribute, .. } | Condition::Between { attribute, .. } => {
            Some(attribute.as_str())
        }
        _ => None,
    }
}

/// The outer none: contradictory; the inner one: any kind does.
#[allow(clippy::option_option, reason = "contradictory, free, or bound")]
fn kind(literals: &[Literal<'_>]) -> Option<Option<CustomerKind>> {
    let asked = literals.iter().filter_map(|literal| match literal.atom {
        Condition::Kind(kind) => Some((*kind, literal.holds)),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    if asked.is_empty() {
        return Some(None);
    }
    let kinds = [CustomerKind::Organisation, CustomerKind::Person];
    let fits = |kind: &CustomerKind| asked.iter().all(|(one, holds)| (one == kind) == *holds);
    kinds.into_iter().find(fits).map(Some)
}

/// The outer none: contradictory; the inner one: no group does.
#[allow(clippy::option_option, reason = "contradictory, free, or bound")]
fn group(literals: &[Literal<'_>], tree: &GroupTree) -> Option<Option<String>> {
    let named = |wanted: bool| {
        literals
            .iter()
            .filter_map(move |literal| match literal.atom {
                Condition::InGroup(code) if literal.holds == wanted => Some(code.as_str()),
                _ => None,
            })
    };
    // The deepest of the groups must lie within all others.
    let within = |code: &str, above: &str| chain(code, tree).any(|one| one == above);
    let deepest = |code: &&str| named(true).all(|above| within(code, above));
    let Some(first) = named(true).next() else {
        return Some(None);
    };
    let code = named(true).find(deepest).filter(|_| !first.is_empty())?;
    let excluded = named(false).any(|out| within(code, out));
    (!excluded).then(|| Some(code.to_owned()))
}

/// A group and those above it; a tree that turns in a circle ends after so many steps.
fn chain<'a>(code: &'a str, tree: &'a GroupTree) -> impl Iterator<Item = &'a str> {
    let above = |code: &&'a str| tree.get(*code)?.as_deref();
    std::iter::successors(Some(code), above).take(64)
}

/// The outer none: contradictory; the inner one: the attribute may be unknown.
#[allow(clippy::option_option, reason = "contradictory, free, or bound")]
fn value<'a>(literals: impl Iterator<Item = Literal<'a>>) -> Option<Option<String>> {
    let (mut texts, mut not_texts) = (Vec::new(), BTreeSet::new());
    let (mut ranges, mut not_ranges) = (Vec::new(), Vec::new());
    for literal in literals {
        match (literal.atom, literal.holds) {
            (Condition::Is { values, .. }, true) => texts.push(values),
            (Condition::Is { values, .. }, false) => not_texts.extend(values),
            (Condition::Between { range, .. }, true) => ranges.push(*range),
            (Condition::Between { range, .. }, false) => not_ranges.push(*range),
            _ => {}
        }
    }
    match (texts.first(), ranges.is_empty()) {
        (None, true) => Some(None),
        // A text is no number.
        (Some(_), false) => None,
        (Some(first), true) => {
            let fits = |text: &&String| {
                texts.iter().all(|values| values.contains(*text)) && !not_texts.contains(text)
            };
            first.iter().find(fits).map(|text| Some(text.clone()))
        }
        (None, false) => number(&ranges, &not_ranges).map(|it| Some(it.normalize().to_string())),
    }
}

/// A number in all of `ranges` and in none of the others. If there is one, then also one at a
/// lower bound of the former, at an upper bound of the latter, or just below everything.
fn number(ranges: &[Range], not_ranges: &[Range]) -> Option<Decimal> {
    let starts = ranges.iter().filter_map(|range| range.from);
    let ends = not_ranges.iter().filter_map(|range| range.to);
    let bounds = ranges.iter().chain(not_ranges);
    let bounds = bounds.flat_map(|range| [range.from, range.to]).flatten();
    let below = bounds
        .min()
        .and_then(|least| least.checked_sub(Decimal::ONE));
    let fits = |number: &Decimal| {
        ranges.iter().all(|range| range.holds(*number))
            && !not_ranges.iter().any(|range| range.holds(*number))
    };
    let unbound = Some(Decimal::ZERO);
    starts.chain(ends).chain(below).chain(unbound).find(fits)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod tests {
    use super::*;
    use crate::profile::{AttributeValue, Profile};
    use proptest::prelude::*;

    fn tree() -> GroupTree {
        let pairs = [("a", None), ("b", Some("a")), ("c", Some("a")), ("d", None)];
        let pairs = pairs.into_iter();
        pairs
            .map(|(code, above)| (code.to_owned(), above.map(str::to_owned)))
            .collect()
    }

    fn any_atom() -> impl Strategy<Value = Condition> {
        let texts = prop::collection::btree_set("[xyz]", 1..3);
        let codes = prop::sample::select(vec!["t", "u"]);
        let range = (prop::option::of(0_i64..6), prop::option::of(0_i64..6));
        prop_oneof![
            any::<bool>().prop_map(|person| Condition::Kind(if person {
                CustomerKind::Person
            } else {
                CustomerKind::Organisation
            })),
            prop::sample::select(vec!["a", "b", "c", "d"])
                .prop_map(|code| Condition::InGroup(code.to_owned())),
            (codes, texts).prop_map(|(code, values)| Condition::Is {
                attribute: code.to_owned(),
                values,
            }),
            range.prop_map(|(from, to)| Condition::Between {
                attribute: "n".to_owned(),
                range: Range {
                    from: from.map(Decimal::from),
                    to: to.map(Decimal::from),
                },
            }),
        ]
    }

    fn any_condition() -> impl Strategy<Value = Condition> {
        any_atom().prop_recursive(3, 12, 3, |inner| {
            let list = prop::collection::vec(inner.clone(), 1..3);
            prop_oneof![
                list.clone().prop_map(Condition::All),
                list.prop_map(Condition::Any),
                inner.prop_map(|part| Condition::Not(Box::new(part))),
            ]
        })
    }

    /// Every customer that these conditions can tell apart.
    fn everyone() -> Vec<Profile> {
        let mut everyone = Vec::new();
        let groups: [&[&str]; 5] = [&[], &["a"], &["b", "a"], &["c", "a"], &["d"]];
        let texts = [None, Some("x"), Some("y"), Some("z"), Some("w")];
        for kind in [CustomerKind::Organisation, CustomerKind::Person] {
            for group in groups {
                for (t, u) in texts.iter().flat_map(|t| texts.iter().map(move |u| (t, u))) {
                    for number in (-1_i64..7).map(Some).chain([None]) {
                        let text = |text: &&str| AttributeValue::Text((*text).to_owned());
                        let held = [
                            ("t", t.as_ref().map(text)),
                            ("u", u.as_ref().map(text)),
                            ("n", number.map(|it| AttributeValue::Number(it.into()))),
                        ];
                        let held = held.into_iter();
                        everyone.push(Profile {
                            kind,
                            since: None,
                            attributes: held
                                .filter_map(|(code, value)| Some((code.to_owned(), value?)))
                                .collect(),
                            groups: group.iter().map(|code| (*code).to_owned()).collect(),
                        });
                    }
                }
            }
        }
        everyone
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn two_conditions_overlap_where_somebody_is_held_by_both(
            one in any_condition(), other in any_condition()
        ) {
            let held = everyone().into_iter().find(|who| one.fits(who) && other.fits(who));
            match overlap(&one, &other, &tree()) {
                Overlap::None => prop_assert_eq!(held, None),
                Overlap::Witness(_) => prop_assert!(held.is_some()),
                Overlap::Unknown => {}
            }
        }
    }
}
