//! The decision book: what decisions need, in memory, current by the journal.
//!
//! | snapshot   | here: look-ups in one state that never changes           |
//! | kept       | `keeper.rs`: filled at start, changed after every write  |
//! | looked up  | `index.rs`: whose an external id or a phone number is    |
//! | policies   | `policies.rs`: published documents, compiled, by date    |
//! | past       | `past.rs`: a small book of a moment, from the database   |
//! | currencies | `exchange.rs`: prices in the currency of a quote         |
//! | rows       | `crates/persistence/src/book.rs`                         |

mod exchange;
mod index;
mod keeper;
mod past;
mod policies;

pub use exchange::{Exchange, Factor, NoExchange};
pub use keeper::BookKeeper;
pub use past::{Parts, Wanted};
pub use policies::{Dated, Policies};

use chrono::NaiveDate;
use imbl::HashMap;
use index::Index;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tiercel_domain::ids::{CustomerId, GroupId};
use tiercel_domain::incoming::CustomerRef;
use tiercel_domain::phones::{MatchKey, Nearness, nearness, tail};
use tiercel_domain::routing::{Match, MatchQuality};
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::products::KnownProduct;
use tiercel_persistence::rates::RateTable;

/// A tree of groups is not deeper; a circle that slipped in ends here.
const DEEPEST: usize = 64;

/// Products by sku.
pub type Products = BTreeMap<String, KnownProduct>;

/// One consistent state of the book. The maps share what they have in common with the states
/// before, so a new state costs what changed and not what there is.
#[derive(Debug, Clone, Default)]
pub struct Book {
    customers: HashMap<CustomerId, Arc<BookCustomer>>,
    /// By system, then by the id there.
    externals: HashMap<String, Index<String>>,
    phones: Index<MatchKey>,
    /// By the last digits of any number.
    tails: Index<u32>,
    groups: Arc<BTreeMap<GroupId, Option<GroupId>>>,
    products: Arc<Products>,
    rates: Arc<RateTable>,
    policies: Arc<Policies>,
    /// Counts the states that this process has had.
    revision: u64,
}

impl Book {
    /// A customer that is known and not erased.
    pub fn customer(&self, id: CustomerId) -> Option<&Arc<BookCustomer>> {
        self.customers.get(&id).filter(|customer| !customer.erased)
    }

    /// All that are known and not erased, by no order.
    pub fn customers(&self) -> impl Iterator<Item = &Arc<BookCustomer>> {
        self.customers.values().filter(|customer| !customer.erased)
    }

    pub fn by_external(&self, system: &str, id: &str) -> Option<&Arc<BookCustomer>> {
        let mut owners = self.externals.get(system)?.owners(id);
        owners.find_map(|owner| self.customer(owner))
    }

    pub fn find(&self, reference: &CustomerRef) -> Option<&Arc<BookCustomer>> {
        match reference {
            CustomerRef::Id(id) => self.customer(*id),
            CustomerRef::External(external) => self.by_external(&external.system, &external.id),
        }
    }

    /// The first of the keys that anybody has, and who has it.
    pub fn by_phone<'k>(
        &self,
        keys: &'k [MatchKey],
    ) -> Option<(&'k MatchKey, Vec<&Arc<BookCustomer>>)> {
        keys.iter().find_map(|key| {
            let owners = self.owners_of(key);
            (!owners.is_empty()).then_some((key, owners))
        })
    }

    /// Those whose numbers end as one of the keys does, as routing sees them on a day.
    pub fn near(&self, keys: &[MatchKey], on: NaiveDate) -> Vec<Match> {
        let tails: BTreeSet<u32> = keys.iter().filter_map(tail).collect();
        let owners = tails.iter().flat_map(|tail| self.tails.owners(tail));
        let owners: BTreeSet<CustomerId> = owners.collect();
        let near = owners.into_iter().filter_map(|owner| {
            let owner = self.customer(owner)?;
            let numbers = owner.phones.iter();
            let nearest = numbers.filter_map(|number| nearness(keys, number)).min()?;
            let quality = match nearest {
                Nearness::National => MatchQuality::National,
                Nearness::Suffix => MatchQuality::Suffix,
            };
            Some(matched(owner, quality, on))
        });
        near.collect()
    }

    /// Every number with those who have it, as calls match them; in no order.
    pub fn numbers(&self, on: NaiveDate) -> impl Iterator<Item = (&MatchKey, Vec<Match>)> {
        let keys = self.phones.keys();
        keys.map(move |key| (key, matches(key, self.owners_of(key), on)))
    }

    fn owners_of(&self, key: &MatchKey) -> Vec<&Arc<BookCustomer>> {
        let owners = self.phones.owners(key);
        owners.filter_map(|owner| self.customer(owner)).collect()
    }

    pub fn product(&self, sku: &str) -> Option<&KnownProduct> {
        self.products.get(sku)
    }

    /// All that are known, by no order.
    pub fn products(&self) -> impl Iterator<Item = &KnownProduct> {
        self.products.values()
    }

    pub fn rates(&self) -> &RateTable {
        &self.rates
    }

    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// How many customers and products it holds.
    pub fn size(&self) -> (usize, usize) {
        (self.customers.len(), self.products.len())
    }

    /// The customer's group with all its ancestors.
    pub fn groups_of(&self, customer: &BookCustomer) -> BTreeSet<GroupId> {
        let parent = |group: &GroupId| self.groups.get(group).copied().flatten();
        std::iter::successors(customer.group, parent)
            .take(DEEPEST)
            .collect()
    }

    /// Takes over a customer, unless a newer state of it is held.
    fn put(&mut self, customer: BookCustomer) {
        if let Some(held) = self.customers.get(&customer.id).cloned() {
            if held.version > customer.version {
                return;
            }
            self.forget(&held);
        }
        for external in &customer.externals {
            self.externals
                .entry(external.system.clone())
                .or_default()
                .add(&external.id, customer.id);
        }
        for key in &customer.phones {
            self.phones.add(key, customer.id);
            if let Some(tail) = tail(key) {
                self.tails.add(&tail, customer.id);
            }
        }
        self.customers.insert(customer.id, Arc::new(customer));
    }

    /// Removes a customer from the indexes.
    fn forget(&mut self, held: &BookCustomer) {
        for external in &held.externals {
            if let Some(ids) = self.externals.get_mut(&external.system) {
                ids.remove(&external.id, held.id);
            }
        }
        for key in &held.phones {
            self.phones.remove(key, held.id);
            if let Some(tail) = tail(key) {
                self.tails.remove(&tail, held.id);
            }
        }
    }
}

/// Those who have a number, as routing sees them on a day.
pub fn matches(key: &MatchKey, owners: Vec<&Arc<BookCustomer>>, on: NaiveDate) -> Vec<Match> {
    let quality = match key {
        MatchKey::E164(_) => MatchQuality::Exact,
        MatchKey::AsTyped(_) => MatchQuality::AsTyped,
    };
    let owners = owners.into_iter();
    owners.map(|owner| matched(owner, quality, on)).collect()
}

fn matched(owner: &BookCustomer, quality: MatchQuality, on: NaiveDate) -> Match {
    Match {
        customer: owner.id,
        tier: owner.tier_on(on).map(str::to_owned),
        owner: owner.owner.clone(),
        quality,
    }
}

#[cfg(test)]
mod tests;
