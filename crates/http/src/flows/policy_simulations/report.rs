//! What a simulation of policies counts: who gains, who loses, and sums in units of an amount.

use crate::flows::simulations::report::units;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tiercel_domain::discounts::compare::{Compared, Side};
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::scaled::Amount;

/// Everything counted so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    pub customers: u64,
    pub gain: u64,
    pub lose: u64,
    pub same: u64,
    pub total: Sums,
    /// By tier; empty where the customer has none.
    pub tiers: BTreeMap<String, TierPart>,
    pub credit: CreditSums,
}

/// Customers of one tier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TierPart {
    pub customers: u64,
    pub gain: u64,
    pub lose: u64,
    pub sums: Sums,
}

/// Business decided twice, in base currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    pub documents: u64,
    /// Documents that cannot be compared: nothing of theirs is counted.
    pub skipped: u64,
    pub lines: u64,
    pub unpriced: u64,
    pub without_cost: u64,
    #[serde(with = "units")]
    pub list: i128,
    #[serde(with = "units")]
    pub cost: i128,
    pub before: SideSums,
    pub after: SideSums,
}

/// What one side makes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SideSums {
    #[serde(with = "units")]
    pub net: i128,
    #[serde(with = "units")]
    pub costed: i128,
    pub floors: u64,
    pub approvals: u64,
}

/// Credit of one customer, in units of an amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditDelta {
    pub limit_before: i64,
    pub limit_after: i64,
    /// Bills, and what is committed or reserved.
    pub used: i64,
    pub held_before: bool,
    pub held_after: bool,
}

/// Credit of all whose limits could be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditSums {
    pub customers: u64,
    #[serde(with = "units")]
    pub limit_before: i128,
    #[serde(with = "units")]
    pub limit_after: i128,
    #[serde(with = "units")]
    pub used: i128,
    /// Who uses more than the limit, and by how much together.
    pub over_before: u64,
    pub over_after: u64,
    #[serde(with = "units")]
    pub beyond_before: i128,
    #[serde(with = "units")]
    pub beyond_after: i128,
    pub held_before: u64,
    pub held_after: u64,
}

/// What would change for one customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delta {
    pub tier: Option<String>,
    pub sums: Sums,
    pub credit: Option<CreditDelta>,
}

/// Whether a customer would pay less or more for the same business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Gains,
    Loses,
    Same,
}

impl Outcome {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gains => "gains",
            Self::Loses => "loses",
            Self::Same => "same",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Gains, Self::Loses, Self::Same]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}

impl Delta {
    pub fn outcome(&self) -> Outcome {
        match self.sums.after.net.cmp(&self.sums.before.net) {
            std::cmp::Ordering::Less => Outcome::Gains,
            std::cmp::Ordering::Greater => Outcome::Loses,
            std::cmp::Ordering::Equal => Outcome::Same,
        }
    }

    pub fn limit_moves(&self) -> bool {
        self.credit
            .is_some_and(|it| it.limit_before != it.limit_after || it.held_before != it.held_after)
    }
}

impl Report {
    pub fn add(&mut self, one: &Delta) {
        count(&mut self.customers, 1);
        self.total.merge(&one.sums);
        let tier = one.tier.clone().unwrap_or_default();
        let tier = self.tiers.entry(tier).or_default();
        count(&mut tier.customers, 1);
        tier.sums.merge(&one.sums);
        match one.outcome() {
            Outcome::Gains => {
                count(&mut self.gain, 1);
                count(&mut tier.gain, 1);
            }
            Outcome::Loses => {
                count(&mut self.lose, 1);
                count(&mut tier.lose, 1);
            }
            Outcome::Same => count(&mut self.same, 1),
        }
        if let Some(credit) = &one.credit {
            self.credit.add(credit);
        }
    }
}

