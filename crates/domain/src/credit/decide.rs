//! The decision: terms and limit of the tier, exposure from open items, hold with its reasons.

use super::ageing::{Bucket, USUAL_BOUNDS, ageing, days_overdue};
use super::dunning::{Dunning, DunningByHand};
use super::policy::{LimitRule, Policy, TierCredit};
use super::terms::PaymentTerm;
use crate::decision::{PolicyRef, Reason};
use crate::fact::DocumentRef;
use crate::money::{Rounding, round};
use crate::scaled::{Amount, Percent};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A bill that is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    /// The last day on which payment is on time; without it the item is never overdue.
    pub due_on: Option<NaiveDate>,
    /// What is still to be paid, in base currency.
    pub open: Amount,
    pub document: Option<DocumentRef>,
}

/// What is known of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    pub customer_matched: bool,
    pub tier: Option<&'a str>,
    /// None = no bill of this customer was ever told: the exposure is missing, not zero.
    pub open_items: Option<&'a [OpenItem]>,
    /// The customer's own limit, in base currency.
    pub credit_limit: Option<Amount>,
    /// Dunning levels that somebody set, in that order.
    pub dunning: &'a [DunningByHand],
    pub today: NaiveDate,
}

/// The customer's credit, and why. Amounts in base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub policy: PolicyRef,
    pub customer_matched: bool,
    /// The customer's tier; none where it has none.
    pub tier: Option<String>,
    /// The tier whose terms apply: the customer's, else the policy's default.
    pub terms_of_tier: String,
    pub as_of: NaiveDate,
    pub term: PaymentTerm,
    pub limit: Limit,
    /// None where no bill of this customer is known.
    pub exposure: Option<Exposure>,
    pub dunning: Dunning,
    /// Empty = no hold.
    pub hold: Vec<Reason<HoldCode>>,
}

/// The most that may be outstanding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub amount: Amount,
    pub source: LimitSource,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitSource {
    Tier,
    Attribute,
    /// A limit that somebody gave to the credit account.
    Account,
    /// The same, for a while.
    Temporary,
}

impl LimitSource {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tier => "tier",
            Self::Attribute => "attribute",
            Self::Account => "account",
            Self::Temporary => "temporary",
        }
    }
}

/// What is outstanding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The sum of the open items.
    pub posted: Decimal,
    /// Authorised and not posted yet.
    pub pending: Decimal,
    /// What is past its due day.
    pub overdue: Decimal,
    /// What is past its due day and the days of grace.
    pub overdue_after_grace: Decimal,
    pub oldest_overdue_days: u32,
    /// The document that is overdue longest.
    pub oldest_overdue: Option<DocumentRef>,
    /// `limit − posted − pending`; negative above the limit.
    pub available: Decimal,
    /// `(posted + pending) ÷ limit`, for display; none where the limit is zero.
    pub utilization_pct: Option<Percent>,
    pub ageing: Vec<Bucket>,
}

/// Why new orders are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldCode {
    /// Amounts after grace.
    OverdueAmount,
    /// Days overdue of the oldest open item.
    OldestOpenItem,
    /// Exposure and limit.
    LimitExceeded,
    /// The level of the reminders.
    DunningLevel,
}

impl HoldCode {
    pub const fn word(self) -> &'static str {
        match self {
            Self::OverdueAmount => "overdue_amount",
            Self::OldestOpenItem => "oldest_open_item_days",
            Self::LimitExceeded => "limit_exceeded",
            Self::DunningLevel => "dunning_level",
        }
    }
}

/// Decides a customer's credit. Cannot fail, and a refusal is an answer: prepayment, a limit of
/// zero, or a hold with all its reasons.
pub fn decide(facts: &Facts<'_>, policy: &Policy) -> Decision {
    let (terms_of_tier, credit) = policy.credit_of(facts.tier);
    let limit = limit(facts, policy.limit_source, credit);
    let exposure = facts
        .open_items
        .map(|items| exposure(items, facts.today, credit.term.grace_days, limit.amount));
    let grace_days = credit.term.grace_days;
    let items = facts.open_items.unwrap_or_default();
    let dunning = credit
        .dunning
        .level_by(facts.dunning, items, grace_days, facts.today);
    let hold = hold(exposure.as_ref(), &dunning, credit, limit.amount);
    Decision {
        policy: policy.reference.clone(),
        customer_matched: facts.customer_matched,
        tier: facts.tier.map(str::to_owned),
        terms_of_tier: terms_of_tier.to_owned(),
        as_of: facts.today,
        term: credit.term.clone(),
        limit,
        exposure,
        dunning,
        hold,
    }
}

