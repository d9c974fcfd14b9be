//! A set of places by hash, in parts: a changed set shares the parts that did not change.

use hashbrown::HashTable;
use std::sync::Arc;

/// Entries of a part, on average, before there are twice as many parts: what one change copies.
const FULL: usize = 512;

/// Places of the list of customers, found by 32 bits of the hash of what leads to them. It does not
/// hold the keys: whoever asks compares with the customer at the place.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// A power of two of them; the lowest bits of a hash say which.
    parts: Arc<Vec<Arc<HashTable<Entry>>>>,
    entries: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    place: u32,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            parts: Arc::new(vec![Arc::default()]),
            entries: 0,
        }
    }
}

impl Table {
    /// A place of that hash at which there is what is looked for.
    pub fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let part = self.parts.get(self.part_of(hash))?;
        let found = part.find(spread(hash), |it| it.hash == hash && is(it.place));
        found.map(|entry| entry.place)
    }

    pub fn insert(&mut self, hash: u32, place: u32) {
        if self.entries >= self.parts.len().saturating_mul(FULL) {
            self.split();
        }
        let part = self.part_of(hash);
        if let Some(part) = Arc::make_mut(&mut self.parts).get_mut(part) {
            let entry = Entry { hash, place };
            Arc::make_mut(part).insert_unique(spread(hash), entry, |it| spread(it.hash));
            self.entries = self.entries.saturating_add(1);
        }
    }

    /// Removes one entry of that hash and place; whether there was one.
    pub fn remove(&mut self, hash: u32, place: u32) -> bool {
        if self.find(hash, |other| other == place).is_none() {
            return false;
        }
        let part = self.part_of(hash);
        let part = Arc::make_mut(&mut self.parts).get_mut(part);
        let removed = part.is_some_and(|part| {
            let part = Arc::make_mut(part);
            let found = part.find_entry(spread(hash), |it| it.hash == hash && it.place == place);
            found.map(|entry| entry.remove()).is_ok()
        });
        self.entries = self.entries.saturating_sub(usize::from(removed));
        removed
    }

    fn part_of(&self, hash: u32) -> usize {
        hash as usize & self.parts.len().saturating_sub(1)
    }

    /// Twice as many parts, each half as full.
    fn split(&mut self) {
        let count = self.parts.len().saturating_mul(2);
        let mut parts = vec![HashTable::with_capacity(FULL); count];
        for entry in self.parts.iter().flat_map(|part| part.iter()) {
            let part = entry.hash as usize & count.saturating_sub(1);
            if let Some(part) = parts.get_mut(part) {
                part.insert_unique(spread(entry.hash), *entry, |it| spread(it.hash));
            }
        }
        self.parts = Arc::new(parts.into_iter().map(Arc::new).collect());
    }
}

/// The part has used up the lowest bits; within it the others must tell entries apart.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_what_it_held() {
        let mut table = Table::default();
        for place in 0..5_000_u32 {
            table.insert(place.wrapping_mul(2_654_435_761), place);
        }
        let before = table.clone();
        for place in (0..5_000_u32).step_by(2) {
            assert!(table.remove(place.wrapping_mul(2_654_435_761), place));
            assert!(!table.remove(place.wrapping_mul(2_654_435_761), place));
        }
        let holds = |table: &Table, place: u32| {
            let hash = place.wrapping_mul(2_654_435_761);
            table.find(hash, |it| it == place).is_some()
        };
        for place in 0..5_000_u32 {
            assert!(holds(&before, place));
            assert_eq!(holds(&table, place), place % 2 == 1);
        }
        assert_eq!(table.entries, 2_500);
    }

    #[test]
    fn places_of_one_hash_are_told_apart() {
        let mut table = Table::default();
        table.insert(7, 1);
        table.insert(7, 2);
        assert_eq!(table.find(7, |it| it == 2), Some(2));
        assert_eq!(table.find(8, |_| true), None);
        assert!(table.remove(7, 1) && !table.remove(7, 1));
        assert_eq!(table.find(7, |_| true), Some(2));
    }
}