impl CreditSums {
    fn add(&mut self, one: &CreditDelta) {
        let beyond = |limit: i64| i128::from(one.used).saturating_sub(limit.into()).max(0);
        let (before, after) = (beyond(one.limit_before), beyond(one.limit_after));
        count(&mut self.customers, 1);
        sum(&mut self.limit_before, one.limit_before.into());
        sum(&mut self.limit_after, one.limit_after.into());
        sum(&mut self.used, one.used.into());
        count(&mut self.over_before, u64::from(before > 0));
        count(&mut self.over_after, u64::from(after > 0));
        sum(&mut self.beyond_before, before);
        sum(&mut self.beyond_after, after);
        count(&mut self.held_before, u64::from(one.held_before));
        count(&mut self.held_after, u64::from(one.held_after));
    }
}

impl Sums {
    /// Adds a document that was decided twice, its amounts times `rate`; none = it could not be.
    pub fn add(&mut self, compared: Option<&Compared>, rate: Decimal) {
        let found = compared.and_then(|it| Self::of(it, rate));
        match found {
            Some(one) => self.merge(&one),
            None => count(&mut self.skipped, 1),
        }
    }

    fn of(it: &Compared, rate: Decimal) -> Option<Self> {
        let amount = |value: Decimal| {
            let value = round(value.checked_mul(rate)?, Amount::SCALE, Rounding::HalfUp);
            Amount::from_decimal(value).ok().map(|it| it.units().into())
        };
        let side = |it: &Side| {
            Some(SideSums {
                net: amount(it.net)?,
                costed: amount(it.costed)?,
                floors: it.floors,
                approvals: it.approvals,
            })
        };
        Some(Self {
            documents: 1,
            skipped: 0,
            lines: it.lines,
            unpriced: it.unpriced,
            without_cost: it.without_cost,
            list: amount(it.list)?,
            cost: amount(it.cost)?,
            before: side(&it.before)?,
            after: side(&it.after)?,
        })
    }

    fn merge(&mut self, other: &Self) {
        count(&mut self.documents, other.documents);
        count(&mut self.skipped, other.skipped);
        count(&mut self.lines, other.lines);
        count(&mut self.unpriced, other.unpriced);
        count(&mut self.without_cost, other.without_cost);
        sum(&mut self.list, other.list);
        sum(&mut self.cost, other.cost);
        self.before.merge(&other.before);
        self.after.merge(&other.after);
    }
}

impl SideSums {
    fn merge(&mut self, other: &Self) {
        sum(&mut self.net, other.net);
        sum(&mut self.costed, other.costed);
        count(&mut self.floors, other.floors);
        count(&mut self.approvals, other.approvals);
    }
}

fn count(to: &mut u64, more: u64) {
    *to = to.saturating_add(more);
}

fn sum(to: &mut i128, more: i128) {
    *to = to.saturating_add(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_pays_less_gains() {
        let delta = |before: i128, after: i128| {
            let mut delta = Delta::default();
            delta.sums.before.net = before;
            delta.sums.after.net = after;
            delta
        };
        let mut report = Report::default();
        for (before, after, expected) in [
            (100, 90, Outcome::Gains),
            (100, 110, Outcome::Loses),
            (0, 0, Outcome::Same),
        ] {
            let one = delta(before, after);
            assert_eq!(one.outcome(), expected);
            report.add(&one);
        }
        assert_eq!((report.gain, report.lose, report.same), (1, 1, 1));
        assert_eq!(report.total.after.net - report.total.before.net, 0);
        assert_eq!(report.tiers[""].customers, 3);
    }

    #[test]
    fn what_is_used_beyond_a_limit_is_told_for_both_policies() {
        let mut sums = CreditSums::default();
        sums.add(&CreditDelta {
            limit_before: 100,
            limit_after: 40,
            used: 60,
            ..CreditDelta::default()
        });
        assert_eq!((sums.over_before, sums.over_after), (0, 1));
        assert_eq!((sums.beyond_before, sums.beyond_after), (0, 20));
    }
}
