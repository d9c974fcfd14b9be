//! Who must approve a price that the policy does not give, and what an approval that was given covers.
//!
//! An approval is bound to everything that the price of a line depends on; whether the inputs are
//! still the same is compared by the caller. What was approved holds for equal or better terms.

use super::answer::{ApprovalCode, LineError};
use super::question::Question;
use crate::currency::Currency;
use crate::decision::Reason;
use crate::ids::PriceApprovalId;
use crate::scaled::Percent;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// Who approves what, by how deep the discount is and how much margin it gives up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRule {
    /// Prices asked for need nobody up to this discount from list, if they keep floor and caps.
    pub free: Option<Percent>,
    /// From the lowest to the highest; the last one approves whatever it is.
    pub levels: Vec<ApprovalLevel>,
    /// How many days an approval may hold.
    pub most_days: u32,
}

/// One level of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalLevel {
    pub code: String,
    /// The deepest discount from list that ends the chain here.
    pub most: Option<Percent>,
    /// The most margin given up, for the whole line, that ends the chain here.
    pub most_margin: Option<(Decimal, Option<Currency>)>,
    /// Who may approve at this level; empty = whoever may approve at all.
    pub approvers: Vec<String>,
}

impl Default for ApprovalRule {
    /// What policies mean that say nothing: one level, nothing is free.
    fn default() -> Self {
        Self {
            free: None,
            levels: vec![ApprovalLevel {
                code: "approver".to_owned(),
                most: None,
                most_margin: None,
                approvers: Vec::new(),
            }],
            most_days: 30,
        }
    }
}

impl ApprovalRule {
    /// The levels that must approve, one after the other, up to and with the one named.
    pub fn chain(&self, last: &str) -> &[ApprovalLevel] {
        let place = self.levels.iter().position(|level| level.code == last);
        let levels = place.and_then(|place| self.levels.get(..=place));
        levels.unwrap_or(&self.levels)
    }

    pub fn level(&self, code: &str) -> Option<&ApprovalLevel> {
        self.levels.iter().find(|level| level.code == code)
    }

    /// The first level at which the chain may end.
    pub(super) fn last(&self, depth: Depth, question: &Question) -> Result<String, LineError> {
        for level in &self.levels {
            if level.covers(depth, question)? {
                return Ok(level.code.clone());
            }
        }
        let highest = self.levels.last().map(|level| level.code.clone());
        Ok(highest.unwrap_or_default())
    }
}

impl ApprovalLevel {
    fn covers(&self, depth: Depth, question: &Question) -> Result<bool, LineError> {
        if self
            .most
            .is_some_and(|most| depth.discount > most.decimal())
        {
            return Ok(false);
        }
        let Some((most, currency)) = self.most_margin else {
            return Ok(true);
        };
        Ok(depth.margin <= question.exchanged(most, currency)?)
    }

    /// Whether somebody may approve at this level.
    pub fn admits(&self, principal: &str) -> bool {
        self.approvers.is_empty() || self.approvers.iter().any(|it| it == principal)
    }
}

/// How far a price goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Depth {
    /// From list, in per cent.
    pub discount: Decimal,
    /// What it takes off the margin that the policy's price leaves: no cost is needed to know it.
    pub margin: Decimal,
}

impl Depth {
    pub(super) fn new(list: Decimal, wanted: Decimal, margin: Decimal) -> Option<Self> {
        let discount = match list.is_zero() {
            true => Decimal::ZERO,
            false => list
                .checked_sub(wanted)?
                .checked_mul(Decimal::ONE_HUNDRED)?
                .checked_div(list)?,
        };
        Some(Self { discount, margin })
    }
}

/// What was granted for the inputs of one line, or of the whole document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approved {
    pub id: PriceApprovalId,
    /// The lowest unit price of the line, or net amount of the document.
    pub lowest: Decimal,
}

impl Approved {
    /// Equal or better terms are covered too.
    pub fn covers(self, price: Decimal) -> bool {
        self.lowest <= price
    }
}

/// An approval of a customer, as decisions read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedPrice {
    pub what: Approved,
    /// The inputs that it was granted for, as one hash.
    pub fingerprint: String,
    /// The day on which it was granted.
    pub valid_from: NaiveDate,
    /// The last day.
    pub valid_until: NaiveDate,
}

/// What was granted for these inputs and holds on a day: the one that allows most.
pub fn granted(all: &[GrantedPrice], fingerprint: &str, on: NaiveDate) -> Option<Approved> {
    let holding = all.iter().filter(|one| {
        one.fingerprint == fingerprint && (one.valid_from..=one.valid_until).contains(&on)
    });
    holding
        .map(|one| one.what)
        .min_by_key(|what| (what.lowest, what.id))
}

/// Whether anybody must approve, and who did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Approval {
    /// Why it takes an approval; they stay where it was granted.
    pub reasons: Vec<Reason<ApprovalCode>>,
    /// The approval that covers the price.
    pub granted: Option<PriceApprovalId>,
    /// While it is not granted: the last level that must approve.
    pub level: Option<String>,
    /// While it is not granted: the unit price of the line, or net amount of the document, that
    /// would have to be.
    pub wanted: Option<Decimal>,
}

impl Approval {
    pub const fn is_required(&self) -> bool {
        !self.reasons.is_empty() && self.granted.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(id: u128, lowest: i64, from: &str, until: &str) -> GrantedPrice {
        GrantedPrice {
            what: Approved {
                id: PriceApprovalId::from_bits(id),
                lowest: lowest.into(),
            },
            fingerprint: "f".to_owned(),
            valid_from: from.parse().unwrap(),
            valid_until: until.parse().unwrap(),
        }
    }

    #[test]
    fn of_those_that_hold_the_one_that_allows_most_counts() {
        let all = [
            one(1, 90, "2026-03-01", "2026-03-31"),
            one(2, 80, "2026-03-10", "2026-03-20"),
            one(3, 80, "2026-03-10", "2026-03-20"),
        ];
        let on = |day: &str| granted(&all, "f", day.parse().unwrap()).map(|it| it.id.bits());
        assert_eq!(on("2026-02-28"), None);
        assert_eq!(on("2026-03-01"), Some(1));
        assert_eq!(on("2026-03-20"), Some(2));
        assert_eq!(on("2026-03-31"), Some(1));
        assert_eq!(on("2026-04-01"), None);
        let day = "2026-03-15".parse().unwrap();
        assert_eq!(granted(&all, "other", day), None);
    }

    #[test]
    fn the_chain_ends_at_the_level_named() {
        let level = |code: &str| ApprovalLevel {
            code: code.to_owned(),
            most: None,
            most_margin: None,
            approvers: vec!["cli_1".to_owned()],
        };
        let rule = ApprovalRule {
            levels: vec![level("manager"), level("director")],
            ..ApprovalRule::default()
        };
        assert_eq!(rule.chain("manager").len(), 1);
        assert_eq!(rule.chain("director").len(), 2);
        assert_eq!(rule.chain("gone").len(), 2, "nothing is skipped");
        assert!(rule.levels[0].admits("cli_1") && !rule.levels[0].admits("cli_2"));
        assert!(ApprovalRule::default().levels[0].admits("cli_2"));
    }
}
