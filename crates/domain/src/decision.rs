//! What every decision says about itself: the policy it followed and its reasons.

use rust_decimal::Decimal;

/// Which version of which policy a decision followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyRef {
    pub id: String,
    pub version: u32,
}

/// Why a decision came out as it did: a code of the slice, what was found and what was allowed.
/// Both numbers are in the unit that the code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason<Code> {
    pub code: Code,
    pub actual: Option<Decimal>,
    pub threshold: Option<Decimal>,
}

impl<Code> Reason<Code> {
    /// A reason that compares nothing.
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            actual: None,
            threshold: None,
        }
    }

    /// `actual` went beyond `threshold`.
    pub const fn beyond(code: Code, actual: Decimal, threshold: Decimal) -> Self {
        Self {
            code,
            actual: Some(actual),
            threshold: Some(threshold),
        }
    }
}
