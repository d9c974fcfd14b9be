//! Stretches of business days: windows that end on a date, and terms that begin on one.

use chrono::{Datelike, Days, Months, NaiveDate};
use std::ops::RangeInclusive;

/// Whether a business day lies in the years that are taken for meant: 1900 to 2999.
pub fn is_plausible(day: NaiveDate) -> bool {
    (1900..=2999).contains(&day.year())
}

/// A stretch of time that ends with the day of evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// Everything up to the date.
    All,
    /// The last `n` days, the date included: `as_of − n < day ≤ as_of`.
    Days(u32),
    /// The last `n` months: after the same day `n` months before (clamped to the month's end).
    Months(u32),
    /// From the first of January to the date.
    CalendarYear,
    /// From the customer's first order to the date; as wide as everything where nobody knows it.
    SinceFirstOrder,
    /// From this day on.
    From(NaiveDate),
    /// Everything before this day.
    Before(NaiveDate),
}

impl Window {
    /// The last day that is *not* in the window any more; `None` where it has no beginning.
    pub fn opens_after(self, as_of: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::All | Self::SinceFirstOrder | Self::Before(_) => None,
            Self::CalendarYear => as_of.with_ordinal(1)?.pred_opt(),
            Self::From(day) => day.pred_opt(),
            Self::Days(days) => as_of.checked_sub_days(Days::new(u64::from(days))),
            Self::Months(months) => as_of.checked_sub_months(Months::new(months)),
        }
    }

    /// Whether `day` lies in the window that ends with `as_of`.
    pub fn contains(self, as_of: NaiveDate, day: NaiveDate) -> bool {
        day <= self.closes_on(as_of) && self.opens_after(as_of).is_none_or(|before| day > before)
    }

    /// The last day of the window that ends with `as_of`.
    fn closes_on(self, as_of: NaiveDate) -> NaiveDate {
        match self {
            Self::Before(day) => day.pred_opt().unwrap_or(day).min(as_of),
            _ => as_of,
        }
    }

    /// Whether it has a length and moves with the date, so that there is one before it.
    pub const fn rolls(self) -> bool {
        matches!(self, Self::All | Self::Days(_) | Self::Months(_))
    }

    /// The first date whose window does not hold `day` any more; `None` where it always will.
    pub fn leaves_on(self, day: NaiveDate) -> Option<NaiveDate> {
        let mut date = match self {
            Self::All | Self::SinceFirstOrder | Self::From(_) | Self::Before(_) => return None,
            Self::CalendarYear => return NaiveDate::from_ymd_opt(day.year().checked_add(1)?, 1, 1),
            Self::Days(days) => day.checked_add_days(Days::new(u64::from(days)))?,
            Self::Months(months) => day.checked_add_months(Months::new(months))?,
        };
        // After a shorter month the clamped date still holds the day, for up to three days.
        while self.contains(date, day) {
            date = date.succ_opt()?;
        }
        Some(date)
    }
}

/// The days of a window that ends with a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    after: Option<NaiveDate>,
    until: NaiveDate,
}

impl Span {
    pub fn new(window: Window, as_of: NaiveDate) -> Self {
        Self {
            after: window.opens_after(as_of),
            until: window.closes_on(as_of),
        }
    }

    /// The first and the last day; from the first plausible one where it has no beginning. None
    /// where the span holds no day.
    pub fn days(self) -> Option<RangeInclusive<NaiveDate>> {
        let first = match self.after {
            Some(day) => day.succ_opt()?,
            None => NaiveDate::from_ymd_opt(1900, 1, 1)?,
        };
        (first <= self.until).then_some(first..=self.until)
    }

    /// The last day, included.
    pub const fn until(self) -> NaiveDate {
        self.until
    }

    pub fn contains(self, day: NaiveDate) -> bool {
        day <= self.until && self.after.is_none_or(|before| day > before)
    }

    /// Whether every day of the month that begins on `first` lies in the span.
    pub fn holds_month(self, first: NaiveDate) -> bool {
        self.contains(first) && self.contains(end_of_month(first))
    }

    /// The days of months that lie only partly in the span: one stretch at either end at most.
    pub fn edges(self) -> Vec<RangeInclusive<NaiveDate>> {
        let first = self
            .after
            .map_or(Some(NaiveDate::MIN), |day| day.succ_opt());
        let Some(first) = first.filter(|day| *day <= self.until) else {
            return Vec::new();
        };
        let mut edges = Vec::new();
        for day in [first, self.until] {
            let month = month_of(day);
            let edge = month.max(first)..=end_of_month(month).min(self.until);
            if !self.holds_month(month) && !edges.contains(&edge) {
                edges.push(edge);
            }
        }
        edges
    }
}

