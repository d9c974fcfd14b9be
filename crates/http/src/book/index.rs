//! Whose a key is: usually one customer's, sometimes several'.

use super::list::List;
use super::table::Table;
use imbl::{HashMap, OrdSet};
use std::borrow::Borrow;
use std::hash::Hash;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::book::BookCustomer;

/// Customers by key. Who takes a key over from another customer may be told before the other has
/// lost it, so every key keeps all its owners.
///
/// Nearly all keys have one owner, who holds the key, so only the place of the owner is kept; a
/// placeholder that people type has thousands.
#[derive(Debug, Clone)]
pub(super) struct Index<K> {
    sole: Table,
    /// Owners by id: the youngest is told first.
    shared: HashMap<K, OrdSet<(CustomerId, u32)>>,
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self {
            sole: Table::default(),
            shared: HashMap::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Index<K> {
    /// The places of those who have the key, the youngest first. `has` says whether a customer does.
    pub fn owners<Q: Eq + Hash + ?Sized>(
        &self,
        list: &List,
        key: &Q,
        has: impl Fn(&BookCustomer) -> bool,
    ) -> impl Iterator<Item = u32>
    where
        K: Borrow<Q>,
    {
        let is = |place| list.at(place).is_some_and(|customer| has(customer));
        let sole = self.sole.find(list.hash(key), is);
        let shared = match sole {
            None => self.shared.get(key),
            Some(_) => None,
        };
        let shared = shared.into_iter().flat_map(|owners| owners.iter().rev());
        sole.into_iter().chain(shared.map(|(_, place)| *place))
    }

    /// The keys that several customers have.
    pub fn shared(&self) -> impl Iterator<Item = &K> {
        self.shared.keys()
    }

    pub fn is_shared(&self, key: &K) -> bool {
        self.shared.contains_key(key)
    }

    /// Notes that the customer at a place has the key; the list must hold it already.
    pub fn add(&mut self, list: &List, key: &K, place: u32, has: impl Fn(&BookCustomer) -> bool) {
        let id_at = |place| list.at(place).map(|customer| customer.id);
        let Some(id) = id_at(place) else { return };
        if let Some(owners) = self.shared.get_mut(key) {
            owners.insert((id, place));
            return;
        }
        let hash = list.hash(key);
        let is = |place| list.at(place).is_some_and(|customer| has(customer));
        // The customer itself holds the key already, so others are looked for.
        let other = self.sole.find(hash, |other| other != place && is(other));
        match other.and_then(|other| Some((id_at(other)?, other))) {
            Some((other_id, other)) => {
                self.sole.remove(hash, other);
                let both = [(other_id, other), (id, place)].into_iter().collect();
                self.shared.insert(key.clone(), both);
            }
            None => self.sole.insert(hash, place),
        }
    }

    /// Notes that the customer at a place has the key no more.
    pub fn remove(&mut self, list: &List, key: &K, place: u32) {
        let hash = list.hash(key);
        let Some(owners) = self.shared.get_mut(key) else {
            self.sole.remove(hash, place);
            return;
        };
        if let Some(customer) = list.at(place) {
            owners.remove(&(customer.id, place));
        }
        if owners.len() == 1 {
            let left = owners.get_min().map(|(_, place)| *place);
            left.into_iter()
                .for_each(|left| self.sole.insert(hash, left));
            self.shared.remove(key);
        }
    }
}
