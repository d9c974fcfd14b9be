//! No effect is not found, a large one is: on customers as uneven as customers are.

#![allow(clippy::arithmetic_side_effects)] // A panic fails the test.

use super::sample::Sample;
use super::welch::{Verdict, welch};
use crate::hold_out::HoldOut;
use crate::ids::CustomerId;

/// A draw that is the same on every machine (a linear congruence, its upper bits).
struct Draws(u64);

impl Draws {
    /// From 0 to below a million.
    fn next(&mut self) -> i128 {
        let step = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = step.wrapping_add(1_442_695_040_888_963_407);
        i128::from(self.0 >> 33).wrapping_rem(1_000_000)
    }

    /// What a customer brings: most a little, a few much, some a loss.
    fn customer(&mut self) -> i128 {
        let small = self.next();
        let large = self.next().wrapping_mul(self.next()).wrapping_div(400_000);
        small.wrapping_add(large).wrapping_sub(300_000)
    }
}

/// The verdicts of many trials in which customers with the benefit bring `effect` more.
fn verdicts(effect: i128, trials: u64) -> Vec<Verdict> {
    let share = HoldOut {
        share: "20".parse().unwrap(),
        salt: "trial".to_owned(),
    };
    let mut draws = Draws(42);
    let trials = 0..trials;
    trials
        .map(|trial| {
            let (mut with, mut without) = (Sample::default(), Sample::default());
            for number in 0..400_u128 {
                let customer = CustomerId::from_bits((u128::from(trial) << 32) | number);
                let brings = draws.customer();
                match share.holds("tier-high", customer) {
                    true => without = without.with(brings).unwrap(),
                    false => with = with.with(brings.wrapping_add(effect)).unwrap(),
                }
            }
            Verdict::of(welch(&with, &without).as_ref())
        })
        .collect()
}

#[test]
fn without_an_effect_about_95_per_cent_are_inconclusive() {
    let all = verdicts(0, 2_000);
    let found = all
        .iter()
        .filter(|it| **it != Verdict::Inconclusive)
        .count();
    // 5 % of 2,000 is 100, with a standard deviation of 10.
    assert!(
        (60..=145).contains(&found),
        "{found} of 2,000 found something"
    );
}

#[test]
fn a_large_effect_is_found_and_its_direction_told() {
    for (effect, expected) in [(400_000, Verdict::Pays), (-400_000, Verdict::Costs)] {
        let all = verdicts(effect, 200);
        let found = all.iter().filter(|it| **it == expected).count();
        assert!(found >= 195, "{found} of 200");
    }
}
