//! The credit policy: what each tier is granted. Amounts are in the tenant's base currency.

use super::terms::PaymentTerm;
use crate::decision::PolicyRef;
use crate::scaled::Amount;
use std::collections::BTreeMap;

/// One version of a credit policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub reference: PolicyRef,
    /// The tier whose terms customers get who have no tier, or one that `tiers` does not know.
    pub default_tier: String,
    pub default_terms: TierCredit,
    pub tiers: BTreeMap<String, TierCredit>,
    pub limit_source: LimitRule,
}

/// What customers of one tier get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierCredit {
    pub term: PaymentTerm,
    pub limit: Amount,
    pub hold: HoldRules,
}

/// When new orders are held. A rule that is absent holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HoldRules {
    /// More than this is overdue after the days of grace.
    pub overdue_above: Option<Amount>,
    /// The oldest open item is more days overdue than this; grace does not shorten them.
    pub oldest_overdue_days_above: Option<u16>,
    /// The exposure is above the limit.
    pub over_limit: bool,
}

/// Where a customer's limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitRule {
    /// Always the tier.
    Tier,
    /// The customer's attribute `credit_limit`, and the tier where it is absent.
    AttributeElseTier,
}

impl LimitRule {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tier => "tier",
            Self::AttributeElseTier => "attribute_else_tier",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Tier, Self::AttributeElseTier]
            .into_iter()
            .find(|rule| rule.word() == word)
    }
}

impl Policy {
    /// The terms for a tier, and the tier that they are the terms of.
    pub(super) fn credit_of<'a>(&'a self, tier: Option<&'a str>) -> (&'a str, &'a TierCredit) {
        let own = tier.and_then(|tier| Some((tier, self.tiers.get(tier)?)));
        own.unwrap_or((&self.default_tier, &self.default_terms))
    }
}