/// What a credit account adds to what bills tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountView {
    /// None = the limit by the customer's terms.
    pub limit: Option<Limit>,
    /// Bills and what was committed and is not billed.
    pub posted: Amount,
    /// Reserved, without what has expired.
    pub pending: Amount,
}

impl Decision {
    /// The same decision for one account in base currency: its limit, and its exposure with what
    /// is reserved. Whoever has an account has an exposure.
    pub fn with_account(mut self, view: &AccountView, policy: &Policy) -> Self {
        let (_, credit) = policy.credit_of(self.tier.as_deref());
        self.limit = view.limit.unwrap_or(self.limit);
        let limit = self.limit.amount;
        let known = self.exposure.take();
        let mut told =
            known.unwrap_or_else(|| exposure(&[], self.as_of, credit.term.grace_days, limit));
        told.posted = view.posted.decimal();
        told.pending = view.pending.decimal();
        let used = told.posted.saturating_add(told.pending);
        told.available = limit.decimal().saturating_sub(used);
        told.utilization_pct = utilization(used, limit);
        self.hold = hold(Some(&told), &self.dunning, credit, limit);
        self.exposure = Some(told);
        self
    }
}

/// A negative limit of the customer's own grants nothing.
fn limit(facts: &Facts<'_>, rule: LimitRule, credit: &TierCredit) -> Limit {
    match (rule, facts.credit_limit) {
        (LimitRule::AttributeElseTier, Some(own)) => Limit {
            amount: own.max(Amount::ZERO),
            source: LimitSource::Attribute,
        },
        (LimitRule::AttributeElseTier, None) | (LimitRule::Tier, _) => Limit {
            amount: credit.limit,
            source: LimitSource::Tier,
        },
    }
}

fn exposure(items: &[OpenItem], today: NaiveDate, grace_days: u16, limit: Amount) -> Exposure {
    let overdue_from = |days: u32| {
        let late = |item: &&OpenItem| days_overdue(item.due_on, today).is_some_and(|n| n >= days);
        sum(items.iter().filter(late))
    };
    let oldest = items
        .iter()
        .filter_map(|item| Some((days_overdue(item.due_on, today)?, item)))
        // The first of equals: the answer must not depend on anything but the order told.
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    let posted = sum(items);
    Exposure {
        posted,
        pending: Decimal::ZERO,
        overdue: overdue_from(1),
        overdue_after_grace: overdue_from(u32::from(grace_days)),
        oldest_overdue_days: oldest.map_or(0, |(days, _)| days),
        oldest_overdue: oldest.and_then(|(_, item)| item.document.clone()),
        available: limit.decimal().saturating_sub(posted),
        utilization_pct: utilization(posted, limit),
        ageing: ageing(
            items.iter().map(|item| (item.due_on, item.open)),
            today,
            &USUAL_BOUNDS,
        ),
    }
}

/// Only billions of the largest amounts could saturate.
fn sum<'a>(items: impl IntoIterator<Item = &'a OpenItem>) -> Decimal {
    let amounts = items.into_iter().map(|item| item.open.decimal());
    amounts.fold(Decimal::ZERO, Decimal::saturating_add)
}

fn utilization(used: Decimal, limit: Amount) -> Option<Percent> {
    let share = used
        .checked_mul(Decimal::ONE_HUNDRED)?
        .checked_div(limit.decimal())?;
    Percent::from_decimal(round(share, Percent::SCALE, Rounding::HalfUp)).ok()
}

/// All rules are looked at, so that all reasons come back.
fn hold(
    exposure: Option<&Exposure>,
    dunning: &Dunning,
    credit: &TierCredit,
    limit: Amount,
) -> Vec<Reason<HoldCode>> {
    let rules = credit.hold;
    let of_bills = exposure.map(|exposure| {
        let used = exposure.posted.saturating_add(exposure.pending);
        let days = Decimal::from(exposure.oldest_overdue_days);
        [
            (
                HoldCode::OverdueAmount,
                exposure.overdue_after_grace,
                rules.overdue_above.map(Amount::decimal),
            ),
            (
                HoldCode::OldestOpenItem,
                days,
                rules.oldest_days(exposure.overdue).map(Decimal::from),
            ),
            (
                HoldCode::LimitExceeded,
                used,
                rules.over_limit.then(|| limit.decimal()),
            ),
        ]
    });
    let level = Decimal::from(dunning.level);
    let most = credit.dunning.most_unheld().map(Decimal::from);
    let checks = of_bills.into_iter().flatten();
    let checks = checks.chain([(HoldCode::DunningLevel, level, most)]);
    let broken = checks.filter_map(|(code, actual, threshold)| {
        let threshold = threshold.filter(|threshold| actual > *threshold)?;
        Some(Reason::beyond(code, actual, threshold))
    });
    broken.collect()
}
