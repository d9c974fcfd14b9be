//! The way from list to net, step by step, so that the steps sum exactly.

use super::policy::Basis;
use rust_decimal::Decimal;

/// What moved the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdjustmentKind {
    /// A rule of the policy took a share off.
    Percent,
    /// The cap gave back what the rules took beyond it.
    Cap,
    /// The unit price was rounded as declared.
    Rounding,
    /// The floor gave back what the rules took beyond it.
    Floor,
}

impl AdjustmentKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Cap => "cap",
            Self::Rounding => "rounding",
            Self::Floor => "floor",
        }
    }
}

/// What made an adjustment, before its amount is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    pub kind: AdjustmentKind,
    /// The rule and its stack group; none for cap, rounding and floor.
    pub rule: Option<String>,
    pub group: Option<String>,
    /// The number written in the policy: the rule's, the cap's or the floor's.
    pub value: Option<Decimal>,
    pub basis: Option<Basis>,
}

impl Cause {
    pub(super) const fn bound(kind: AdjustmentKind, value: Option<Decimal>) -> Self {
        Self {
            kind,
            rule: None,
            group: None,
            value,
            basis: None,
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
    pub unit: Decimal,
    pub adjustments: Vec<Adjustment>,
}

impl Waterfall {
    pub(super) const fn from_list(list: Decimal) -> Self {
        Self {
            list,
            unit: list,
            adjustments: Vec::new(),
        }
    }

    /// Moves the unit price to `unit`, because of `cause`.
    pub(super) fn move_to(&mut self, unit: Decimal, cause: Cause) -> Option<()> {
        let amount = unit.checked_sub(self.unit)?;
        let seq = u32::try_from(self.adjustments.len()).ok()?.checked_add(1)?;
        self.unit = unit;
        self.adjustments.push(Adjustment {
            seq,
            cause,
            amount,
            unit_after: unit,
        });
        Some(())
    }
}
