//! The customer on a day to come, had it made some moves until then.

use super::moves::Moves;
use crate::currency::Currency;
use crate::evaluation::{self, Evaluation, EvaluationError, Model, Subject};
use crate::fact::{Cost, DocumentStatus, Fact, FactKind, RecordedAmount};
use crate::history::{History, Series, Sums};
use crate::ids::{CustomerId, FactId};
use crate::period::{days_between, month_of};
use crate::profile::Profile;
use crate::rollups::Rollup;
use crate::scaled::Amount;
use crate::settlement::SettledInvoice;
use chrono::{Days, NaiveDate};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is known of a customer, and the day it will be evaluated on.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub model: &'a Model,
    pub profile: &'a Profile,
    pub history: &'a History,
    /// At least the facts at the [edges](evaluation::edges) of the model's windows that end on `by`.
    pub edges: &'a [Fact],
    /// Settled as of `by`, so far as that is known.
    pub invoices: &'a [SettledInvoice],
    /// The day that the customer is looked at.
    pub today: NaiveDate,
    /// The day of evaluation, after `today`.
    pub by: NaiveDate,
}

/// The customer on the day of evaluation.
#[derive(Debug, Clone)]
pub struct Ahead<'a> {
    standing: Standing<'a>,
    series: Cow<'a, Series>,
    months: Cow<'a, BTreeMap<NaiveDate, Rollup>>,
    edges: Cow<'a, [Fact]>,
    invoices: Cow<'a, [SettledInvoice]>,
}

impl<'a> Ahead<'a> {
    /// Nothing happens until then.
    pub fn idle(standing: Standing<'a>) -> Self {
        Self {
            series: Cow::Borrowed(&standing.history.series),
            months: Cow::Borrowed(&standing.history.months),
            edges: Cow::Borrowed(standing.edges),
            invoices: Cow::Borrowed(standing.invoices),
            standing,
        }
    }

    /// The moves are made; none where their amounts are too large to add up.
    pub fn after(standing: Standing<'a>, moves: &Moves) -> Option<Self> {
        let ordered = Self::idle(standing).ordering(moves.orders, moves.products);
        ordered
            .paying(moves.invoices, moves.settled)
            .worth(moves.amount)
    }

    /// The same, to be changed without copying what stays.
    pub(super) fn lent(&self) -> Ahead<'_> {
        Ahead {
            standing: self.standing,
            series: Cow::Borrowed(&self.series),
            months: Cow::Borrowed(&self.months),
            edges: Cow::Borrowed(&self.edges),
            invoices: Cow::Borrowed(&self.invoices),
        }
    }

    /// What the model says then.
    pub fn evaluate(&self) -> Result<Evaluation, EvaluationError> {
        let subject = Subject {
            profile: self.standing.profile,
            sums: Sums::Months {
                months: &self.months,
                edges: &self.edges,
            },
            series: &self.series,
            invoices: &self.invoices,
        };
        evaluation::evaluate(self.standing.model, &subject, self.standing.by)
    }

    /// Orders on the last days, with products new to the customer.
    pub(super) fn ordering(mut self, orders: u32, products: u32) -> Self {
        if orders == 0 {
            return self;
        }
        let series = self.series.to_mut();
        let by = self.standing.by;
        let spare = days_between(self.standing.today, by).saturating_sub(1);
        for number in 0..orders {
            let back = u64::try_from(i64::from(number).min(spare)).unwrap_or(0);
            let day = by.checked_sub_days(Days::new(back)).unwrap_or(by);
            let count = series.orders.entry(vec![day]).or_default();
            *count = count.saturating_add(1);
            let days = series.days.entry(FactKind::OrderLine).or_default();
            if let Err(place) = days.binary_search(&day) {
                days.insert(place, day);
            }
        }
        if products > 0 {
            let count = series.products.entry(vec![by]).or_default();
            *count = count.saturating_add(products.into());
        }
        self
    }

    /// What the orders are worth together, at the customer's usual margin; without any, at none.
    pub(super) fn worth(mut self, amount: Amount) -> Option<Self> {
        if amount.is_zero() {
            return Some(self);
        }
        let line = order_line(self.standing.by, amount, self.cost_of(amount));
        let month = self.months.to_mut().entry(month_of(line.occurred_on));
        let month = month.or_default();
        month.revenue = month.revenue.checked_add(amount)?;
        month.cost = month.cost.checked_add(line.cost.amount()?)?;
        self.edges.to_mut().push(line);
        Some(self)
    }

    pub(super) fn cost_of(&self, amount: Amount) -> Amount {
        let months = self.standing.history.months.values();
        let (revenue, cost) = months.fold((0_i128, 0_i128), |(revenue, cost), month| {
            let known = i128::from(month.revenue.units())
                .saturating_sub(month.revenue_without_cost.units().into());
            (
                revenue.saturating_add(known),
                cost.saturating_add(month.cost.units().into()),
            )
        });
        let units = i128::from(amount.units()).saturating_mul(cost);
        let share = units
            .checked_div(revenue.max(0))
            .unwrap_or(amount.units().into());
        Amount::from_units(i64::try_from(share).unwrap_or(amount.units()))
    }

    /// Invoices are paid on their due date, and what is overdue now is settled tomorrow.
    pub(super) fn paying(mut self, invoices: u32, settled: Amount) -> Self {
        if invoices == 0 && settled.is_zero() {
            return self;
        }
        let (today, by) = (self.standing.today, self.standing.by);
        let tomorrow = today.succ_opt().unwrap_or(today);
        let mean = mean_amount(&self.invoices);
        let all = self.invoices.to_mut();
        all.sort_by_key(|one| (one.due_on, one.invoiced_on, one.invoice));
        let mut left = settled;
        for one in all.iter_mut().filter(|one| is_overdue(one, today)) {
            let part = left.min(one.open);
            one.open = one.open.checked_sub(part).unwrap_or_default();
            left = left.checked_sub(part).unwrap_or_default();
            if one.open.is_zero() {
                one.settled_on = Some(tomorrow);
            }
        }
        let due = all.iter_mut().filter(|one| falls_due(one, today, by));
        let mut paid = 0_u32;
        for one in due.take(usize::try_from(invoices).unwrap_or(usize::MAX)) {
            one.open = Amount::ZERO;
            one.settled_on = one.due_on;
            paid = paid.saturating_add(1);
        }
        for _ in paid..invoices {
            all.push(punctual(tomorrow, by, mean));
        }
        self
    }
}

