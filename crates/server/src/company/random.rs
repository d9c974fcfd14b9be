//! A small random generator (SplitMix64), so that a seed means the same company for ever.

use chrono::{Days, NaiveDate};

pub struct Random(u64);

impl Random {
    /// A stream of its own for every `(seed, stream)`.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = Self(seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    /// Even between both bounds, which are included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).unsigned_abs().saturating_add(1);
        low.saturating_add_unsigned(self.next() % span)
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of the items, each as likely; there must be one.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.place(items.len())]
    }

    /// A place below `count`, each as likely.
    pub fn place(&mut self, count: usize) -> usize {
        self.between(0, count as i64 - 1) as usize
    }

    /// One of the items, as likely as its weight.
    pub fn weighted<T: Copy>(&mut self, items: &[(i64, T)]) -> T {
        let total: i64 = items.iter().map(|(weight, _)| weight).sum();
        let mut left = self.between(1, total);
        for (weight, item) in items {
            left -= weight;
            if left <= 0 {
                return *item;
            }
        }
        items[0].1
    }

    /// Digits, the first of them not below `first`.
    pub fn digits(&mut self, first: i64, count: usize) -> String {
        let first = self.between(first, 9);
        (1..count).fold(first.to_string(), |digits, _| {
            format!("{digits}{}", self.between(0, 9))
        })
    }
}

/// The day `days` later, or earlier where negative.
pub fn later(day: NaiveDate, days: i64) -> NaiveDate {
    let distance = Days::new(days.unsigned_abs());
    let moved = if days < 0 {
        day.checked_sub_days(distance)
    } else {
        day.checked_add_days(distance)
    };
    moved.unwrap_or(day)
}
