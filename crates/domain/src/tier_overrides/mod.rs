//! A tier that people set by hand, for a time and for a reason; evaluation goes on beneath it.
//!
//! | when it holds | here                                              |
//! | rows          | `crates/persistence/src/tier_overrides.rs`        |
//! | endpoint      | `crates/http/src/v1/tier_overrides.rs`            |
//! | decisions     | `crates/persistence/src/book.rs`, by its customer |

use crate::ids::TierOverrideId;
use chrono::NaiveDate;

/// A tier by hand. It begins and ends with days, so a decision of any day knows whether it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierOverride {
    pub id: TierOverrideId,
    /// The code of a tier.
    pub tier: String,
    /// The first day.
    pub valid_from: NaiveDate,
    /// The last day.
    pub valid_until: NaiveDate,
    /// The first day on which it no longer holds, where somebody ended it early.
    pub ended_on: Option<NaiveDate>,
}

impl TierOverride {
    /// Whether the tier by hand counts on a day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        let begun = self.valid_from <= day && day <= self.valid_until;
        begun && self.ended_on.is_none_or(|ended| day < ended)
    }

    /// Whether both would hold on some day.
    pub fn meets(&self, from: NaiveDate, until: NaiveDate) -> bool {
        let first = self.valid_from.max(from);
        first <= self.valid_until.min(until) && self.ended_on.is_none_or(|ended| first < ended)
    }
}

/// The one that holds on a day. Two never do; should they, the later one counts.
pub fn in_force(overrides: &[TierOverride], day: NaiveDate) -> Option<&TierOverride> {
    let holding = overrides.iter().filter(|one| one.holds_on(day));
    holding.max_by_key(|one| one.id)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod tests {
    use super::*;
    use chrono::Days;
    use proptest::prelude::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(number)
    }

    fn override_of(id: u128, from: u64, until: u64, ended: Option<u64>) -> TierOverride {
        TierOverride {
            id: TierOverrideId::from_bits(id),
            tier: "high".to_owned(),
            valid_from: day(from),
            valid_until: day(until),
            ended_on: ended.map(day),
        }
    }

    #[test]
    fn it_holds_from_its_first_to_its_last_day() {
        let one = override_of(1, 10, 20, None);
        let holds = [9, 10, 20, 21].map(|number| one.holds_on(day(number)));
        assert_eq!(holds, [false, true, true, false]);
        let ended = override_of(1, 10, 20, Some(15));
        let holds = [14, 15, 20].map(|number| ended.holds_on(day(number)));
        assert_eq!(holds, [true, false, false]);
        let never = override_of(1, 10, 20, Some(5));
        assert!((0..30).all(|number| !never.holds_on(day(number))));
    }

    proptest! {
        #[test]
        fn two_meet_where_some_day_is_in_both(
            from in 0_u64..20, length in 0_u64..10, ended in prop::option::of(0_u64..25),
            other in 0_u64..20, long in 0_u64..10,
        ) {
            let one = override_of(1, from, from + length, ended);
            let both = (0..40).any(|it| one.holds_on(day(it)) && (other..=other + long).contains(&it));
            prop_assert_eq!(one.meets(day(other), day(other + long)), both);
        }
    }
}
