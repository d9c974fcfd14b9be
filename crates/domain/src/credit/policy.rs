//! The credit policy: what each tier is granted. Amounts are in the tenant's base currency.

use super::dunning::DunningRules;
use super::limits::ExpiredLimit;
use super::proposals::LimitFormula;
use super::terms::PaymentTerm;
use crate::decision::PolicyRef;
use crate::hold_out::HoldOut;
use crate::ids::{CustomerId, GroupId};
use crate::scaled::Amount;
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// One version of a credit policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub reference: PolicyRef,
    /// The tier whose terms customers get who have no tier, or one that `tiers` does not know.
    pub default_tier: String,
    pub default_terms: TierCredit,
    pub tiers: BTreeMap<String, TierCredit>,
    pub limit_source: LimitRule,
    pub authorization: AuthorizationRules,
    /// Other thresholds than those of the tier, for some customers.
    pub exceptions: Vec<Exception>,
    pub data: DataRules,
    /// None = nothing is proposed.
    pub formula: Option<LimitFormula>,
}

/// What is expected of the data that finance keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataRules {
    /// Exposure that finance has not confirmed for longer is degraded; none = it never is.
    pub max_age_seconds: Option<u32>,
    /// Differences of no more than this in all are no drift.
    pub tolerated_drift: Amount,
}

impl DataRules {
    /// Whether data of that age are too old. What was never confirmed is.
    pub fn degraded(&self, age_seconds: Option<u64>) -> bool {
        let most = self.max_age_seconds.map(u64::from);
        most.is_some_and(|most| age_seconds.is_none_or(|age| age > most))
    }
}

/// What customers of one tier get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierCredit {
    pub term: PaymentTerm,
    pub limit: Amount,
    pub hold: HoldRules,
    /// Nothing is authorised for customers of this tier.
    pub veto: bool,
    /// Customers of this tier who get the terms of the default tier instead.
    pub hold_out: Option<HoldOut>,
    pub dunning: DunningRules,
}

impl TierCredit {
    fn holds_out(&self, tier: &str, customer: CustomerId) -> bool {
        let hold_out = self.hold_out.as_ref();
        hold_out.is_some_and(|it| it.holds(&format!("credit-{tier}"), customer))
    }
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
    /// One document may not be above this.
    pub document_above: Option<Amount>,
    /// As long as no more than this is overdue, the days of the oldest item hold nothing.
    pub days_ignored_up_to: Option<Amount>,
}

/// How reservations are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorizationRules {
    /// How long a reservation lives that does not say.
    pub ttl_seconds: u32,
    pub expired_limit: ExpiredLimit,
    /// Money that settles nothing yet is room for new orders.
    pub allow_negative_exposure: bool,
    /// A payment term longer than the customer's own is a condition to shorten it, not a hold.
    pub shorten_term: bool,
    /// So many days after the day of approval the checks need not be repeated.
    pub checkpoint_grace_days: u16,
}

impl Default for AuthorizationRules {
    fn default() -> Self {
        Self {
            ttl_seconds: 86_400,
            expired_limit: ExpiredLimit::Block,
            allow_negative_exposure: false,
            shorten_term: false,
            checkpoint_grace_days: 0,
        }
    }
}

impl AuthorizationRules {
    /// The first day on which an order approved on a day is to be checked again.
    pub fn next_check_on(&self, approved_on: NaiveDate) -> Option<NaiveDate> {
        let days = Days::new(u64::from(self.checkpoint_grace_days).saturating_add(1));
        approved_on.checked_add_days(days)
    }
}

/// Thresholds for some: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    pub scope: Scope,
    pub overdue_above: Option<Amount>,
    pub oldest_overdue_days_above: Option<u16>,
    pub document_above: Option<Amount>,
    pub days_ignored_up_to: Option<Amount>,
}

