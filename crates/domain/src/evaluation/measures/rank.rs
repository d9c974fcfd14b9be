//! Where a value stands among frozen cuts, and how cuts are taken from a portfolio.

use super::Best;
use crate::evaluation::model::{Band, Scoring};
use crate::evaluation::value::Measured;
use crate::scaled::Points;
use rust_decimal::Decimal;

/// The rank of a value: what has none has no rank.
pub(in crate::evaluation) fn ranked(value: Measured, cuts: &[Decimal], best: Best) -> Measured {
    let Measured::Number(number) = value else {
        return value;
    };
    let passed = cuts.iter().filter(|cut| **cut <= number).count();
    let below = match best {
        Best::Highest => passed,
        Best::Lowest => cuts.len().saturating_sub(passed),
    };
    Measured::Number(Decimal::from(below.saturating_add(1)))
}

/// The cuts as bands, so that what changes the rank is known.
pub(super) fn edges(cuts: &[Decimal]) -> Scoring {
    let from = std::iter::once(None).chain(cuts.iter().copied().map(Some));
    let band = |from| Band {
        from,
        to: None,
        points: Points::ZERO,
    };
    Scoring::Bands(from.map(band).collect())
}
