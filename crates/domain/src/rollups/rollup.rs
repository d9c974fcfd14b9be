//! What one fact adds to the sums of its customer, month and category.

use crate::category::CategoryPath;
use crate::fact::{Fact, FactKind};
use crate::ids::CustomerId;
use crate::period::month_of;
use crate::scaled::Amount;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// What a rollup is kept for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    pub customer: CustomerId,
    /// The first day of the month.
    pub month: NaiveDate,
    /// The category of the facts; none where they have none.
    pub category: Option<CategoryPath>,
}

/// Sums that are too large to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RollupError {
    #[error("a sum of facts is too large to keep")]
    Overflow,
}

/// Additive measures of facts that count commercially; amounts in base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rollup {
    /// Net value of order lines.
    pub revenue: Amount,
    /// Cost of the order lines whose cost is known.
    pub cost: Amount,
    /// Net value of the order lines whose cost is missing: no profit is known of them.
    pub revenue_without_cost: Amount,
    pub lines: i64,
    pub lines_without_cost: i64,
    /// Value returned.
    pub returned: Amount,
    /// Value of what came back into stock.
    pub returned_cost: Amount,
    pub returns: i64,
    pub expenses: Amount,
    pub complaints: i64,
    pub contacts: i64,
    /// Minutes of staff time in contacts.
    pub minutes: i64,
    pub invoiced: Amount,
    pub paid: Amount,
    pub credited: Amount,
}

/// How many measures a rollup has.
pub const MEASURES: usize = 15;

impl Rollup {
    /// The measures as the database keeps them, in the order of the fields; amounts in units.
    pub const fn units(&self) -> [i64; MEASURES] {
        [
            self.revenue.units(),
            self.cost.units(),
            self.revenue_without_cost.units(),
            self.lines,
            self.lines_without_cost,
            self.returned.units(),
            self.returned_cost.units(),
            self.returns,
            self.expenses.units(),
            self.complaints,
            self.contacts,
            self.minutes,
            self.invoiced.units(),
            self.paid.units(),
            self.credited.units(),
        ]
    }

    /// The rollup with these [`units`](Self::units).
    pub const fn from_units(units: [i64; MEASURES]) -> Self {
        let [
            revenue,
            cost,
            revenue_without_cost,
            lines,
            lines_without_cost,
            returned,
            returned_cost,
            returns,
            expenses,
            complaints,
            contacts,
            minutes,
            invoiced,
            paid,
            credited,
        ] = units;
        Self {
            revenue: Amount::from_units(revenue),
            cost: Amount::from_units(cost),
            revenue_without_cost: Amount::from_units(revenue_without_cost),
            lines,
            lines_without_cost,
            returned: Amount::from_units(returned),
            returned_cost: Amount::from_units(returned_cost),
            returns,
            expenses: Amount::from_units(expenses),
            complaints,
            contacts,
            minutes,
            invoiced: Amount::from_units(invoiced),
            paid: Amount::from_units(paid),
            credited: Amount::from_units(credited),
        }
    }

    /// What one fact adds; nothing where it was cancelled.
    pub fn of(fact: &Fact) -> Self {
        if !fact.counts() {
            return Self::default();
        }
        let amount = fact.base_amount().unwrap_or_default();
        let cost = fact.cost.amount();
        let nothing = Self::default();
        match fact.kind {
            FactKind::OrderLine => Self {
                revenue: amount,
                cost: cost.unwrap_or_default(),
                revenue_without_cost: if cost.is_none() { amount } else { Amount::ZERO },
                lines: 1,
                lines_without_cost: i64::from(cost.is_none()),
                ..nothing
            },
            FactKind::Return => Self {
                returned: amount,
                returned_cost: cost.unwrap_or_default(),
                returns: 1,
                ..nothing
            },
            FactKind::Expense => Self {
                expenses: amount,
                ..nothing
            },
            FactKind::Complaint => Self {
                complaints: 1,
                ..nothing
            },
            FactKind::Contact => Self {
                contacts: 1,
                minutes: fact.minutes.unwrap_or(0).into(),
                ..nothing
            },
            FactKind::Invoice => Self {
                invoiced: amount,
                ..nothing
            },
            FactKind::Payment => Self {
                paid: amount,
                ..nothing
            },
            FactKind::CreditNote => Self {
                credited: amount,
                ..nothing
            },
            FactKind::Delivery | FactKind::StaffRating => nothing,
        }
    }
}

/// The sums of facts. Keys to which nothing was added do not appear.
pub fn rollup(facts: &[Fact]) -> Result<BTreeMap<RollupKey, Rollup>, RollupError> {
    let mut sums: BTreeMap<RollupKey, Sum> = BTreeMap::new();
    for fact in facts {
        let part = Rollup::of(fact);
        if part == Rollup::default() {
            continue;
        }
        let key = RollupKey {
            customer: fact.customer,
            month: month_of(fact.occurred_on),
            category: fact.category.clone(),
        };
        sums.entry(key).or_default().add(&part);
    }
    sums.into_iter()
        .map(|(key, sum)| Ok((key, sum.rollup()?)))
        .collect()
}

/// The sums of facts by month, whatever their category.
pub fn by_month(facts: &[Fact]) -> Result<BTreeMap<NaiveDate, Rollup>, RollupError> {
    let mut sums: BTreeMap<NaiveDate, Sum> = BTreeMap::new();
    for fact in facts {
        let part = Rollup::of(fact);
        if part != Rollup::default() {
            let month = month_of(fact.occurred_on);
            sums.entry(month).or_default().add(&part);
        }
    }
    sums.into_iter()
        .map(|(month, sum)| Ok((month, sum.rollup()?)))
        .collect()
}

/// A sum under way. `i128` holds any sum of `i64`, so its saturating arithmetic is exact and the
/// order of adding does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum([i128; MEASURES]);

impl Sum {
    pub(super) fn add(&mut self, part: &Rollup) {
        for (sum, units) in self.0.iter_mut().zip(part.units()) {
            *sum = sum.saturating_add(units.into());
        }
    }

    pub(super) fn rollup(self) -> Result<Rollup, RollupError> {
        let mut units = [0_i64; MEASURES];
        for (kept, sum) in units.iter_mut().zip(self.0) {
            *kept = i64::try_from(sum).map_err(|_| RollupError::Overflow)?;
        }
        Ok(Rollup::from_units(units))
    }
}
