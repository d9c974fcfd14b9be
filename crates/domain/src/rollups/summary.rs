//! Sums of rollups over months, customers and categories.

use super::rollup::{Rollup, RollupError, RollupKey, Sum};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The sum of two rollups.
pub fn merge(one: &Rollup, other: &Rollup) -> Result<Rollup, RollupError> {
    let mut sum = Sum::default();
    sum.add(one);
    sum.add(other);
    sum.rollup()
}

/// The sum over the months whose first day lies in the range.
pub fn summary(
    rollups: &BTreeMap<RollupKey, Rollup>,
    months: &RangeInclusive<NaiveDate>,
) -> Result<Rollup, RollupError> {
    let mut sum = Sum::default();
    for (_, rollup) in rollups
        .iter()
        .filter(|(key, _)| months.contains(&key.month))
    {
        sum.add(rollup);
    }
    sum.rollup()
}

/// The sums over the months whose first day lies in the range, by a part of the key.
pub fn summarise_by<K: Ord>(
    rollups: &BTreeMap<RollupKey, Rollup>,
    months: &RangeInclusive<NaiveDate>,
    group: impl Fn(&RollupKey) -> K,
) -> Result<BTreeMap<K, Rollup>, RollupError> {
    let mut sums: BTreeMap<K, Sum> = BTreeMap::new();
    for (key, rollup) in rollups
        .iter()
        .filter(|(key, _)| months.contains(&key.month))
    {
        sums.entry(group(key)).or_default().add(rollup);
    }
    sums.into_iter()
        .map(|(key, sum)| Ok((key, sum.rollup()?)))
        .collect()
}
