//! The computed schedule of a bill: which part is due on which day.

use crate::money::{Rounding, percent_of, round};
use crate::scaled::Percent;
use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;

/// How much of a bill one line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// Of what the lines before left.
    PercentOfRest(Percent),
    /// Of the whole bill.
    PercentOfTotal(Percent),
    /// An amount, with the sign of the bill; never more than is left.
    Fixed(Decimal),
    /// All that is left, odd cents included.
    Remainder,
}

/// When one line is due, counted from the date of the invoice: months, then the day of that month,
/// then days, then the end of the month reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DueRule {
    pub months: u32,
    /// 1 to 31; a month that is shorter has it on its last day.
    pub day_of_month: Option<u32>,
    pub days: u32,
    pub end_of_month: bool,
}

/// One line of a payment term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermLine {
    pub portion: Portion,
    pub due: DueRule,
}

/// One payment to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instalment {
    pub due_on: NaiveDate,
    /// Payable: the decimals of the currency, the sign of the bill.
    pub amount: Decimal,
}

/// Dates or amounts that no calendar or calculation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the schedule is out of range")]
pub struct OutOfCalendar;

impl DueRule {
    /// The day on which a bill of `invoiced_on` is due. A month without the day asked for has it
    /// on its last one, February of leap years included.
    pub fn due_on(&self, invoiced_on: NaiveDate) -> Result<NaiveDate, OutOfCalendar> {
        let months = Months::new(self.months);
        let month = invoiced_on
            .checked_add_months(months)
            .ok_or(OutOfCalendar)?;
        let start = match self.day_of_month {
            Some(wanted) => on_day(month, wanted)?,
            None => month,
        };
        let days = Days::new(u64::from(self.days));
        let reached = start.checked_add_days(days).ok_or(OutOfCalendar)?;
        if self.end_of_month {
            on_day(reached, 31)
        } else {
            Ok(reached)
        }
    }
}

/// That day in the same month, or its last one.
fn on_day(month: NaiveDate, wanted: u32) -> Result<NaiveDate, OutOfCalendar> {
    let first = month.with_day(1).ok_or(OutOfCalendar)?;
    let next = first.checked_add_months(Months::new(1));
    let last = next.and_then(|next| next.pred_opt()).ok_or(OutOfCalendar)?;
    Ok(first.with_day(wanted.clamp(1, last.day())).unwrap_or(last))
}

/// The payments of a bill, in the order of the lines; they sum to its amount exactly.
///
/// Each line is rounded half away from zero to `scale` decimals; the last line takes the rest,
/// whatever it asks for. A bill of zero is one payment of zero on the day of the first line that
/// would take all of it, the date of the invoice.
pub fn schedule(
    lines: &[TermLine],
    amount: Decimal,
    invoiced_on: NaiveDate,
    scale: u32,
) -> Result<Vec<Instalment>, OutOfCalendar> {
    if amount.is_zero() {
        return Ok(vec![Instalment {
            due_on: invoiced_on,
            amount,
        }]);
    }
    let mut left = amount;
    let mut payments = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let last = place.saturating_add(1) == lines.len();
        let part = match line.portion {
            Portion::Remainder => left,
            _ if last => left,
            Portion::PercentOfRest(percent) => share(left, percent, scale)?,
            Portion::PercentOfTotal(percent) => share(amount, percent, scale)?,
            Portion::Fixed(fixed) if amount.is_sign_negative() => {
                let owed = Decimal::ZERO.saturating_sub(fixed.abs());
                round(owed, scale, Rounding::HalfUp)
            }
            Portion::Fixed(fixed) => round(fixed, scale, Rounding::HalfUp),
        };
        let part = clamp(part, left);
        left = left.checked_sub(part).ok_or(OutOfCalendar)?;
        if part.is_zero() {
            continue;
        }
        payments.push(Instalment {
            due_on: line.due.due_on(invoiced_on)?,
            amount: part,
        });
    }
    Ok(payments)
}

fn share(of: Decimal, percent: Percent, scale: u32) -> Result<Decimal, OutOfCalendar> {
    let exact = percent_of(of, percent.decimal()).ok_or(OutOfCalendar)?;
    Ok(round(exact, scale, Rounding::HalfUp))
}

/// No line asks for more than is left.
fn clamp(part: Decimal, left: Decimal) -> Decimal {
    if part.abs() > left.abs() { left } else { part }
}

/// Why lines do not make a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    #[error("the last line, and no other, must take the remainder")]
    RemainderNotLast,
    #[error("a percentage must be above 0 and at most 100")]
    NotAShare,
    #[error("the divisor is not 100 divided by the percentage")]
    WrongDivisor,
    #[error("a fixed amount must be above zero")]
    NotPositive,
    #[error("a day of the month is from 1 to 31")]
    NoSuchDay,
}

/// Checks the lines of a term: exactly the last one takes the remainder.
pub fn check(lines: &[TermLine]) -> Result<(), (usize, LineFault)> {
    for (place, line) in lines.iter().enumerate() {
        let last = place.saturating_add(1) == lines.len();
        let fault = match line.portion {
            Portion::Remainder if last => None,
            Portion::Remainder => Some(LineFault::RemainderNotLast),
            _ if last => Some(LineFault::RemainderNotLast),
            Portion::PercentOfRest(percent) | Portion::PercentOfTotal(percent) => {
                let share = !percent.is_zero()
                    && !percent.is_negative()
                    && percent.decimal() <= Decimal::ONE_HUNDRED;
                (!share).then_some(LineFault::NotAShare)
            }
            Portion::Fixed(amount) => (amount <= Decimal::ZERO).then_some(LineFault::NotPositive),
        };
        let day = line
            .due
            .day_of_month
            .is_none_or(|day| (1..=31).contains(&day));
        let fault = fault.or((!day).then_some(LineFault::NoSuchDay));
        if let Some(fault) = fault {
            return Err((place, fault));
        }
    }
    Ok(())
}

/// A percentage that a source also gives as a divisor must say the same with both: 40 % is 2.5.
pub fn agree(percent: Percent, divisor: Decimal) -> Result<(), LineFault> {
    let whole = percent.decimal().checked_mul(divisor);
    if whole == Some(Decimal::ONE_HUNDRED) {
        Ok(())
    } else {
        Err(LineFault::WrongDivisor)
    }
}
