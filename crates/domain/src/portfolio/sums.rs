//! Sums over customers; amounts in units of [`Amount`], kept in `i128`.

use crate::credit::ageing::{Bucket, USUAL_BOUNDS, ageing};
use crate::fact::{Fact, FactKind};
use crate::period::Window;
use crate::receivables::{AllocationError, allocate, open_items};
use crate::scaled::Amount;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// A customer counts as active with an order line in so many days, the day of the report included.
const ACTIVE_DAYS: u32 = 90;

/// What customers bought and what it brought. Base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sales {
    pub revenue: i128,
    /// Order lines − their cost − returns (net of what came back) − expenses, of the customers
    /// whose costs are all known.
    pub profit: i128,
    pub order_lines: u64,
    /// Distinct days with an order line, per customer.
    pub purchase_days: u64,
    pub lines_without_cost: u64,
}

/// Customers of one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TierSums {
    pub customers: u64,
    /// Of these, customers with a known profit below zero.
    pub unprofitable: u64,
    pub sales: Sales,
}

/// Invoices and how they are paid. Base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivables {
    pub invoices: u64,
    pub open_invoices: u64,
    pub open: i128,
    pub ageing: Vec<Bucket>,
    pub settled: u64,
    pub settled_amount: i128,
    /// Settled by the due date.
    pub on_time: u64,
    pub on_time_amount: i128,
    pub days_late: i128,
    pub disputed: u64,
    pub unallocated: i128,
}

/// The company as of the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    as_of: NaiveDate,
    pub customers: u64,
    pub with_orders: u64,
    pub active: u64,
    pub unprofitable: u64,
    pub sales: Sales,
    /// By code of the tier; empty for customers that are not evaluated.
    pub tiers: BTreeMap<String, TierSums>,
    pub receivables: Receivables,
}

impl Portfolio {
    pub fn new(as_of: NaiveDate) -> Self {
        let receivables = Receivables {
            invoices: 0,
            open_invoices: 0,
            open: 0,
            ageing: ageing([], as_of, &USUAL_BOUNDS),
            settled: 0,
            settled_amount: 0,
            on_time: 0,
            on_time_amount: 0,
            days_late: 0,
            disputed: 0,
            unallocated: 0,
        };
        Self {
            as_of,
            customers: 0,
            with_orders: 0,
            active: 0,
            unprofitable: 0,
            sales: Sales::default(),
            tiers: BTreeMap::new(),
            receivables,
        }
    }

    pub const fn as_of(&self) -> NaiveDate {
        self.as_of
    }

    /// Adds one customer: its present tier and all its facts.
    ///
    /// # Errors
    /// `Overflow` where the customer's own amounts do not fit.
    pub fn add(&mut self, tier: Option<&str>, facts: &[Fact]) -> Result<(), AllocationError> {
        let one = sales_of(facts, self.as_of);
        let unprofitable = u64::from(one.profit < 0);
        self.customers = self.customers.saturating_add(1);
        self.with_orders = self
            .with_orders
            .saturating_add(u64::from(one.order_lines > 0));
        self.active = self
            .active
            .saturating_add(u64::from(is_active(facts, self.as_of)));
        self.unprofitable = self.unprofitable.saturating_add(unprofitable);
        self.sales.add(one);
        let tier = self
            .tiers
            .entry(tier.unwrap_or_default().to_owned())
            .or_default();
        tier.customers = tier.customers.saturating_add(1);
        tier.unprofitable = tier.unprofitable.saturating_add(unprofitable);
        tier.sales.add(one);
        self.receivables.add(facts, self.as_of)
    }
}

impl Sales {
    fn add(&mut self, one: Self) {
        self.revenue = self.revenue.saturating_add(one.revenue);
        self.profit = self.profit.saturating_add(one.profit);
        self.order_lines = self.order_lines.saturating_add(one.order_lines);
        self.purchase_days = self.purchase_days.saturating_add(one.purchase_days);
        self.lines_without_cost = self
            .lines_without_cost
            .saturating_add(one.lines_without_cost);
    }
}

fn counted(facts: &[Fact], as_of: NaiveDate) -> impl Iterator<Item = &Fact> {
    facts
        .iter()
        .filter(move |fact| fact.counts() && fact.occurred_on <= as_of)
}

fn units(amount: Option<Amount>) -> i128 {
    amount.map_or(0, |amount| i128::from(amount.units()))
}

pub(super) fn sales_of(facts: &[Fact], as_of: NaiveDate) -> Sales {
    let mut sales = Sales::default();
    let mut days = BTreeSet::new();
    for fact in counted(facts, as_of) {
        let amount = units(fact.base_amount());
        let cost = units(fact.cost.amount());
        match fact.kind {
            FactKind::OrderLine => {
                days.insert(fact.occurred_on);
                sales.revenue = sales.revenue.saturating_add(amount);
                sales.profit = sales.profit.saturating_add(amount).saturating_sub(cost);
                sales.order_lines = sales.order_lines.saturating_add(1);
                let missing = u64::from(fact.cost.amount().is_none());
                sales.lines_without_cost = sales.lines_without_cost.saturating_add(missing);
            }
            FactKind::Return => {
                sales.profit = sales.profit.saturating_sub(amount).saturating_add(cost);
            }
            FactKind::Expense => sales.profit = sales.profit.saturating_sub(amount),
            _ => {}
        }
    }
    if sales.lines_without_cost > 0 {
        sales.profit = 0;
    }
    sales.purchase_days = u64::try_from(days.len()).unwrap_or(u64::MAX);
    sales
}

fn is_active(facts: &[Fact], as_of: NaiveDate) -> bool {
    let recent = Window::Days(ACTIVE_DAYS);
    counted(facts, as_of)
        .any(|fact| fact.kind == FactKind::OrderLine && recent.contains(as_of, fact.occurred_on))
}

impl Receivables {
    fn add(&mut self, facts: &[Fact], as_of: NaiveDate) -> Result<(), AllocationError> {
        let allocation = allocate(facts, as_of)?;
        for invoice in &allocation.invoices {
            let amount = i128::from(invoice.amount.units());
            self.invoices = self.invoices.saturating_add(1);
            self.disputed = self.disputed.saturating_add(u64::from(invoice.disputed));
            let Some(settled_on) = invoice.settled_on else {
                continue;
            };
            self.settled = self.settled.saturating_add(1);
            self.settled_amount = self.settled_amount.saturating_add(amount);
            let late = invoice
                .due_on
                .map_or(0, |due| crate::period::days_between(due, settled_on));
            self.days_late = self.days_late.saturating_add(i128::from(late.max(0)));
            if late <= 0 {
                self.on_time = self.on_time.saturating_add(1);
                self.on_time_amount = self.on_time_amount.saturating_add(amount);
            }
        }
        let open = open_items(&allocation);
        let items = open.iter().map(|item| (item.due_on, item.open));
        for (sum, bucket) in self
            .ageing
            .iter_mut()
            .zip(ageing(items, as_of, &USUAL_BOUNDS))
        {
            sum.amount = sum.amount.saturating_add(bucket.amount);
            sum.items = sum.items.saturating_add(bucket.items);
        }
        let open_units = open.iter().map(|item| i128::from(item.open.units()));
        self.open = open_units.fold(self.open, i128::saturating_add);
        let items = u64::try_from(open.len()).unwrap_or(u64::MAX);
        self.open_invoices = self.open_invoices.saturating_add(items);
        let left = i128::from(allocation.unallocated.units());
        self.unallocated = self.unallocated.saturating_add(left);
        Ok(())
    }
}
