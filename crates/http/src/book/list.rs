//! The customers of a book: each at a place of its own, which indexes lead to.

use super::table::Table;
use imbl::Vector;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::book::BookCustomer;

/// All customers that were ever told, erased ones too: a place is never given to another.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    customers: Vector<Arc<BookCustomer>>,
    by_id: Table,
    hasher: RandomState,
}

impl List {
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<BookCustomer>> {
        self.customers.iter()
    }

    pub fn at(&self, place: u32) -> Option<&Arc<BookCustomer>> {
        self.customers.get(usize::try_from(place).ok()?)
    }

    pub fn place_of(&self, id: CustomerId) -> Option<u32> {
        let is = |place| self.at(place).is_some_and(|customer| customer.id == id);
        self.by_id.find(self.hash(&id.bits()), is)
    }

    pub fn find(&self, id: CustomerId) -> Option<&Arc<BookCustomer>> {
        self.at(self.place_of(id)?)
    }

    /// Takes a customer over, in place of what was told of it before; where it is. None where there
    /// are more customers than places.
    pub fn put(&mut self, customer: Arc<BookCustomer>) -> Option<u32> {
        if let Some(place) = self.place_of(customer.id) {
            self.customers.set(usize::try_from(place).ok()?, customer);
            return Some(place);
        }
        let place = u32::try_from(self.customers.len()).ok()?;
        let hash = self.hash(&customer.id.bits());
        self.by_id.insert(hash, place);
        self.customers.push_back(customer);
        Some(place)
    }

    /// The hash by which the indexes of this list file a key.
    #[allow(clippy::cast_possible_truncation)] // Half of the bits are enough to find few entries.
    pub fn hash(&self, key: &(impl Hash + ?Sized)) -> u32 {
        self.hasher.hash_one(key) as u32
    }
}
