//! Latencies, counted in classes of about one and a half percent.

use std::time::Duration;

const PARTS: usize = 64;
const BITS: u32 = PARTS.ilog2();

#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; PARTS * 64],
            total: 0,
        }
    }
}

impl Histogram {
    pub fn add(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[class_of(nanos)] += 1;
        self.total += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The latency in milliseconds that so many of a thousand do not exceed.
    pub fn at(&self, per_mille: u64) -> f64 {
        let wanted = (self.total.saturating_mul(per_mille)).div_ceil(1_000);
        let mut seen = 0;
        for (class, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return upper_end(class) as f64 / 1e6;
            }
        }
        0.0
    }
}

/// Exact below [`PARTS`], then so many classes for every power of two.
const fn class_of(nanos: u64) -> usize {
    if nanos < PARTS as u64 {
        return nanos as usize;
    }
    let shift = nanos.ilog2() - BITS;
    let part = (nanos >> shift) as usize - PARTS;
    (shift as usize + 1) * PARTS + part
}

const fn upper_end(class: usize) -> u64 {
    if class < PARTS {
        return class as u64;
    }
    let shift = class / PARTS - 1;
    let part = (class % PARTS + PARTS) as u64;
    ((part + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_falls_into_them_and_are_narrow() {
        for nanos in [0, 1, 63, 64, 65, 127, 128, 1_000, 123_456, 7_000_000_000] {
            let end = upper_end(class_of(nanos));
            assert!(end >= nanos && end - nanos <= nanos / 64, "{nanos}: {end}");
            assert_eq!(class_of(end), class_of(nanos));
            assert_eq!(class_of(end + 1), class_of(nanos) + 1);
        }
    }

    #[test]
    fn percentiles_are_of_what_was_added() {
        let mut histogram = Histogram::default();
        (1..=1_000).for_each(|micros| histogram.add(Duration::from_micros(micros)));
        let (median, most) = (histogram.at(500), histogram.at(990));
        assert!((0.5..0.51).contains(&median) && (0.99..1.01).contains(&most));
        assert_eq!(Histogram::default().at(990), 0.0);
    }
}
