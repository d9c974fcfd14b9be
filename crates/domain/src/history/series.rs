//! What does not add up over months: days, orders that may span them, and the latest of something.

use crate::fact::{DocumentRef, Fact, FactKind};
use crate::ids::FactId;
use crate::period::Span;
use crate::scaled::Amount;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// The days of one customer's facts, past and future, without what was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// The days with a fact of a kind, each once, in order.
    pub days: BTreeMap<FactKind, Vec<NaiveDate>>,
    /// How many orders have their lines on exactly these days (each once, in order). An order line
    /// without document is an order of its own.
    pub orders: BTreeMap<Vec<NaiveDate>, u64>,
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
        Self {
            days,
            orders: orders(&standing),
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
        let meets = |days: &[NaiveDate]| days.iter().any(|day| span.contains(*day));
        let orders = self.orders.iter().filter(|(days, _)| meets(days));
        orders.fold(0, |sum, (_, count)| sum.saturating_add(*count))
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

fn orders(standing: &[&Fact]) -> BTreeMap<Vec<NaiveDate>, u64> {
    let mut named: BTreeMap<(&str, &str, &str), Vec<NaiveDate>> = BTreeMap::new();
    let mut orders: BTreeMap<Vec<NaiveDate>, u64> = BTreeMap::new();
    let mut count = |days: Vec<NaiveDate>| {
        let count = orders.entry(days).or_default();
        *count = count.saturating_add(1);
    };
    for line in standing
        .iter()
        .filter(|fact| fact.kind == FactKind::OrderLine)
    {
        match &line.document {
            Some(DocumentRef {
                system, kind, id, ..
            }) => {
                let days = named.entry((system, kind, id)).or_default();
                days.push(line.occurred_on);
            }
            None => count(vec![line.occurred_on]),
        }
    }
    for mut days in named.into_values() {
        in_order(&mut days);
        count(days);
    }
    orders
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