/// What is overdue now, and can be settled.
pub(super) fn overdue(standing: &Standing<'_>) -> Amount {
    let open = standing
        .invoices
        .iter()
        .filter(|one| is_overdue(one, standing.today));
    let sum = open.fold(0_i64, |sum, one| sum.saturating_add(one.open.units()));
    Amount::from_units(sum)
}

fn is_overdue(invoice: &SettledInvoice, today: NaiveDate) -> bool {
    let late = invoice.due_on.is_some_and(|due_on| due_on <= today);
    late && invoice.open.units() > 0 && invoice.invoiced_on <= today
}

fn falls_due(invoice: &SettledInvoice, today: NaiveDate, by: NaiveDate) -> bool {
    let due = invoice
        .due_on
        .is_some_and(|due_on| today < due_on && due_on <= by);
    due && invoice.open.units() > 0
}

/// The mean of the invoices that are known, at least one unit.
fn mean_amount(invoices: &[SettledInvoice]) -> Amount {
    let sum = invoices.iter().fold(0_i128, |sum, one| {
        sum.saturating_add(one.amount.units().into())
    });
    let count = i128::try_from(invoices.len()).unwrap_or(i128::MAX);
    let mean = sum
        .checked_div(count)
        .and_then(|mean| i64::try_from(mean).ok());
    Amount::from_units(mean.unwrap_or(0).max(1))
}

fn punctual(invoiced_on: NaiveDate, by: NaiveDate, amount: Amount) -> SettledInvoice {
    SettledInvoice {
        invoice: FactId::from_bits(u128::MAX),
        document: None,
        invoiced_on,
        due_on: Some(by),
        amount,
        open: Amount::ZERO,
        settled_on: Some(by),
        disputed: false,
    }
}

/// An order line that nobody recorded.
fn order_line(on: NaiveDate, amount: Amount, cost: Amount) -> Fact {
    Fact {
        id: FactId::from_bits(u128::MAX),
        customer: CustomerId::from_bits(0),
        kind: FactKind::OrderLine,
        occurred_on: on,
        document: None,
        follows: None,
        status: DocumentStatus::Open,
        product: None,
        category: None,
        quantity: None,
        amount: Some(RecordedAmount {
            original: amount,
            // Sums read the base amount only.
            currency: Currency::EUR,
            base: amount,
            rate: None,
        }),
        cost: Cost::Given(cost),
        due_on: None,
        rating: None,
        severity: None,
        minutes: None,
        channel: None,
        author: None,
        // No filter by source lets it count: nobody knows where it will come from.
        source: String::new(),
    }
}
