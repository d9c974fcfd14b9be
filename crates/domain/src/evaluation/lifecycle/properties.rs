//! What holds for every lifecycle and every course of scores.

use super::*;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::convert::Infallible;

fn day(offset: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 1, 10).unwrap() + Days::new(offset)
}

fn any_term() -> impl Strategy<Value = Term> {
    prop_oneof![
        Just(Term::NONE),
        (0_u32..120).prop_map(Term::Days),
        (0_u32..8).prop_map(Term::Months),
    ]
}

prop_compose! {
    fn any_lifecycle()(
        every_months in prop::sample::select(vec![1_u32, 2, 3, 6, 12]),
        ends_in in 1_u32..13,
        at_once: bool,
        misses in 1_u32..4,
        grace in any_term(),
        minimum_stay in any_term(),
        one_step: bool,
    ) -> Lifecycle {
        Lifecycle {
            calendar: Calendar { every_months, ends_in },
            rise: if at_once { Rise::AtOnce } else { Rise::OnDate },
            misses,
            grace,
            minimum_stay,
            one_step,
        }
    }
}

/// The score's tier by day: it changes on a few days and stays in between.
fn any_course() -> impl Strategy<Value = BTreeMap<NaiveDate, usize>> {
    prop::collection::btree_map((1_u64..900).prop_map(day), 0_usize..4, 0..12).prop_map(
        |mut course| {
            course.insert(day(0), 1);
            course
        },
    )
}

fn raw(course: &BTreeMap<NaiveDate, usize>, on: NaiveDate) -> usize {
    *course.range(..=on).next_back().unwrap().1
}

fn carried(
    lifecycle: &Lifecycle,
    course: &BTreeMap<NaiveDate, usize>,
    standing: Option<Standing>,
    quiet: Option<NaiveDate>,
    on: NaiveDate,
) -> Standing {
    let told = |date| Ok::<_, Infallible>(raw(course, date));
    carry(lifecycle, standing, quiet, on, told).unwrap()
}

/// The next day on which the score's tier changes.
fn next_change(course: &BTreeMap<NaiveDate, usize>, on: NaiveDate) -> Option<NaiveDate> {
    course.keys().find(|date| **date > on).copied()
}

proptest! {
    #[test]
    fn evaluated_when_something_changes_is_evaluated_daily(
        lifecycle in any_lifecycle(), course in any_course()
    ) {
        let (mut daily, mut sparse) = (None, None);
        let mut due = Some(day(0));
        let mut quiet = None;
        for on in (0..1_000).map(day) {
            daily = Some(carried(&lifecycle, &course, daily, None, on));
            if due.is_some_and(|due| due <= on) {
                let now = carried(&lifecycle, &course, sparse, quiet, on);
                let says = raw(&course, on);
                let change = next_change(&course, on);
                quiet = now.is_settled(says).then(|| change.unwrap_or(NaiveDate::MAX));
                let step = next_step(&lifecycle, &now, says, on);
                due = [step, change].into_iter().flatten().min();
                sparse = Some(now);
            }
            prop_assert!(daily.unwrap().is_same(&sparse.unwrap()), "{on}: {daily:?} {sparse:?}");
        }
    }

    #[test]
    fn a_fall_waits_for_misses_grace_and_stay_and_a_tier_kept_falls_when_told(
        lifecycle in any_lifecycle(), course in any_course()
    ) {
        let mut before: Option<Standing> = None;
        for on in (0..1_000).map(day) {
            let now = carried(&lifecycle, &course, before, None, on);
            if let Some(before) = before {
                let eve = on.pred_opt().unwrap();
                if now.tier > before.tier {
                    prop_assert_eq!(lifecycle.calendar.first_from(eve), eve);
                    prop_assert!(eve >= lifecycle.minimum_stay.after(before.since));
                    prop_assert!(before.misses + 1 >= lifecycle.misses);
                    let first = before.missed_since.unwrap_or(eve);
                    prop_assert!(eve >= lifecycle.grace.after(first));
                    prop_assert!(!lifecycle.one_step || now.tier == before.tier + 1);
                    prop_assert!(raw(&course, eve) >= now.tier);
                }
                if now.tier < before.tier {
                    prop_assert!(lifecycle.rise == Rise::AtOnce || raw(&course, eve) == now.tier);
                }
            }
            let says = raw(&course, on);
            match lifecycle.effect(&now, says, on) {
                Effect::None => prop_assert_eq!(now.tier, says),
                Effect::Kept { until, .. } => {
                    // If the score stays: kept through that day, and lower on the next.
                    let stays = BTreeMap::from([(day(0), says)]);
                    let kept = carried(&lifecycle, &stays, Some(now), None, until);
                    prop_assert_eq!(kept.tier, now.tier);
                    let next = until.succ_opt().unwrap();
                    let fallen = carried(&lifecycle, &stays, Some(now), None, next);
                    prop_assert!(fallen.tier > now.tier);
                }
                Effect::Waits { until } => {
                    let stays = BTreeMap::from([(day(0), says)]);
                    let waiting = carried(&lifecycle, &stays, Some(now), None, until);
                    prop_assert_eq!(waiting.tier, now.tier);
                    let next = until.succ_opt().unwrap();
                    let risen = carried(&lifecycle, &stays, Some(now), None, next);
                    prop_assert_eq!(risen.tier, says);
                }
            }
            before = Some(now);
        }
    }
}

#[test]
fn kept_high_until_the_year_ends_by_grace() {
    let lifecycle = Lifecycle {
        calendar: Calendar {
            every_months: 3,
            ends_in: 12,
        },
        rise: Rise::AtOnce,
        misses: 1,
        grace: Term::Months(6),
        minimum_stay: Term::NONE,
        one_step: true,
    };
    let begin = Standing::begin(0, "2026-02-01".parse().unwrap());
    let falls = |_| Ok::<_, Infallible>(2);
    let on = "2026-07-10".parse().unwrap();
    let now = carry(&lifecycle, Some(begin), None, on, falls).unwrap();
    assert_eq!((now.tier, now.misses), (0, 2));
    let kept = Effect::Kept {
        until: "2026-09-30".parse().unwrap(),
        by: Keeping::Grace,
    };
    assert_eq!(lifecycle.effect(&now, 2, on), kept);
    let later = "2026-10-01".parse().unwrap();
    let fallen = carry(&lifecycle, Some(now), None, later, falls).unwrap();
    assert_eq!((fallen.tier, fallen.since), (1, later));
}
