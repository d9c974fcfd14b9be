//! The way from list to net, step by step, so that the steps sum exactly.

use super::policy::Basis;
use super::rules::Benefit;
use crate::currency::Currency;
use crate::ids::PriceApprovalId;
use crate::money::{Rounding, round};
use rust_decimal::Decimal;

/// What moved the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdjustmentKind {
    /// A rule of the policy.
    Rule(Benefit),
    /// The contract's price replaced the list price.
    Contract,
    /// A cap gave back what the rules took beyond it.
    Cap,
    /// The unit price was rounded as declared.
    Rounding,
    /// The floor gave back what the rules took beyond it.
    Floor,
    /// The price that was asked for took the place of the policy's.
    Requested,
}

impl AdjustmentKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rule(benefit) => benefit.word(),
            Self::Contract => "contract",
            Self::Cap => "cap",
            Self::Rounding => "rounding",
            Self::Floor => "floor",
            Self::Requested => "requested",
        }
    }
}

/// What made an adjustment, before its amount is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    pub kind: AdjustmentKind,
    /// The rule and its version; none for contract, caps, rounding and floor.
    pub rule: Option<String>,
    pub rule_version: Option<u32>,
    /// The stack group of the rule, or of the cap.
    pub group: Option<String>,
    /// The number written in the policy: the rule's, the cap's or the floor's.
    pub value: Option<Decimal>,
    /// Of a value that is money in another currency than the quote's.
    pub currency: Option<Currency>,
    pub basis: Option<Basis>,
    /// The approval that allowed a price that was asked for.
    pub approval: Option<PriceApprovalId>,
}

impl Cause {
    pub(super) const fn bound(kind: AdjustmentKind, value: Option<Decimal>) -> Self {
        Self {
            kind,
            rule: None,
            rule_version: None,
            group: None,
            value,
            currency: None,
            basis: None,
            approval: None,
        }
    }

    /// A price that was asked for: nothing in the policy says it.
    pub(super) fn requested(approval: Option<PriceApprovalId>) -> Self {
        Self {
            approval,
            ..Self::bound(AdjustmentKind::Requested, None)
        }
    }
}

/// One step of the price of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Counted from 1.
    pub seq: u32,
    pub cause: Cause,
    /// Negative where the price fell. All amounts of a line sum to net − list.
    pub amount: Decimal,
    pub unit_after: Decimal,
}

/// A unit price on its way down from list.
#[derive(Debug)]
pub(super) struct Waterfall {
    pub list: Decimal,
    /// Where the rules begin: the list price, or that of the contract.
    pub start: Decimal,
    pub unit: Decimal,
    /// What surcharges have put on.
    surcharge: Decimal,
    pub adjustments: Vec<Adjustment>,
}

impl Waterfall {
    pub(super) const fn from_list(list: Decimal) -> Self {
        Self {
            list,
            start: list,
            unit: list,
            surcharge: Decimal::ZERO,
            adjustments: Vec::new(),
        }
    }

    /// Moves the unit price to `unit`, because of `cause`.
    pub(super) fn move_to(&mut self, unit: Decimal, cause: Cause) -> Option<()> {
        let amount = unit.checked_sub(self.unit)?;
        let seq = u32::try_from(self.adjustments.len()).ok()?.checked_add(1)?;
        if matches!(cause.kind, AdjustmentKind::Rule(_)) {
            let more = amount.max(Decimal::ZERO);
            self.surcharge = self.surcharge.checked_add(more)?;
        }
        self.unit = unit;
        self.adjustments.push(Adjustment {
            seq,
            cause,
            amount,
            unit_after: unit,
        });
        Some(())
    }

    /// Moves to the contract's price, where the rules then begin.
    pub(super) fn start_at(&mut self, contract: Decimal) -> Option<()> {
        self.move_to(contract, Cause::bound(AdjustmentKind::Contract, None))?;
        self.start = contract;
        Some(())
    }

    /// What no rounding and no floor goes beyond: the price at the start and what was put on it,
    /// rounded up to `scale` where something was.
    pub(super) fn ceiling(&self, scale: u32) -> Option<Decimal> {
        if self.surcharge.is_zero() {
            return Some(self.start);
        }
        let exact = self.start.checked_add(self.surcharge)?;
        Some(round(exact, scale, Rounding::Up))
    }
}
