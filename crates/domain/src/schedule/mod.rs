//! When something is due that repeats: a cron expression of five fields, in the tenant's own time.
//!
//! | expression | here                                      |
//! | carried out | `crates/http/src/flows/schedule.rs`      |

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use std::collections::BTreeSet;

/// Days that are looked through: the 29th of February on a Monday comes within 40 years.
const HORIZON: u64 = 366 * 41;

/// Minute, hour, day of the month, month, day of the week (0 and 7 are Sunday).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: Field,
    months: BTreeSet<u32>,
    weekdays: Field,
}

/// A field that may leave the choice of days to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    values: BTreeSet<u32>,
    /// It was `*`.
    any: bool,
}

/// An expression that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSchedule {
    #[error("must have five fields: minute, hour, day of the month, month, day of the week")]
    Fields,
    #[error("`{0}` is no list of numbers, ranges and steps from {1} to {2}")]
    Field(String, u32, u32),
    #[error("never comes")]
    Never,
}

impl std::str::FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Self, NoSchedule> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(NoSchedule::Fields);
        };
        let values = |text: &str, low, high| {
            let values = read(text, low, high);
            values.ok_or_else(|| NoSchedule::Field(text.chars().take(40).collect(), low, high))
        };
        let field = |text: &str, low, high| {
            Ok::<_, NoSchedule>(Field {
                values: values(text, low, high)?,
                any: text == "*",
            })
        };
        let mut weekdays = field(weekdays, 0, 7)?;
        if weekdays.values.remove(&7) {
            weekdays.values.insert(0);
        }
        let schedule = Self {
            minutes: values(minutes, 0, 59)?,
            hours: values(hours, 0, 23)?,
            days: field(days, 1, 31)?,
            months: values(months, 1, 12)?,
            weekdays,
        };
        let leap = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
        schedule
            .next_after(leap.and_time(NaiveTime::MIN))
            .map_or(Err(NoSchedule::Never), |_| Ok(schedule))
    }
}

/// `*`, `5`, `1-5`, `*/15`, `8-18/2`, and lists of these.
fn read(text: &str, low: u32, high: u32) -> Option<BTreeSet<u32>> {
    let mut values = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, number(step).filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if from < low || to > high || from > to {
            return None;
        }
        let step = usize::try_from(step).ok()?;
        values.extend((from..=to).step_by(step));
    }
    Some(values)
}

fn number(text: &str) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl Schedule {
    /// The first minute after a moment; none where it never comes.
    pub fn next_after(&self, moment: NaiveDateTime) -> Option<NaiveDateTime> {
        let (today, minute) = (moment.date(), (moment.hour(), moment.minute()));
        for ahead in 0..HORIZON {
            let day = today.checked_add_days(Days::new(ahead))?;
            if !self.holds(day) {
                continue;
            }
            let times = self.hours.iter().flat_map(|hour| {
                let minutes = self.minutes.iter();
                minutes.map(move |minute| (*hour, *minute))
            });
            let next = times.filter(|time| ahead > 0 || *time > minute).min();
            if let Some((hour, minute)) = next {
                return day.and_hms_opt(hour, minute, 0);
            }
        }
        None
    }

    /// As cron has it: where both kinds of days are chosen, either of them is enough.
    fn holds(&self, day: NaiveDate) -> bool {
        let of_month = self.days.values.contains(&day.day());
        let weekday = day.weekday().num_days_from_sunday();
        let of_week = self.weekdays.values.contains(&weekday);
        let chosen = match (self.days.any, self.weekdays.any) {
            (false, false) => of_month || of_week,
            _ => of_month && of_week,
        };
        chosen && self.months.contains(&day.month())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_time_comes_after_the_last() {
        for (expression, after, next) in [
            ("30 2 * * *", "2026-03-01T02:29:59", "2026-03-01T02:30:00"),
            ("30 2 * * *", "2026-03-01T02:30:00", "2026-03-02T02:30:00"),
            (
                "*/15 8-18/2 * * 1-5",
                "2026-02-27T18:45:00",
                "2026-03-02T08:00:00",
            ),
            ("0 0 1 */3 *", "2026-02-15T00:00:00", "2026-04-01T00:00:00"),
            ("0 0 29 2 *", "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
            ("0 6 13 * 5", "2026-02-10T00:00:00", "2026-02-13T06:00:00"),
            ("0 6 14 * 5", "2026-02-13T07:00:00", "2026-02-14T06:00:00"),
            (
                "5,35 23 31 12 *",
                "2026-12-31T23:05:00",
                "2026-12-31T23:35:00",
            ),
            ("0 0 * * 7", "2026-03-02T00:00:00", "2026-03-08T00:00:00"),
        ] {
            let schedule: Schedule = expression.parse().unwrap();
            assert_eq!(
                schedule.next_after(at(after)),
                Some(at(next)),
                "{expression}"
            );
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1.5 * * * *",
            "+1 * * * *",
            "* * * * 8",
        ] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
        assert_eq!("0 0 30 2 *".parse::<Schedule>(), Err(NoSchedule::Never));
    }

    proptest! {
        #[test]
        fn nothing_between_is_due(hour in 0_u32..24, minute in 0_u32..60, start in 0_u64..2_000_000) {
            let schedule: Schedule = format!("{minute} {hour} * * *").parse().unwrap();
            let from = at("2024-01-01T00:00:00") + chrono::TimeDelta::minutes(start as i64);
            let next = schedule.next_after(from).unwrap();
            prop_assert!(next > from && next - from <= chrono::TimeDelta::days(1));
            prop_assert_eq!((next.hour(), next.minute()), (hour, minute));
        }
    }
}