/// The same days as `stretches`, in order and without overlap.
pub fn merged(mut stretches: Vec<RangeInclusive<NaiveDate>>) -> Vec<RangeInclusive<NaiveDate>> {
    stretches.sort_by_key(|stretch| (*stretch.start(), *stretch.end()));
    let mut merged: Vec<RangeInclusive<NaiveDate>> = Vec::new();
    for stretch in stretches {
        match merged.last_mut() {
            Some(last) if stretch.start() <= last.end() => {
                *last = *last.start()..=*last.end().max(stretch.end());
            }
            _ => merged.push(stretch),
        }
    }
    merged
}

/// The first day of a day's month.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The last day of a day's month.
fn end_of_month(day: NaiveDate) -> NaiveDate {
    let next = month_of(day).checked_add_months(Months::new(1));
    next.and_then(|next| next.pred_opt())
        .unwrap_or(NaiveDate::MAX)
}

/// Whole days from `from` to `to`; negative where `to` is earlier.
pub fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days()
}

/// Whole months completed from `from` to `to`; zero where `to` is earlier.
pub fn months_between(from: NaiveDate, to: NaiveDate) -> u32 {
    let index = |date: NaiveDate| {
        i64::from(date.year())
            .saturating_mul(12)
            .saturating_add(i64::from(date.month0()))
    };
    let complete = i64::from(to.day() >= from.day() || is_last_of_month(to));
    let months = index(to)
        .saturating_sub(index(from))
        .saturating_add(complete)
        .saturating_sub(1);
    u32::try_from(months).unwrap_or(0)
}

fn is_last_of_month(date: NaiveDate) -> bool {
    date == end_of_month(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_of_days_holds_as_many_days_as_it_says() {
        let window = Window::Days(90);
        let as_of = day("1998-06-30");
        let held = (0..200)
            .filter(|n| window.contains(as_of, as_of - Days::new(*n)))
            .count();
        assert_eq!(held, 90);
        assert!(!window.contains(as_of, day("1998-07-01")));
    }

    #[test]
    fn a_day_leaves_its_window_on_the_first_date_that_does_not_hold_it() {
        for window in [Window::Days(1), Window::Months(1), Window::Months(12)] {
            for n in 0..800 {
                let held = day("2023-12-01") + Days::new(n);
                let left = window.leaves_on(held).unwrap();
                assert!(!window.contains(left, held), "{held} {window:?}");
                assert!(
                    window.contains(left - Days::new(1), held),
                    "{held} {window:?}"
                );
            }
        }
        assert_eq!(Window::All.leaves_on(day("2024-01-01")), None);
    }

    #[test]
    fn whole_months_and_edges_are_the_days_of_a_span() {
        let windows = [
            Window::All,
            Window::Days(1),
            Window::Days(90),
            Window::Months(1),
            Window::Months(12),
        ];
        for (window, n) in windows
            .into_iter()
            .flat_map(|it| (0..800).map(move |n| (it, n)))
        {
            let span = Span::new(window, day("2023-12-01") + Days::new(n));
            let edges = span.edges();
            assert!(edges.len() <= 2, "{span:?}");
            for held in (0..1_700).map(|n| day("2021-06-15") + Days::new(n)) {
                let times = edges.iter().filter(|edge| edge.contains(&held)).count();
                let times = times + usize::from(span.holds_month(month_of(held)));
                assert_eq!(times, usize::from(span.contains(held)), "{held} {span:?}");
            }
        }
        let ends = [NaiveDate::MIN, NaiveDate::MAX];
        assert!(ends.map(|end| Span::new(Window::Months(2), end).edges().len()) <= [2, 2]);
    }

    #[test]
    fn stretches_that_touch_the_same_days_become_one() {
        let stretch = |from: &str, to: &str| day(from)..=day(to);
        let stretches = vec![
            stretch("2024-03-01", "2024-03-15"),
            stretch("2023-03-16", "2023-03-31"),
            stretch("2024-03-10", "2024-03-20"),
        ];
        let expected = [
            stretch("2023-03-16", "2023-03-31"),
            stretch("2024-03-01", "2024-03-20"),
        ];
        assert_eq!(merged(stretches), expected);
    }

    #[test]
    fn months_end_where_months_end() {
        assert_eq!(
            Window::Months(1).opens_after(day("2024-03-31")),
            Some(day("2024-02-29"))
        );
        assert_eq!(months_between(day("2024-01-31"), day("2024-02-29")), 1);
        assert_eq!(months_between(day("2024-01-15"), day("2024-02-14")), 0);
        assert_eq!(months_between(day("2023-01-15"), day("2024-01-15")), 12);
        assert_eq!(months_between(day("2024-05-01"), day("2024-01-01")), 0);
    }
}
