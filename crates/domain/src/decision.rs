//! What every decision says about itself: the policy it followed and its reasons.

use rust_decimal::Decimal;

/// Which version of which policy a decision followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyRef {
    pub id: String,
    pub version: u32,
}

/// Where an entitlement comes from. The first that says anything about a customer decides, where
/// entitlements exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Somebody decided so for a while.
    Override,
    Contract,
    /// A rule or a value of this customer's own.
    Customer,
    Group,
    Tier,
    /// For everybody.
    Default,
}

impl Level {
    pub const ALL: [Self; 6] = [
        Self::Override,
        Self::Contract,
        Self::Customer,
        Self::Group,
        Self::Tier,
        Self::Default,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Contract => "contract",
            Self::Customer => "customer",
            Self::Group => "group",
            Self::Tier => "tier",
            Self::Default => "default",
        }
    }
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
