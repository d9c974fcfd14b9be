//! Limits that a formula proposes from tier, score and payment behaviour; people decide.

use crate::money::{Rounding, percent_of, round};
use crate::period::{Window, days_between};
use crate::scaled::{Amount, Percent, Points};
use crate::settlement::SettledInvoice;
use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;

/// Payment behaviour is that of bills due within the year.
const LOOKED_BACK: Window = Window::Months(12);

/// The formula: `tier limit × factor of the score × factor of the payment behaviour`, rounded down
/// and kept within bounds. It is part of the policy, so its version is the policy's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitFormula {
    /// By points, rising; none below the first.
    pub by_score: Vec<Step>,
    /// By mean days late, rising; none below the first.
    pub by_late_days: Vec<Step>,
    /// Of customers without a score, and where no step is reached.
    pub without_score: Percent,
    /// Of customers of whom no bill was due, and where no step is reached.
    pub without_bills: Percent,
    /// Limits are multiples of this; zero = any amount.
    pub round_to: Amount,
    pub least: Amount,
    pub most: Option<Amount>,
    /// A change by less than this part of the old limit is not worth a proposal.
    pub ignored_change: Percent,
    /// How long a limit lives that was proposed; none = until it is changed.
    pub valid_months: Option<u32>,
    /// Whoever made a proposal may not approve it.
    pub two_people: bool,
}

/// From `from` on, `factor` per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub from: Decimal,
    pub factor: Percent,
}

/// How a customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behaviour {
    /// Bills that were due within the year.
    pub bills: u32,
    /// Mean days late, each bill by its amount; what is open counts up to the day. Days early make
    /// nothing good.
    pub late_days: Decimal,
}

/// What a limit is proposed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grounds {
    /// What the customer's tier is granted.
    pub tier_limit: Amount,
    pub score: Option<Points>,
    pub behaviour: Behaviour,
    /// The limit in force, without collateral.
    pub current: Amount,
    pub today: NaiveDate,
}

/// A limit, and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    pub old: Amount,
    pub new: Amount,
    pub score_factor: Percent,
    pub payment_factor: Percent,
    /// The last day, were it to take effect today.
    pub valid_to: Option<NaiveDate>,
}

impl Behaviour {
    /// Of a customer's bills, as of a day.
    pub fn of(bills: &[SettledInvoice], today: NaiveDate) -> Self {
        let due = bills.iter().filter_map(|bill| {
            let due_on = bill
                .due_on
                .filter(|day| LOOKED_BACK.contains(today, *day))?;
            let ended_on = bill.settled_on.unwrap_or(today).min(today);
            let late = days_between(due_on, ended_on).max(0);
            Some((bill.amount.decimal(), Decimal::from(late)))
        });
        let (mut bills, mut weight, mut late) = (0_u32, Decimal::ZERO, Decimal::ZERO);
        for (amount, days) in due {
            bills = bills.saturating_add(1);
            weight = weight.saturating_add(amount);
            late = late.saturating_add(amount.checked_mul(days).unwrap_or(Decimal::MAX));
        }
        let mean = late.checked_div(weight).unwrap_or(Decimal::ZERO);
        Self {
            bills,
            late_days: round(mean, 2, Rounding::HalfUp),
        }
    }
}

impl LimitFormula {
    /// What the formula comes to; none where the limit stays, or would change too little.
    pub fn propose(&self, grounds: &Grounds) -> Option<Proposal> {
        let proposal = self.evaluate(grounds);
        let (old, new) = (proposal.old.decimal(), proposal.new.decimal());
        let change = new.checked_sub(old)?.abs();
        let ignored = percent_of(old, self.ignored_change.decimal())?;
        (change > Decimal::ZERO && change >= ignored).then_some(proposal)
    }

    /// What the formula comes to, changed or not.
    pub fn evaluate(&self, grounds: &Grounds) -> Proposal {
        let score = grounds.score.map(Points::decimal);
        let score_factor = factor(&self.by_score, score).unwrap_or(self.without_score);
        let bills = grounds.behaviour.bills > 0;
        let late = bills.then_some(grounds.behaviour.late_days);
        let payment_factor = factor(&self.by_late_days, late).unwrap_or(self.without_bills);
        let limit = percent_of(grounds.tier_limit.decimal(), score_factor.decimal());
        let limit = limit.and_then(|limit| percent_of(limit, payment_factor.decimal()));
        // What cannot be reckoned is above every bound.
        let limit = limit.map_or(Amount::from_units(i64::MAX), |it| self.rounded(it));
        let most = self.most.unwrap_or(Amount::from_units(i64::MAX));
        Proposal {
            old: grounds.current,
            new: limit.min(most).max(self.least),
            score_factor,
            payment_factor,
            valid_to: self.last_day(grounds.today),
        }
    }

    /// The last day of a limit that takes effect on a day; none = until it is changed.
    pub fn last_day(&self, from: NaiveDate) -> Option<NaiveDate> {
        let ends = from.checked_add_months(Months::new(self.valid_months?))?;
        ends.pred_opt()
    }

    fn rounded(&self, limit: Decimal) -> Amount {
        let steps = limit.checked_div(self.round_to.decimal());
        let whole = steps
            .map(|steps| round(steps, 0, Rounding::Down))
            .and_then(|steps| steps.checked_mul(self.round_to.decimal()));
        let limit = whole.unwrap_or_else(|| round(limit, Amount::SCALE, Rounding::Down));
        Amount::from_decimal(limit).unwrap_or(Amount::from_units(i64::MAX))
    }
}

/// The factor of the last step that is reached.
fn factor(steps: &[Step], value: Option<Decimal>) -> Option<Percent> {
    let value = value?;
    let reached = steps.iter().rev().find(|step| step.from <= value)?;
    Some(reached.factor)
}
