//! What one customer brings in a period: profit contribution, less the capital its bills tie up.

use crate::fact::{Fact, FactKind};
use crate::money::{Rounding, round};
use crate::period::days_between;
use crate::receivables::{Allocation, AllocationError, allocate};
use crate::scaled::{Amount, Percent};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// First and last day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// In units of an amount, base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Brought {
    /// Order lines − their cost − returns (net of what came back) − expenses, at the prices that
    /// were paid: discounts are taken off already. None where a cost is not known.
    pub profit: Option<i128>,
    /// What the capital in unpaid bills costs over the period.
    pub capital: i128,
}

impl Period {
    pub fn contains(self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// Days of the period from a day on.
    fn days_from(self, day: NaiveDate) -> i64 {
        let days = days_between(day.max(self.from), self.to);
        days.saturating_add(1).max(0)
    }
}

/// What the facts of one customer bring; money costs `rate` per year of 365 days.
pub fn brought(facts: &[Fact], period: Period, rate: Percent) -> Result<Brought, AllocationError> {
    let ledger = allocate(facts, period.to)?;
    Ok(Brought {
        profit: profit(facts, period),
        capital: capital(&ledger, period, rate).ok_or(AllocationError::Overflow)?,
    })
}

fn profit(facts: &[Fact], period: Period) -> Option<i128> {
    let counted = facts.iter();
    let counted = counted.filter(|fact| fact.counts() && period.contains(fact.occurred_on));
    let mut profit = 0_i128;
    for fact in counted {
        let amount = fact.base_amount().map_or(0, |it| i128::from(it.units()));
        let cost = fact.cost.amount().map(|it| i128::from(it.units()));
        let part = match fact.kind {
            FactKind::OrderLine => amount.saturating_sub(cost?),
            FactKind::Return => cost.unwrap_or(0).saturating_sub(amount),
            FactKind::Expense => amount.saturating_neg(),
            _ => 0,
        };
        profit = profit.saturating_add(part);
    }
    Some(profit)
}

/// A bill ties up its amount from its day on; what settles it sets that free from its own.
fn capital(ledger: &Allocation, period: Period, rate: Percent) -> Option<i128> {
    let mut tied = 0_i128;
    for invoice in &ledger.invoices {
        let days = i128::from(period.days_from(invoice.invoiced_on));
        tied = tied.checked_add(i128::from(invoice.amount.units()).checked_mul(days)?)?;
    }
    for part in &ledger.allocations {
        let days = i128::from(period.days_from(part.on));
        tied = tied.checked_sub(i128::from(part.amount.units()).checked_mul(days)?)?;
    }
    let days = Decimal::try_from_i128_with_scale(tied, Amount::SCALE).ok()?;
    let years = days.checked_div(Decimal::from(365))?;
    let cost = crate::money::percent_of(years, rate.decimal())?;
    let cost = round(cost, Amount::SCALE, Rounding::HalfUp);
    Some(Amount::from_decimal(cost).ok()?.units().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Cost;
    use crate::test_facts::{document, fact};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn profit_is_of_the_period_and_capital_of_its_days() {
        let period = Period {
            from: day("2026-01-01"),
            to: day("2026-12-31"),
        };
        let costing = |id, kind, value: &str, cost: &str, on: &str| Fact {
            cost: Cost::Given(amount(cost)),
            ..fact(id, kind, amount(value), day(on))
        };
        let bill = document("R-1");
        let facts = [
            costing(1, FactKind::OrderLine, "100", "60", "2026-03-01"),
            costing(2, FactKind::OrderLine, "900", "1", "2025-12-31"),
            costing(3, FactKind::Return, "10", "4", "2026-04-01"),
            fact(4, FactKind::Expense, amount("7"), day("2026-05-01")),
            Fact {
                document: Some(bill.clone()),
                ..fact(5, FactKind::Invoice, amount("3650"), day("2025-11-01"))
            },
            Fact {
                follows: Some(bill),
                ..fact(6, FactKind::Payment, amount("3650"), day("2026-01-11"))
            },
        ];
        let found = brought(&facts, period, "10".parse().unwrap()).unwrap();
        assert_eq!(found.profit, Some(270_000));
        // 3,650 for the ten days to 10 January, at 10 %: a unit of currency a day.
        assert_eq!(found.capital, 100_000);
        let mut unknown = facts.to_vec();
        unknown[0].cost = Cost::Missing;
        let found = brought(&unknown, period, "10".parse().unwrap()).unwrap();
        assert_eq!(found.profit, None);
    }
}
