//! The whale curve: how profit gathers, from the best customer to the worst.

/// One point of the curve: the best so many bring so much together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    pub rank: usize,
    /// What the last of them brings, in units of an amount.
    pub own: i128,
    /// What all of them bring.
    pub cumulative: i128,
}

/// Contributions in order, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whale {
    contributions: Vec<i128>,
}

impl Whale {
    /// The order in which contributions are given does not matter.
    pub fn of(mut contributions: Vec<i128>) -> Self {
        contributions.sort_unstable_by(|one, other| other.cmp(one));
        Self { contributions }
    }

    pub fn count(&self) -> usize {
        self.contributions.len()
    }

    /// What all bring together.
    pub fn total(&self) -> i128 {
        sum(&self.contributions)
    }

    /// How many bring less than nothing, and what they lose.
    pub fn losses(&self) -> (usize, i128) {
        let first = self.contributions.partition_point(|one| *one >= 0);
        let losing = self.contributions.get(first..).unwrap_or_default();
        (losing.len(), sum(losing))
    }

    /// Where the curve is highest: the last who brings something. None where nobody does.
    pub fn peak(&self) -> Option<Reached> {
        let gaining = self.contributions.partition_point(|one| *one > 0);
        self.at(gaining)
    }

    /// What the best so many bring; none outside of 1 to all.
    pub fn at(&self, rank: usize) -> Option<Reached> {
        let own = *self.contributions.get(rank.checked_sub(1)?)?;
        let best = self.contributions.get(..rank).unwrap_or_default();
        Some(Reached {
            rank,
            own,
            cumulative: sum(best),
        })
    }

    /// The best share of all: a fifth of 793 are 158, for parts of one are left out.
    pub fn best(&self, per_cent: usize) -> Option<Reached> {
        self.at(self.count().saturating_mul(per_cent).checked_div(100)?)
    }

    /// The curve by at most `most` points and its peak, in order; the last point is always there.
    pub fn points(&self, most: usize) -> Vec<Reached> {
        let count = self.count();
        let steps = count.div_ceil(most.max(1)).max(1);
        let peak = self.peak().map(|peak| peak.rank);
        let mut cumulative = 0_i128;
        let ranked = (1_usize..).zip(&self.contributions);
        ranked
            .filter_map(|(rank, own)| {
                cumulative = cumulative.saturating_add(*own);
                let told = rank.is_multiple_of(steps) || rank == count || Some(rank) == peak;
                told.then_some(Reached {
                    rank,
                    own: *own,
                    cumulative,
                })
            })
            .collect()
    }
}

/// No list in memory is long enough to reach the ends of `i128`.
fn sum(units: &[i128]) -> i128 {
    units.iter().fold(0, |sum, unit| sum.saturating_add(*unit))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn twenty_percent_bring_all_and_twenty_erode_it() {
        let whale = Whale::of(vec![10, -40, 140, -20, 10]);
        assert_eq!(whale.total(), 100);
        assert_eq!(whale.best(20).unwrap().cumulative, 140);
        let peak = whale.peak().unwrap();
        assert_eq!((peak.rank, peak.cumulative), (3, 160));
        assert_eq!(whale.losses(), (2, -60));
        assert_eq!(Whale::default().peak(), None);
        assert_eq!(Whale::of(vec![-1]).peak(), None);
    }

    proptest! {
        #[test]
        fn the_curve_rises_to_its_peak_and_ends_at_the_total(
            contributions in prop::collection::vec(-1_000_i128..1_000, 1..200), most in 1_usize..50
        ) {
            let whale = Whale::of(contributions.clone());
            prop_assert_eq!(whale.total(), contributions.iter().sum::<i128>());
            let points = whale.points(most);
            prop_assert!(points.len() <= most + 2);
            prop_assert_eq!(points.last().unwrap().cumulative, whale.total());
            let highest = (0..=whale.count()).filter_map(|rank| whale.at(rank)).map(|it| it.cumulative).max();
            match whale.peak() {
                Some(peak) => {
                    prop_assert_eq!(Some(peak.cumulative), highest);
                    prop_assert!(points.iter().any(|point| point.rank == peak.rank));
                }
                None => prop_assert!(highest.unwrap() <= 0),
            }
        }
    }
}
