//! What does not add up over months: days, orders that may span them, and the latest of something.

use crate::fact::{Fact, FactKind};
use crate::ids::FactId;
use crate::period::Span;
use crate::scaled::Amount;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// How many things happened on exactly these days, each once, in order.
pub type DaySets = BTreeMap<Vec<NaiveDate>, u64>;

/// The days of one customer's facts, past and future, without what was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// The days with a fact of a kind, each once, in order.
    pub days: BTreeMap<FactKind, Vec<NaiveDate>>,
    /// How many orders have their lines on exactly these days. An order line without document is
    /// an order of its own.
    pub orders: DaySets,
    /// How many products were ordered on exactly these days. Lines without product do not count.
    pub products: DaySets,
    /// How many complaints of a severity there were on a day.
    pub severities: BTreeMap<(NaiveDate, u8), u64>,
    /// Of each author and day the rating recorded under the highest id, by day and id.
    pub ratings: Vec<Rating>,
}

/// What one author thought on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    pub fact: FactId,
    pub on: NaiveDate,
    pub author: Option<String>,
    /// In the rating's own scale.
    pub value: Amount,
}

impl Series {
    /// The order of the facts does not matter.
    pub fn of(facts: &[Fact]) -> Self {
        let standing: Vec<&Fact> = facts.iter().filter(|fact| fact.counts()).collect();
        let mut days: BTreeMap<FactKind, Vec<NaiveDate>> = BTreeMap::new();
        for fact in &standing {
            days.entry(fact.kind).or_default().push(fact.occurred_on);
        }
        days.values_mut().for_each(in_order);
        let lines = || {
            standing
                .iter()
                .filter(|fact| fact.kind == FactKind::OrderLine)
        };
        let product = |line: &&Fact| Some((line.product?, line.occurred_on));
        Self {
            days,
            orders: day_sets(lines().copied().enumerate().map(|(place, line)| {
                // A document, or the line's own place where it has none.
                (document(line).ok_or(place), line.occurred_on)
            })),
            products: day_sets(lines().filter_map(product)),
            severities: severities(&standing),
            ratings: ratings(&standing),
        }
    }

    /// The days with a fact of a kind, in order.
    pub fn days_of(&self, kind: FactKind) -> &[NaiveDate] {
        self.days.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The days in the span with a fact of a kind, in order.
    pub fn days_in(&self, kind: FactKind, span: Span) -> &[NaiveDate] {
        let days = self.days_of(kind);
        let until = days.partition_point(|day| *day <= span.until());
        let days = days.get(..until).unwrap_or_default();
        let before = days.partition_point(|day| !span.contains(*day));
        days.get(before..).unwrap_or_default()
    }

    /// The first day of any fact, past or future.
    pub fn first_day(&self) -> Option<NaiveDate> {
        let firsts = self.days.values().filter_map(|days| days.first());
        firsts.min().copied()
    }

    /// How many orders have a line in the span.
    pub fn orders_in(&self, span: Span) -> u64 {
        meeting(&self.orders, span)
    }

    /// How many products were ordered in the span.
    pub fn products_in(&self, span: Span) -> u64 {
        meeting(&self.products, span)
    }

    /// The severities of the complaints in the span that have one: their sum, and how many.
    pub fn severities_in(&self, span: Span) -> (u64, u64) {
        let given = self
            .severities
            .iter()
            .filter(|((on, _), _)| span.contains(*on));
        given.fold((0, 0), |(sum, count), ((_, severity), times)| {
            let part = times.saturating_mul(u64::from(*severity));
            (sum.saturating_add(part), count.saturating_add(*times))
        })
    }

    /// The latest rating of each author in the span; of several on one day the one recorded under
    /// the highest id.
    pub fn latest_ratings(&self, span: Span) -> impl Iterator<Item = &Rating> {
        let given = self.ratings.iter().filter(|one| span.contains(one.on));
        let latest: BTreeMap<Option<&str>, &Rating> =
            given.map(|one| (one.author.as_deref(), one)).collect();
        latest.into_values()
    }
}

fn in_order(days: &mut Vec<NaiveDate>) {
    days.sort_unstable();
    days.dedup();
}

fn document(line: &Fact) -> Option<(&str, &str, &str)> {
    let document = line.document.as_ref()?;
    Some((&document.system, &document.kind, &document.id))
}

/// How many of the things named have exactly these days.
fn day_sets<K: Ord>(named: impl Iterator<Item = (K, NaiveDate)>) -> DaySets {
    let mut things: BTreeMap<K, Vec<NaiveDate>> = BTreeMap::new();
    for (name, day) in named {
        things.entry(name).or_default().push(day);
    }
    let mut sets = DaySets::new();
    for mut days in things.into_values() {
        in_order(&mut days);
        let count = sets.entry(days).or_default();
        *count = count.saturating_add(1);
    }
    sets
}

/// How many things have a day in the span.
fn meeting(sets: &DaySets, span: Span) -> u64 {
    let meets = |days: &[NaiveDate]| days.iter().any(|day| span.contains(*day));
    let meeting = sets.iter().filter(|(days, _)| meets(days));
    meeting.fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

fn severities(standing: &[&Fact]) -> BTreeMap<(NaiveDate, u8), u64> {
    let mut severities = BTreeMap::new();
    for fact in standing
        .iter()
        .filter(|fact| fact.kind == FactKind::Complaint)
    {
        if let Some(severity) = fact.severity {
            let count: &mut u64 = severities.entry((fact.occurred_on, severity)).or_default();
            *count = count.saturating_add(1);
        }
    }
    severities
}

fn ratings(standing: &[&Fact]) -> Vec<Rating> {
    let mut latest: BTreeMap<(NaiveDate, Option<&str>), Rating> = BTreeMap::new();
    for fact in standing
        .iter()
        .filter(|fact| fact.kind == FactKind::StaffRating)
    {
        let Some(value) = fact.rating else {
            continue;
        };
        let key = (fact.occurred_on, fact.author.as_deref());
        if latest.get(&key).is_none_or(|known| known.fact < fact.id) {
            let rating = Rating {
                fact: fact.id,
                on: fact.occurred_on,
                author: fact.author.clone(),
                value,
            };
            latest.insert(key, rating);
        }
    }
    let mut ratings: Vec<Rating> = latest.into_values().collect();
    ratings.sort_by_key(|one| (one.on, one.fact));
    ratings
}
