//! What each customer, product or category brings: parts that add up to the company's profit.

use super::sums::sales_of;
use crate::category::CategoryPath;
use crate::fact::{Fact, FactKind};
use crate::ids::{CustomerId, ProductId};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// By what profit is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Customer,
    Product,
    Category,
}

impl By {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Customer => "customers",
            Self::Product => "products",
            Self::Category => "categories",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Customer, Self::Product, Self::Category]
            .into_iter()
            .find(|by| by.word() == word)
    }
}

/// Who or what brings it. Expenses, and lines without a product or category, are of none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    Nothing,
    Customer(CustomerId),
    Product(ProductId),
    Category(CategoryPath),
}

/// Revenue and profit, in units of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Brought {
    pub revenue: i128,
    pub profit: i128,
}

/// All parts so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributions {
    by: By,
    as_of: NaiveDate,
    parts: BTreeMap<Of, Brought>,
    /// Customers of whom a cost is not known: nothing of theirs is counted.
    pub without_profit: u64,
}

impl Contributions {
    pub const fn new(by: By, as_of: NaiveDate) -> Self {
        Self {
            by,
            as_of,
            parts: BTreeMap::new(),
            without_profit: 0,
        }
    }

    pub const fn parts(&self) -> &BTreeMap<Of, Brought> {
        &self.parts
    }

    /// Adds one customer by all its facts.
    pub fn add(&mut self, customer: CustomerId, facts: &[Fact]) {
        let sales = sales_of(facts, self.as_of);
        if sales.lines_without_cost > 0 {
            self.without_profit = self.without_profit.saturating_add(1);
            return;
        }
        if self.by == By::Customer {
            self.parts.insert(
                Of::Customer(customer),
                Brought {
                    revenue: sales.revenue,
                    profit: sales.profit,
                },
            );
            return;
        }
        for fact in facts.iter().filter(|it| it.occurred_on <= self.as_of) {
            let one = brought(fact);
            if one != Brought::default() {
                let part = self.parts.entry(self.of(fact)).or_default();
                part.revenue = part.revenue.saturating_add(one.revenue);
                part.profit = part.profit.saturating_add(one.profit);
            }
        }
    }

    fn of(&self, fact: &Fact) -> Of {
        match self.by {
            By::Customer => Of::Customer(fact.customer),
            By::Product => fact.product.map_or(Of::Nothing, Of::Product),
            By::Category => fact.category.clone().map_or(Of::Nothing, Of::Category),
        }
    }
}

/// What one fact adds; nothing where it was cancelled.
fn brought(fact: &Fact) -> Brought {
    if !fact.counts() {
        return Brought::default();
    }
    let amount = fact.base_amount().map_or(0, |it| i128::from(it.units()));
    let cost = fact.cost.amount().map_or(0, |it| i128::from(it.units()));
    match fact.kind {
        FactKind::OrderLine => Brought {
            revenue: amount,
            profit: amount.saturating_sub(cost),
        },
        FactKind::Return => Brought {
            revenue: 0,
            profit: cost.saturating_sub(amount),
        },
        FactKind::Expense => Brought {
            revenue: 0,
            profit: amount.saturating_neg(),
        },
        _ => Brought::default(),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod tests {
    use super::*;
    use crate::evaluation::properties::any_customer;
    use crate::portfolio::Portfolio;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn customers_products_and_categories_add_up_to_the_company(
            customers in prop::collection::vec(any_customer(), 1..6), day in 0_u64..600
        ) {
            let as_of = crate::evaluation::properties::date(day);
            let mut company = Portfolio::new(as_of);
            let all = [By::Customer, By::Product, By::Category];
            let mut parts = all.map(|by| Contributions::new(by, as_of));
            let mut known = 0_i128;
            for (number, customer) in customers.iter().enumerate() {
                company.add(None, &customer.facts).unwrap();
                if sales_of(&customer.facts, as_of).lines_without_cost == 0 {
                    known += sales_of(&customer.facts, as_of).revenue;
                }
                let id = CustomerId::from_bits(number as u128);
                parts.iter_mut().for_each(|it| it.add(id, &customer.facts));
            }
            for part in &parts {
                let sum = |of: fn(&Brought) -> i128| part.parts().values().map(of).sum::<i128>();
                prop_assert_eq!(sum(|it| it.profit), company.sales.profit);
                prop_assert_eq!(sum(|it| it.revenue), known);
            }
        }
    }
}
