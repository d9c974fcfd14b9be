//! The calendar on which tiers may fall, and what a fall must wait for.

use crate::period::month_of;
use chrono::{Datelike, Days, Months, NaiveDate};

/// Every so many months: the last day of each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// A divisor of 12.
    pub every_months: u32,
    /// A month in which a period ends, 1 to 12.
    pub ends_in: u32,
}

/// When a better score lifts the tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rise {
    AtOnce,
    /// With the next calendar date.
    OnDate,
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    Days(u32),
    Months(u32),
}

/// How a tier follows the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    pub calendar: Calendar,
    pub rise: Rise,
    /// The tier falls with this many calendar dates in a row whose score is too low; at least 1.
    pub misses: u32,
    /// Not before so long after the first of these dates.
    pub grace: Term,
    /// Not before so long after the tier was reached.
    pub minimum_stay: Term,
    /// One tier at a time.
    pub one_step: bool,
}

impl Term {
    pub const NONE: Self = Self::Days(0);

    /// The day so long after `day`.
    pub fn after(self, day: NaiveDate) -> NaiveDate {
        let later = match self {
            Self::Days(days) => day.checked_add_days(Days::new(days.into())),
            Self::Months(months) => day.checked_add_months(Months::new(months)),
        };
        later.unwrap_or(NaiveDate::MAX)
    }

    pub const fn length(self) -> u32 {
        match self {
            Self::Days(length) | Self::Months(length) => length,
        }
    }
}

impl Calendar {
    /// The first calendar date on or after `day`.
    pub fn first_from(self, day: NaiveDate) -> NaiveDate {
        let ends = |month: u32| {
            let months = month.saturating_add(12).saturating_sub(self.ends_in);
            months.checked_rem(self.every_months).unwrap_or(0) == 0
        };
        let mut month = month_of(day);
        for _ in 0..12 {
            if ends(month.month()) {
                break;
            }
            month = month
                .checked_add_months(Months::new(1))
                .unwrap_or(NaiveDate::MAX);
        }
        let next = month.checked_add_months(Months::new(1));
        next.and_then(|next| next.pred_opt())
            .unwrap_or(NaiveDate::MAX)
    }

    /// The first calendar date after `day`.
    pub fn next_after(self, day: NaiveDate) -> NaiveDate {
        day.succ_opt()
            .map_or(NaiveDate::MAX, |day| self.first_from(day))
    }

    /// The calendar dates after `after` and before `before`.
    pub fn between(self, after: NaiveDate, before: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let next = move |date: &NaiveDate| {
            let next = self.next_after(*date);
            (next > *date).then_some(next)
        };
        std::iter::successors(Some(self.next_after(after)), next)
            .take_while(move |date| *date < before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(every_months: u32, ends_in: u32) -> Vec<String> {
        let calendar = Calendar {
            every_months,
            ends_in,
        };
        let ends = ["2023-11-30", "2024-07-01"].map(|day| day.parse().unwrap());
        let dates = calendar.between(ends[0], ends[1]);
        dates.map(|date| date.to_string()).collect()
    }

    #[test]
    fn periods_end_with_the_last_day_of_their_month() {
        let quarters = ["2023-12-31", "2024-03-31", "2024-06-30"];
        assert_eq!(dates(3, 12), quarters);
        assert_eq!(dates(3, 3), quarters);
        assert_eq!(dates(3, 1), ["2024-01-31", "2024-04-30"]);
        assert_eq!(dates(12, 2), ["2024-02-29"]);
        assert_eq!(dates(1, 1).len(), 7);
        let edge = Calendar {
            every_months: 1,
            ends_in: 1,
        };
        assert_eq!(edge.between(NaiveDate::MAX, NaiveDate::MAX).count(), 0);
    }
}
