//! What paying early takes off a bill, and what paying late adds.

use super::terms::{EarlyPayment, PaymentTerm};
use crate::money::{Rounding, percent_of, round};
use crate::period::days_between;
use crate::scaled::Percent;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A payment and what it settles. `paid + discount` is settled; amounts have the bill's sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    pub paid: Decimal,
    pub discount: Decimal,
    /// What remains of the bill.
    pub left: Decimal,
}

/// Whether a part payment takes its part of the discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartPayments {
    Discounted,
    /// Only a payment of the whole discounted amount takes anything off.
    Full,
}

impl PaymentTerm {
    /// The discount for a payment on a day, none where it comes too late.
    pub fn discount_on(&self, invoiced_on: NaiveDate, paid_on: NaiveDate) -> Option<EarlyPayment> {
        let days = days_between(invoiced_on, paid_on);
        let early = self.early_payment.iter();
        // The shortest comes first and takes off most.
        early.copied().find(|it| days <= i64::from(it.days))
    }
}

/// What must be paid to settle a bill with the discount: half a cent away from zero.
pub fn to_pay(bill: Decimal, percent: Percent, scale: u32) -> Option<Decimal> {
    let discount = round(
        percent_of(bill, percent.decimal())?,
        scale,
        Rounding::HalfUp,
    );
    bill.checked_sub(discount)
}

/// What a payment settles of an open bill under a discount. Of a part payment the discount is in
/// proportion: 49.00 at 2 % settles 50.00.
pub fn settle(
    open: Decimal,
    paid: Decimal,
    percent: Percent,
    parts: PartPayments,
    scale: u32,
) -> Option<Settlement> {
    let due = to_pay(open, percent, scale)?;
    let discount = if paid.abs() >= due.abs() {
        open.checked_sub(due)?
    } else if parts == PartPayments::Discounted {
        let rest = Decimal::ONE_HUNDRED.checked_sub(percent.decimal())?;
        let share = paid.checked_mul(percent.decimal())?.checked_div(rest)?;
        round(share, scale, Rounding::HalfUp)
    } else {
        Decimal::ZERO
    };
    let left = open.checked_sub(paid)?.checked_sub(discount)?;
    Some(Settlement {
        paid,
        discount,
        left,
    })
}

/// Interest on what is overdue: per year of 365 days, half a cent away from zero.
pub fn late_interest(
    overdue: Decimal,
    days: u32,
    per_year: Percent,
    scale: u32,
) -> Option<Decimal> {
    let year = percent_of(overdue, per_year.decimal())?;
    let exact = year
        .checked_mul(days.into())?
        .checked_div(Decimal::from(365))?;
    Some(round(exact, scale, Rounding::HalfUp))
}