/// Whom an exception is for. A customer's own beats its tier, which beats its group, which beats
/// what is for all; of two of the same scope the first counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Customer(CustomerId),
    Group(GroupId),
    All,
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
    /// The policy as it is for one customer: the thresholds of its tier, with exceptions.
    ///
    /// Customer → tier → group → all: an exception for the customer replaces the tier's threshold,
    /// one for a group or for all fills in where the tier has none. A tier from whose terms the
    /// customer is held out is not there.
    pub fn for_customer(&self, customer: CustomerId, groups: &BTreeSet<GroupId>) -> Cow<'_, Self> {
        let own: Vec<&Exception> = self.scoped(|scope| *scope == Scope::Customer(customer));
        let of_group =
            self.scoped(|scope| matches!(scope, Scope::Group(it) if groups.contains(it)));
        let of_all = self.scoped(|scope| *scope == Scope::All);
        let holds = |tier: &str| self.holds_out(tier, customer);
        let held = self.tiers.keys().any(|tier| holds(tier));
        if own.is_empty() && of_group.is_empty() && of_all.is_empty() && !held {
            return Cow::Borrowed(self);
        }
        let below: Vec<&Exception> = of_group.into_iter().chain(of_all).collect();
        let mut narrowed = self.clone();
        narrowed.tiers.retain(|tier, _| !holds(tier));
        let tiers = narrowed.tiers.values_mut();
        for credit in tiers.chain([&mut narrowed.default_terms]) {
            credit.hold = credit.hold.with(&own, &below);
        }
        Cow::Owned(narrowed)
    }

    /// Whether the customer gets the default terms instead of those of a tier.
    pub fn holds_out(&self, tier: &str, customer: CustomerId) -> bool {
        let credit = self.tiers.get(tier);
        credit.is_some_and(|credit| credit.holds_out(tier, customer))
    }

    fn scoped(&self, fits: impl Fn(&Scope) -> bool) -> Vec<&Exception> {
        let all = self.exceptions.iter();
        all.filter(|exception| fits(&exception.scope)).collect()
    }

    /// The term of that code, of whichever tier.
    pub fn term(&self, code: &str) -> Option<&PaymentTerm> {
        let tiers = self.tiers.values().map(|credit| &credit.term);
        tiers.into_iter().find(|term| term.code == code)
    }

    /// The terms for a tier, and the tier that they are the terms of.
    pub fn credit_of<'a>(&'a self, tier: Option<&'a str>) -> (&'a str, &'a TierCredit) {
        let own = tier.and_then(|tier| Some((tier, self.tiers.get(tier)?)));
        own.unwrap_or((&self.default_tier, &self.default_terms))
    }
}

impl HoldRules {
    /// The threshold of days while so much is overdue.
    pub(super) fn oldest_days(&self, overdue: Decimal) -> Option<u16> {
        let ignored = |most: &Amount| overdue <= most.decimal();
        let small = self.days_ignored_up_to.as_ref().is_some_and(ignored);
        self.oldest_overdue_days_above.filter(|_| !small)
    }

    fn with(self, own: &[&Exception], below: &[&Exception]) -> Self {
        fn pick<T: Copy>(
            own: &[&Exception],
            tier: Option<T>,
            below: &[&Exception],
            of: fn(&Exception) -> Option<T>,
        ) -> Option<T> {
            let first = |list: &[&Exception]| list.iter().find_map(|exception| of(exception));
            first(own).or(tier).or_else(|| first(below))
        }
        Self {
            overdue_above: pick(own, self.overdue_above, below, |it| it.overdue_above),
            oldest_overdue_days_above: pick(own, self.oldest_overdue_days_above, below, |it| {
                it.oldest_overdue_days_above
            }),
            over_limit: self.over_limit,
            document_above: pick(own, self.document_above, below, |it| it.document_above),
            days_ignored_up_to: pick(own, self.days_ignored_up_to, below, |it| {
                it.days_ignored_up_to
            }),
        }
    }
}
