//! What a model must not be.

use crate::path::Path;
use rust_decimal::Decimal;

/// One fault of a model, with the way to it in the spelling of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFault {
    pub path: Path,
    pub kind: FaultKind,
}

/// The kinds of faults; the text is for people, the code for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    #[error("must have at least one entry")]
    Empty,
    #[error("has more than {0} entries")]
    TooMany(usize),
    #[error("`{0}` occurs more than once")]
    Duplicate(String),
    #[error("must be 1 to 64 characters: a lower-case letter, then letters, digits and `_`")]
    InvalidCode,
    #[error("must be 1 to 200 characters without control characters or outer blanks")]
    InvalidLabel,
    #[error("must be from 1 to {0}")]
    WindowOutOfRange(u32),
    #[error("this measure yields numbers and is scored by bands")]
    NeedsBands,
    #[error("values from {from} up to {to} fall into no band", from = bound(.from), to = bound(.to))]
    Gap {
        from: Option<Decimal>,
        to: Option<Decimal>,
    },
    #[error("values from {from} up to {to} fall into two bands", from = bound(.from), to = bound(.to))]
    Overlap {
        from: Option<Decimal>,
        to: Option<Decimal>,
    },
    #[error("holds no value: its lower bound must be below its upper bound")]
    EmptyBand,
    #[error("must be below the threshold of the better tier before it")]
    NotDescending,
    #[error("the last tier holds every lower score and has no threshold")]
    LastTierBounded,
    #[error("every tier but the last needs a threshold")]
    ThresholdMissing,
    #[error("`{0}` is not the code of a tier of this model")]
    UnknownTier(String),
    #[error("the points add up to more than can be kept")]
    PointsTooLarge,
}

impl FaultKind {
    /// The stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooMany(_) => "too_many",
            Self::Duplicate(_) => "duplicate",
            Self::InvalidCode => "invalid_code",
            Self::InvalidLabel => "invalid_label",
            Self::WindowOutOfRange(_) => "out_of_range",
            Self::NeedsBands => "needs_bands",
            Self::Gap { .. } => "gap",
            Self::Overlap { .. } => "overlap",
            Self::EmptyBand => "empty_band",
            Self::NotDescending => "not_descending",
            Self::LastTierBounded => "last_tier_bounded",
            Self::ThresholdMissing => "threshold_missing",
            Self::UnknownTier(_) => "unknown_tier",
            Self::PointsTooLarge => "points_too_large",
        }
    }
}

fn bound(bound: &Option<Decimal>) -> String {
    bound.map_or_else(|| "any".to_owned(), |bound| bound.normalize().to_string())
}
