//! The decision book: what decisions need, in memory, current by the journal.
//!
//! | snapshot   | here: look-ups in one state that never changes           |
//! | kept       | `keeper.rs`: filled at start, changed after every write  |
//! | customers  | `list.rs`: each at a place of its own                    |
//! | looked up  | `index.rs`: whose an external id or a phone number is    |
//! | dense      | `table.rs`: places by hash, five to eight bytes a place  |
//! | policies   | `policies.rs`: published documents, compiled, by date    |
//! | past       | `past.rs`: a small book of a moment, from the database   |
//! | contracts  | `contracts.rs`: those of a customer and of its groups      |
//! | currencies | `exchange.rs`: prices in the currency of a quote         |
//! | rows       | `crates/persistence/src/book.rs`                         |

mod contracts;
mod exchange;
mod index;
mod keeper;
mod list;
mod past;
mod policies;
mod table;

pub use contracts::Contracts;
pub use exchange::{Exchange, Factor, NoExchange};
pub use keeper::BookKeeper;
pub use past::{Parts, Wanted};
pub use policies::{Dated, Policies};

use chrono::NaiveDate;
use imbl::HashMap;
use index::Index;
use list::List;
use std::collections::{BTreeMap, BTreeSet, HashSet};
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
    customers: List,
    /// By system, then by the id there.
    externals: HashMap<Arc<str>, Index<Box<str>>>,
    phones: Index<MatchKey>,
    /// Texts that many customers share, such as tiers and owners.
    texts: Arc<HashSet<Arc<str>>>,
    /// By the last digits of any number.
    tails: Index<u32>,
    groups: Arc<BTreeMap<GroupId, Option<GroupId>>>,
    contracts: Arc<Contracts>,
    products: Arc<Products>,
    rates: Arc<RateTable>,
    policies: Arc<Policies>,
    /// Counts the states that this process has had.
    revision: u64,
}

impl Book {
    /// A customer that is known and not erased.
    pub fn customer(&self, id: CustomerId) -> Option<&Arc<BookCustomer>> {
        self.customers.find(id).filter(|customer| !customer.erased)
    }

    /// All that are known and not erased, by no order.
    pub fn customers(&self) -> impl Iterator<Item = &Arc<BookCustomer>> {
        self.customers.iter().filter(|customer| !customer.erased)
    }

    pub fn by_external(&self, system: &str, id: &str) -> Option<&Arc<BookCustomer>> {
        let ids = self.externals.get(system)?;
        let mut owners = ids.owners(&self.customers, id, |it| it.is_known_as(system, id));
        owners.find_map(|place| self.alive(place))
    }

    /// The customer at a place, unless it is erased.
    fn alive(&self, place: u32) -> Option<&Arc<BookCustomer>> {
        self.customers.at(place).filter(|customer| !customer.erased)
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
        let mut found = BTreeSet::new();
        for tail in tails(keys) {
            let has = |it: &BookCustomer| tails(&it.phones).contains(&tail);
            found.extend(self.tails.owners(&self.customers, &tail, has));
        }
        let near = found.into_iter().filter_map(|place| {
            let owner = self.alive(place)?;
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
        let known = self.customers.iter().filter(|customer| !customer.erased);
        let sole = known.flat_map(|owner| owner.phones.iter().map(move |key| (key, owner)));
        let sole = sole.filter(|(key, _)| !self.phones.is_shared(key));
        let sole = sole.map(|(key, owner)| (key, vec![owner]));
        let shared = self.phones.shared().map(|key| (key, self.owners_of(key)));
        sole.chain(shared)
            .map(move |(key, owners)| (key, matches(key, owners, on)))
    }

    fn owners_of(&self, key: &MatchKey) -> Vec<&Arc<BookCustomer>> {
        let has = |customer: &BookCustomer| customer.phones.contains(key);
        let owners = self.phones.owners(&self.customers, key, has);
        owners.filter_map(|place| self.alive(place)).collect()
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

    /// The same book with other policies in force.
    pub fn with_policies(&self, policies: Policies) -> Self {
        Self {
            policies: Arc::new(policies),
            ..self.clone()
        }
    }

    /// How many customers and products it holds.
    pub fn size(&self) -> (usize, usize) {
        (self.customers.len(), self.products.len())
    }

    /// The customer's group with all its ancestors.
    pub fn groups_of(&self, customer: &BookCustomer) -> BTreeSet<GroupId> {
        self.group_line(customer).collect()
    }

    /// The customer's group, then its parent, up to the top.
    pub fn group_line(&self, customer: &BookCustomer) -> impl Iterator<Item = GroupId> {
        let parent = |group: &GroupId| self.groups.get(group).copied().flatten();
        std::iter::successors(customer.group, parent).take(DEEPEST)
    }

    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// Takes over a customer, unless a newer state of it is held.
    fn put(&mut self, mut customer: BookCustomer) {
        if let Some(place) = self.customers.place_of(customer.id) {
            let Some(held) = self.customers.at(place).cloned() else {
                return;
            };
            if held.version > customer.version {
                return;
            }
            self.forget(&held, place);
        }
        customer.share(|text| self.shared(text));
        let customer = Arc::new(customer);
        let Some(place) = self.customers.put(Arc::clone(&customer)) else {
            return;
        };
        for known in &customer.externals {
            let ids = self.externals.entry(Arc::clone(&known.system)).or_default();
            let has = |other: &BookCustomer| other.is_known_as(&known.system, &known.id);
            ids.add(&self.customers, &known.id, place, has);
        }
        for key in &customer.phones {
            let has = |other: &BookCustomer| other.phones.contains(key);
            self.phones.add(&self.customers, key, place, has);
        }
        for tail in tails(&customer.phones) {
            let has = |other: &BookCustomer| tails(&other.phones).contains(&tail);
            self.tails.add(&self.customers, &tail, place, has);
        }
    }

    /// Removes the customer at a place from the indexes.
    fn forget(&mut self, held: &BookCustomer, place: u32) {
        for known in &held.externals {
            if let Some(ids) = self.externals.get_mut(&known.system) {
                ids.remove(&self.customers, &known.id, place);
            }
        }
        for key in &held.phones {
            self.phones.remove(&self.customers, key, place);
        }
        for tail in tails(&held.phones) {
            self.tails.remove(&self.customers, &tail, place);
        }
    }

    /// The one copy of a text that this book keeps.
    fn shared(&mut self, text: &Arc<str>) -> Arc<str> {
        if let Some(kept) = self.texts.get(text) {
            return Arc::clone(kept);
        }
        Arc::make_mut(&mut self.texts).insert(Arc::clone(text));
        Arc::clone(text)
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

/// What numbers end with, each once.
fn tails(numbers: &[MatchKey]) -> BTreeSet<u32> {
    numbers.iter().filter_map(tail).collect()
}

fn matched(owner: &BookCustomer, quality: MatchQuality, on: NaiveDate) -> Match {
    Match {
        customer: owner.id,
        tier: owner.tier_on(on).map(str::to_owned),
        owner: owner.owner.as_deref().map(str::to_owned),
        quality,
    }
}

#[cfg(test)]
mod tests;
