//! Open amounts by how long they are overdue.

use crate::period::days_between;
use crate::scaled::Amount;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// The last day of each bucket but the last: not due, 1–30, 31–60, 61–90, 91–180, over 180.
pub const USUAL_BOUNDS: [u32; 4] = [30, 60, 90, 180];

/// Open amounts of a stretch of days overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// None = not due yet, or without a due date.
    pub from_days: Option<u32>,
    /// The last day included; none = without end, or not due.
    pub to_days: Option<u32>,
    pub amount: Decimal,
    pub items: u64,
}

impl Bucket {
    const fn empty(from_days: Option<u32>, to_days: Option<u32>) -> Self {
        Self {
            from_days,
            to_days,
            amount: Decimal::ZERO,
            items: 0,
        }
    }

    fn holds(&self, overdue: Option<u32>) -> bool {
        match (self.from_days, overdue) {
            (None, None) => true,
            (Some(from), Some(days)) => from <= days && self.to_days.is_none_or(|to| days <= to),
            _ => false,
        }
    }
}

/// Days since an item was due; none on the due day, before it, and where nobody told a due date.
pub fn days_overdue(due_on: Option<NaiveDate>, today: NaiveDate) -> Option<u32> {
    let days = due_on.map(|due_on| days_between(due_on, today))?;
    u32::try_from(days).ok().filter(|days| *days > 0)
}

/// Sorts open amounts into buckets: not due, then one up to each of `bounds` (rising), then the
/// rest. Every item is in exactly one bucket, so the buckets sum to the open total.
pub fn ageing(
    items: impl IntoIterator<Item = (Option<NaiveDate>, Amount)>,
    today: NaiveDate,
    bounds: &[u32],
) -> Vec<Bucket> {
    let mut buckets = empty_buckets(bounds);
    for (due_on, open) in items {
        let overdue = days_overdue(due_on, today);
        if let Some(bucket) = buckets.iter_mut().find(|bucket| bucket.holds(overdue)) {
            // Only billions of the largest amounts could saturate.
            bucket.amount = bucket.amount.saturating_add(open.decimal());
            bucket.items = bucket.items.saturating_add(1);
        }
    }
    buckets
}

fn empty_buckets(bounds: &[u32]) -> Vec<Bucket> {
    let mut buckets = vec![Bucket::empty(None, None)];
    let mut from = 1;
    for bound in bounds {
        buckets.push(Bucket::empty(Some(from), Some(*bound)));
        from = bound.saturating_add(1);
    }
    buckets.push(Bucket::empty(Some(from), None));
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;

    #[test]
    fn each_day_falls_into_one_bucket() {
        let today: NaiveDate = "2013-06-30".parse().unwrap();
        let one = Amount::from_units(10_000);
        let days = [0, 1, 30, 31, 60, 61, 90, 91, 180, 181, 4000];
        let due = days.map(|days| (Some(today - Days::new(days)), one));
        let undated = [(None, one), (Some(today + Days::new(5)), one)];
        let buckets = ageing(due.into_iter().chain(undated), today, &USUAL_BOUNDS);
        let items: Vec<u64> = buckets.iter().map(|bucket| bucket.items).collect();
        assert_eq!(items, [3, 2, 2, 2, 2, 2]);
        let open: Decimal = buckets.iter().map(|bucket| bucket.amount).sum();
        assert_eq!(open, Decimal::from(13));
    }
}
