//! How what is old counts less: a share is taken away after every full interval.

use crate::period::days_between;
use crate::scaled::Percent;
use chrono::{Days, NaiveDate};

const WHOLE: i64 = 1_000_000;

/// After every `interval_days` another `percent` of the whole is gone, until nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decay {
    pub interval_days: u32,
    /// Above 0, at most 100.
    pub percent: Percent,
}

impl Decay {
    /// What is left on `as_of` of something that happened on `day`: 100 to 0 per cent.
    pub fn left(&self, day: NaiveDate, as_of: NaiveDate) -> Percent {
        let age = days_between(day, as_of).max(0);
        let intervals = age.checked_div(i64::from(self.interval_days)).unwrap_or(0);
        let gone = intervals.saturating_mul(self.percent.units());
        Percent::from_units(WHOLE.saturating_sub(gone).max(0))
    }

    /// The first date after `as_of` on which less is left; none where nothing is left already.
    pub fn next_step(&self, day: NaiveDate, as_of: NaiveDate) -> Option<NaiveDate> {
        if self.left(day, as_of).is_zero() {
            return None;
        }
        let age = u64::try_from(days_between(day, as_of)).unwrap_or(0);
        let interval = u64::from(self.interval_days);
        let intervals = age.checked_div(interval)?.checked_add(1)?;
        day.checked_add_days(Days::new(intervals.checked_mul(interval)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_gone_after_every_ninety_days() {
        let decay = Decay {
            interval_days: 90,
            percent: "25".parse().unwrap(),
        };
        let day: NaiveDate = "2026-01-01".parse().unwrap();
        let left = |age| decay.left(day, day + Days::new(age)).to_string();
        assert_eq!(
            [0, 89, 90, 269, 270, 360, 9_999].map(left),
            ["100", "100", "75", "50", "25", "0", "0"]
        );
        let mut date = day;
        let mut steps = Vec::new();
        while let Some(next) = decay.next_step(day, date) {
            steps.push(days_between(day, next));
            date = next;
        }
        assert_eq!(steps, [90, 180, 270, 360]);
    }
}
