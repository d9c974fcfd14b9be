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
    #[error("`{0}` is not the code of a group of this model")]
    UnknownGroup(String),
    #[error("no criterion belongs to it")]
    WithoutCriteria,
    #[error("must not be above the maximum")]
    MinAboveMax,
    #[error("must be from 0 to {0}")]
    OutOfRange(u32),
    #[error("this measure is not taken from facts that age")]
    NothingAges,
    #[error("the facts behind this measure cannot be filtered")]
    NoFilter,
    #[error(
        "the reason `{0}` must have 1 to 64 letters, digits, `_`, `-` or `.`, and texts of 1 to 500 characters"
    )]
    InvalidReason(String),
    #[error("has more than {0} conditions within each other")]
    TooDeep(usize),
    #[error("whom a model is for cannot depend on what it measures")]
    NotMeasured,
    #[error("this needs a measure that yields numbers")]
    NeedsNumbers,
    #[error("needs a lower or an upper bound")]
    Unbounded,
    #[error("must be 1, 2, 3, 4, 6 or 12")]
    NoDivisor,
    #[error("needs a window of days or months: there is none of the same length before it")]
    NoWindowBefore,
    #[error("must not be below the cut before it")]
    NotAscending,
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
            Self::UnknownGroup(_) => "unknown_group",
            Self::WithoutCriteria => "without_criteria",
            Self::MinAboveMax => "min_above_max",
            Self::OutOfRange(_) => "out_of_range",
            Self::NothingAges => "nothing_ages",
            Self::NoFilter => "no_filter",
            Self::InvalidReason(_) => "invalid_reason",
            Self::TooDeep(_) => "too_deep",
            Self::NotMeasured => "not_measured",
            Self::NeedsNumbers => "needs_numbers",
            Self::Unbounded => "unbounded",
            Self::NoDivisor => "no_divisor",
            Self::NoWindowBefore => "no_window_before",
            Self::NotAscending => "not_ascending",
        }
    }
}

fn bound(bound: &Option<Decimal>) -> String {
    bound.map_or_else(|| "any".to_owned(), |bound| bound.normalize().to_string())
}
