//! Why a tier is not the one that the score says, and until when.

use super::rules::Lifecycle;
use super::standing::Standing;
use chrono::NaiveDate;

/// What the lifecycle makes of the score's tier on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The tier is the score's.
    None,
    /// The score says a lower tier; this one is kept through `until` if the score stays.
    Kept { until: NaiveDate, by: Keeping },
    /// The score says a better tier, which begins after `until` if the score stays.
    Waits { until: NaiveDate },
}

/// What a fall waits for the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    Grace,
    MinimumStay,
    Misses,
    /// Nothing but the next calendar date.
    Calendar,
}

impl Keeping {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grace => "grace",
            Self::MinimumStay => "minimum_stay",
            Self::Misses => "misses",
            Self::Calendar => "calendar",
        }
    }
}

impl Lifecycle {
    /// What is told of a standing while the score says `raw` on `as_of`.
    pub fn effect(&self, standing: &Standing, raw: usize, as_of: NaiveDate) -> Effect {
        let next = self.calendar.first_from(as_of);
        if raw == standing.tier {
            return Effect::None;
        }
        if raw < standing.tier {
            return Effect::Waits { until: next };
        }
        let first = standing.missed_since.unwrap_or(next);
        let grace = self.grace.after(first);
        let stay = self.minimum_stay.after(standing.since);
        let lacking = self.misses.saturating_sub(standing.misses).max(1);
        let counted = (1..lacking).fold(next, |date, _| self.calendar.next_after(date));
        let until = self.calendar.first_from(counted.max(grace).max(stay));
        let has_grace = self.grace.length() > 0;
        let by = if has_grace && self.calendar.first_from(grace) == until {
            Keeping::Grace
        } else if stay > as_of && self.calendar.first_from(stay) == until {
            Keeping::MinimumStay
        } else if self.misses > 1 {
            Keeping::Misses
        } else {
            Keeping::Calendar
        };
        Effect::Kept { until, by }
    }
}
