//! Whose a key is: usually one customer's, sometimes several'.

use imbl::{HashMap, OrdSet};
use std::borrow::Borrow;
use std::hash::Hash;
use tiercel_domain::ids::CustomerId;

/// Customers by key. Who takes a key over from another customer may be told before the other has
/// lost it, so every key keeps all its owners.
#[derive(Debug, Clone)]
pub(super) struct Index<K> {
    owners: HashMap<K, Owners>,
}

/// Nearly all keys have one owner; a placeholder that people type has thousands.
#[derive(Debug, Clone)]
enum Owners {
    One(CustomerId),
    Many(OrdSet<CustomerId>),
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self {
            owners: HashMap::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Index<K> {
    /// Those who have the key, the youngest first.
    pub fn owners<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> impl Iterator<Item = CustomerId>
    where
        K: Borrow<Q>,
    {
        let (one, many) = match self.owners.get(key) {
            Some(Owners::One(owner)) => (Some(*owner), None),
            Some(Owners::Many(owners)) => (None, Some(owners.iter().rev().copied())),
            None => (None, None),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.owners.keys()
    }

    pub fn add(&mut self, key: &K, customer: CustomerId) {
        match self.owners.get_mut(key) {
            Some(Owners::Many(owners)) => {
                owners.insert(customer);
            }
            Some(Owners::One(owner)) if *owner == customer => {}
            Some(Owners::One(owner)) => {
                let both = Owners::Many([*owner, customer].into_iter().collect());
                self.owners.insert(key.clone(), both);
            }
            None => {
                self.owners.insert(key.clone(), Owners::One(customer));
            }
        }
    }

    pub fn remove(&mut self, key: &K, customer: CustomerId) {
        let left = match self.owners.get_mut(key) {
            Some(Owners::Many(owners)) => {
                owners.remove(&customer);
                !owners.is_empty()
            }
            Some(Owners::One(owner)) => *owner != customer,
            None => return,
        };
        if !left {
            self.owners.remove(key);
        }
    }
}
