//! Where a customer stands, and how the calendar carries that on.

use super::rules::{Lifecycle, Rise};
use chrono::NaiveDate;

/// The tier that a customer has, and what has led there. Tiers by index: a larger one is lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub tier: usize,
    /// The first day in this tier.
    pub since: NaiveDate,
    /// Calendar dates in a row whose score was too low.
    pub misses: u32,
    /// The first of them.
    pub missed_since: Option<NaiveDate>,
    /// The last day whose calendar dates have been taken into account.
    pub stepped_to: NaiveDate,
}

impl Standing {
    /// Who has no past begins where the score says.
    pub const fn begin(tier: usize, on: NaiveDate) -> Self {
        Self {
            tier,
            since: on,
            misses: 0,
            missed_since: None,
            // A date that ends with this day is still to come.
            stepped_to: match on.pred_opt() {
                Some(day) => day,
                None => on,
            },
        }
    }

    /// Whether both say the same of the customer, whatever dates have passed without effect.
    pub fn is_same(&self, other: &Self) -> bool {
        let told = |it: &Self| (it.tier, it.since, it.misses, it.missed_since);
        told(self) == told(other)
    }

    /// Whether the score's tier is the customer's and nothing is held against it: calendar dates
    /// change nothing then.
    pub const fn is_settled(&self, raw: usize) -> bool {
        self.tier == raw && self.misses == 0
    }

    const fn moved(self, tier: usize, since: NaiveDate) -> Self {
        Self {
            tier,
            since,
            misses: 0,
            missed_since: None,
            ..self
        }
    }
}

impl Lifecycle {
    /// What the end of a calendar date, on which the score says `raw`, makes of a standing. What
    /// changes holds from the day after.
    pub fn step(&self, standing: Standing, raw: usize, on: NaiveDate) -> Standing {
        let before = Standing {
            stepped_to: on,
            ..standing
        };
        let from = on.succ_opt().unwrap_or(on);
        if raw < before.tier {
            return before.moved(raw, from);
        }
        if raw == before.tier {
            return Standing {
                misses: 0,
                missed_since: None,
                ..before
            };
        }
        let missed = Standing {
            misses: before.misses.saturating_add(1),
            missed_since: before.missed_since.or(Some(on)),
            ..before
        };
        if !self.may_fall(&missed, on) {
            return missed;
        }
        let below = missed.tier.saturating_add(1);
        let to = if self.one_step { raw.min(below) } else { raw };
        missed.moved(to, from)
    }

    fn may_fall(&self, missed: &Standing, on: NaiveDate) -> bool {
        let first = missed.missed_since.unwrap_or(on);
        missed.misses >= self.misses
            && on >= self.grace.after(first)
            && on >= self.minimum_stay.after(missed.since)
    }

    /// What any day makes of a standing: it may rise and nothing else.
    pub fn rise(&self, standing: Standing, raw: usize, on: NaiveDate) -> Standing {
        if raw < standing.tier && self.rise == Rise::AtOnce {
            return standing.moved(raw, on);
        }
        standing
    }
}

/// Carries a standing on to `as_of`: the calendar dates before it, each with what `raw` says of
/// that date, then a rise on the day itself. Dates before `quiet_until` are known to have changed
/// nothing.
pub fn carry<E>(
    lifecycle: &Lifecycle,
    standing: Option<Standing>,
    quiet_until: Option<NaiveDate>,
    as_of: NaiveDate,
    mut raw: impl FnMut(NaiveDate) -> Result<usize, E>,
) -> Result<Standing, E> {
    let Some(mut standing) = standing.filter(|standing| standing.stepped_to < as_of) else {
        return Ok(Standing::begin(raw(as_of)?, as_of));
    };
    let quiet = quiet_until.and_then(|day| day.min(as_of).pred_opt());
    let after = quiet.map_or(standing.stepped_to, |day| day.max(standing.stepped_to));
    for date in lifecycle.calendar.between(after, as_of) {
        standing = lifecycle.step(standing, raw(date)?, date);
    }
    let yesterday = as_of.pred_opt().unwrap_or(as_of);
    standing.stepped_to = standing.stepped_to.max(yesterday);
    Ok(lifecycle.rise(standing, raw(as_of)?, as_of))
}

/// The first day after `as_of` on which the calendar may change a standing while the score stays.
pub fn next_step(
    lifecycle: &Lifecycle,
    standing: &Standing,
    raw: usize,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    if standing.is_settled(raw) {
        return None;
    }
    lifecycle.calendar.first_from(as_of).succ_opt()
}
