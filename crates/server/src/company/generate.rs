//! The demo company as batches to load: products, then customers, then facts.

use super::catalogue::{Product, products};
use super::customers::customer;
use super::story;
use chrono::NaiveDate;
use tiercel_domain::incoming::{IncomingCustomer, IncomingFact, IncomingProduct};

/// The company that `tiercel demo` shows.
pub const SEED: u64 = 20_260_101;

/// How many products it sells.
pub const PRODUCTS: usize = 300;

/// Facts of a batch at most, so that a batch is one write.
pub const FACTS: usize = 1_000;

const CUSTOMERS: usize = 500;

/// What is loaded at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// The same sku again is a later change of its cost.
    Products(Vec<IncomingProduct>),
    Customers(Vec<IncomingCustomer>),
    /// At most [`FACTS`]; the facts of a customer stand together, in order of day.
    Facts(Vec<IncomingFact>),
}

/// A company with so many customers and three years of facts up to `today`, in EUR; about 40
/// facts a customer. Batches must be loaded in order.
pub fn company(seed: u64, customers: usize, today: NaiveDate) -> impl Iterator<Item = Batch> {
    let catalogue = products(seed, PRODUCTS, today);
    let updates = catalogue.iter().flat_map(Product::incoming).collect();
    let profiles = (0..customers).step_by(CUSTOMERS).map(move |first| {
        let numbers = first..customers.min(first + CUSTOMERS);
        Batch::Customers(
            numbers
                .map(|number| customer(seed, number, today).incoming)
                .collect(),
        )
    });
    let facts = Facts {
        seed,
        today,
        catalogue,
        numbers: 0..customers,
        waiting: Vec::new(),
    };
    std::iter::once(Batch::Products(updates))
        .chain(profiles)
        .chain(facts)
}

/// Tells the story of one customer after the other, as batches.
struct Facts {
    seed: u64,
    today: NaiveDate,
    catalogue: Vec<Product>,
    numbers: std::ops::Range<usize>,
    /// Facts that did not fit into the batch before.
    waiting: Vec<IncomingFact>,
}

impl Iterator for Facts {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let mut batch = std::mem::take(&mut self.waiting);
        while batch.len() <= FACTS {
            let Some(number) = self.numbers.next() else {
                break;
            };
            let customer = customer(self.seed, number, self.today);
            let story = story::facts(self.seed, &customer, self.today, &self.catalogue);
            if batch.len() + story.len() > FACTS && !batch.is_empty() {
                self.waiting = story;
                break;
            }
            batch.extend(story);
        }
        if batch.len() > FACTS {
            // One customer alone fills more than a batch.
            self.waiting = batch.split_off(FACTS);
        }
        (!batch.is_empty()).then_some(Batch::Facts(batch))
    }
}
