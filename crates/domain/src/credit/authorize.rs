//! Whether a document may be authorised: all checks, what they found, and what would help.
//!
//! The room under the limit is measured here for the answer; what keeps it is the conditional
//! statement that reserves, in `crates/persistence/src/credit/reserve.rs`.

use super::decide::Decision;
use super::limits::EffectiveLimit;
use super::policy::{Policy, TierCredit};
use super::terms::{Due, PaymentTerm};
use crate::scaled::{Amount, Percent};
use rust_decimal::Decimal;

/// What somebody wants to authorise. Amounts in the currency of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// The document in all.
    pub amount: Amount,
    /// What is to be reserved more than is held for it already.
    pub increase: Amount,
    /// The payment term asked for; none = the customer's own.
    pub term: Option<&'a PaymentTerm>,
}

/// An account as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub open: bool,
    pub posted: Amount,
    pub pending: Amount,
    /// Money that settles nothing yet.
    pub credit_balance: Amount,
    /// None = without a limit; of groups only.
    pub limit: Option<EffectiveLimit>,
}

impl Standing {
    pub fn used(&self) -> Amount {
        Amount::from_units(self.posted.units().saturating_add(self.pending.units()))
    }

    /// The most that may be posted and pending together; none = whatever it is.
    pub fn ceiling(&self, policy: &Policy) -> Option<Amount> {
        let limit = self.limit?;
        let room = if policy.authorization.allow_negative_exposure {
            self.credit_balance
        } else {
            Amount::ZERO
        };
        Some(Amount::from_units(
            limit.amount.units().saturating_add(room.units()),
        ))
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckCode {
    Account,
    TierVeto,
    Limit,
    GroupLimit,
    LimitExpired,
    MaximumDocument,
    OverdueAmount,
    OldestOpenItem,
    DunningLevel,
    PaymentTerm,
    Discount,
}

impl CheckCode {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account_open",
            Self::TierVeto => "tier_veto",
            Self::Limit => "limit",
            Self::GroupLimit => "group_limit",
            Self::LimitExpired => "limit_expired",
            Self::MaximumDocument => "maximum_document",
            Self::OverdueAmount => "overdue_amount",
            Self::OldestOpenItem => "oldest_open_item_days",
            Self::DunningLevel => "dunning_level",
            Self::PaymentTerm => "payment_term_rank",
            Self::Discount => "discount_rank",
        }
    }

    /// The reason that a failed check gives.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Account => "account_closed",
            Self::TierVeto => "tier_veto",
            Self::Limit => "limit_exceeded",
            Self::GroupLimit => "group_limit_exceeded",
            Self::LimitExpired => "limit_expired",
            Self::MaximumDocument => "document_too_large",
            Self::OverdueAmount => "overdue_amount",
            Self::OldestOpenItem => "oldest_open_item_days",
            Self::DunningLevel => "dunning_level",
            Self::PaymentTerm => "term_rank_increased",
            Self::Discount => "discount_rank_increased",
        }
    }
}

/// What was found, or what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    Amount(Amount),
    Days(u32),
    Level(u16),
    Percent(Percent),
    Word(String),
}

/// One check and how it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub code: CheckCode,
    pub passed: bool,
    /// It failed, but with a condition the document may go.
    pub conditional: bool,
    pub actual: Option<Measure>,
    /// None = nothing is declared, so that it cannot fail.
    pub threshold: Option<Measure>,
    /// How much is missing; of the limits only.
    pub shortfall: Option<Amount>,
}

/// What becomes of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Approved,
    ApprovedWithConditions,
    /// It waits; somebody can do something about it.
    Held,
    /// It is useless to try again.
    Declined,
}

impl Outcome {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::ApprovedWithConditions => "approved_with_conditions",
            Self::Held => "held",
            Self::Declined => "declined",
        }
    }

    pub const fn reserves(self) -> bool {
        matches!(self, Self::Approved | Self::ApprovedWithConditions)
    }
}

/// What the clerk can do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Money to come in first.
    Prepay(Amount),
    ReduceTo(Amount),
    ShorterTerm(String),
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// All of them, passed or not.
    pub checks: Vec<Check>,
    pub remedies: Vec<Remedy>,
    /// The term under which a conditional approval holds.
    pub condition: Option<Remedy>,
}

impl Verdict {
    /// The checks that keep the document from going.
    pub fn reasons(&self) -> impl Iterator<Item = &Check> {
        let failed = |check: &&Check| !check.passed && !check.conditional;
        self.checks.iter().filter(failed)
    }

    /// What an override must give: what is missing under the limits where nothing else failed,
    /// else the whole increase. None where no override helps.
    pub fn override_needed(&self, increase: Amount) -> Option<Amount> {
        if self.outcome != Outcome::Held {
            return None;
        }
        let limits = self.reasons().all(|check| check.shortfall.is_some());
        let missing = self.reasons().filter_map(|check| check.shortfall).max();
        if limits { missing } else { Some(increase) }
    }
}

/// Looks at everything, so that all reasons come back at once.
///
/// `terms` is the customer's credit as the look-up has it, by the same policy.
pub fn judge(
    question: &Question<'_>,
    terms: &Decision,
    own: &Standing,
    group: Option<&Standing>,
    policy: &Policy,
) -> Verdict {
    let (_, credit) = policy.credit_of(terms.tier.as_deref());
    let mut checks = vec![
        plain(
            CheckCode::Account,
            own.open && group.is_none_or(|it| it.open),
        ),
        plain(CheckCode::TierVeto, !credit.veto),
        limit(CheckCode::Limit, question, own, policy),
    ];
    checks.extend(group.map(|group| limit(CheckCode::GroupLimit, question, group, policy)));
    let blocked = |it: &Standing| it.limit.is_some_and(|limit| limit.blocked);
    let expired = blocked(own) || group.is_some_and(blocked);
    checks.push(plain(CheckCode::LimitExpired, !expired));
    checks.extend(bills(question, terms, credit));
    checks.extend(
        question
            .term
            .into_iter()
            .flat_map(|term| rank(term, &credit.term, policy.authorization.shorten_term)),
    );
    let outcome = outcome(&checks);
    let shorter = Remedy::ShorterTerm(credit.term.code.clone());
    Verdict {
        outcome,
        remedies: match outcome {
            Outcome::Held => remedies(question, &checks, own, group, policy, &shorter),
            _ => Vec::new(),
        },
        condition: (outcome == Outcome::ApprovedWithConditions).then_some(shorter),
        checks,
    }
}

const fn plain(code: CheckCode, passed: bool) -> Check {
    Check {
        code,
        passed,
        conditional: false,
        actual: None,
        threshold: None,
        shortfall: None,
    }
}

/// `actual` may be as large as the threshold.
fn within(code: CheckCode, actual: Amount, threshold: Option<Amount>) -> Check {
    let over = threshold.map(|most| actual.units().saturating_sub(most.units()));
    Check {
        actual: Some(Measure::Amount(actual)),
        threshold: threshold.map(Measure::Amount),
        ..plain(code, over.is_none_or(|over| over <= 0))
    }
}

fn limit(code: CheckCode, question: &Question<'_>, level: &Standing, policy: &Policy) -> Check {
    let used = level.used().units();
    let after = Amount::from_units(used.saturating_add(question.increase.units()));
    let ceiling = level.ceiling(policy);
    let mut check = within(code, after, ceiling);
    // What is not more than before needs no room: a lowered limit leaves what was granted.
    check.passed |= question.increase.is_zero();
    check.shortfall = ceiling
        .map(|most| Amount::from_units(after.units().saturating_sub(most.units())))
        .filter(|_| !check.passed);
    check
}

fn bills(question: &Question<'_>, terms: &Decision, credit: &TierCredit) -> [Check; 4] {
    let exposure = terms.exposure.as_ref();
    let overdue = exposure.map_or(Decimal::ZERO, |it| it.overdue_after_grace);
    let overdue = Amount::from_decimal(overdue).unwrap_or(Amount::from_units(i64::MAX));
    let days = exposure.map_or(0, |it| it.oldest_overdue_days);
    let all_overdue = exposure.map_or(Decimal::ZERO, |it| it.overdue);
    let most_days = credit.hold.oldest_days(all_overdue).map(u32::from);
    [
        within(
            CheckCode::MaximumDocument,
            question.amount,
            credit.hold.document_above,
        ),
        within(CheckCode::OverdueAmount, overdue, credit.hold.overdue_above),
        Check {
            actual: Some(Measure::Days(days)),
            threshold: most_days.map(Measure::Days),
            ..plain(
                CheckCode::OldestOpenItem,
                most_days.is_none_or(|most| days <= most),
            )
        },
        dunning(terms, credit),
    ]
}

fn dunning(terms: &Decision, credit: &TierCredit) -> Check {
    let level = terms.dunning.level;
    let most = credit.dunning.most_unheld();
    Check {
        actual: Some(Measure::Level(level)),
        threshold: most.map(Measure::Level),
        ..plain(
            CheckCode::DunningLevel,
            most.is_none_or(|most| level <= most),
        )
    }
}

/// A term that gives more time, or a discount that gives more, than the customer's own.
fn rank(asked: &PaymentTerm, own: &PaymentTerm, shorten: bool) -> [Check; 2] {
    let days = |term: &PaymentTerm| match term.due {
        Due::Net { days } => Some(days),
        Due::Prepayment => None,
    };
    let best = |term: &PaymentTerm| {
        let percents = term.early_payment.iter().map(|early| early.percent);
        percents.max().unwrap_or(Percent::ZERO)
    };
    let longer = days(asked) > days(own);
    [
        Check {
            conditional: longer && shorten,
            actual: Some(Measure::Word(asked.code.clone())),
            threshold: Some(Measure::Word(own.code.clone())),
            ..plain(CheckCode::PaymentTerm, !longer)
        },
        Check {
            actual: Some(Measure::Percent(best(asked))),
            threshold: Some(Measure::Percent(best(own))),
            ..plain(CheckCode::Discount, best(asked) <= best(own))
        },
    ]
}

fn outcome(checks: &[Check]) -> Outcome {
    let failed: Vec<&Check> = checks.iter().filter(|check| !check.passed).collect();
    let hopeless = [CheckCode::Account, CheckCode::TierVeto];
    if failed.iter().any(|check| hopeless.contains(&check.code)) {
        return Outcome::Declined;
    }
    match failed.iter().all(|check| check.conditional) {
        true if failed.is_empty() => Outcome::Approved,
        true => Outcome::ApprovedWithConditions,
        false => Outcome::Held,
    }
}

fn remedies(
    question: &Question<'_>,
    checks: &[Check],
    own: &Standing,
    group: Option<&Standing>,
    policy: &Policy,
    shorter: &Remedy,
) -> Vec<Remedy> {
    let failed = |code: CheckCode| checks.iter().find(|it| it.code == code && !it.passed);
    let mut remedies = Vec::new();
    let missing = checks.iter().filter_map(|check| check.shortfall).max();
    let overdue = failed(CheckCode::OverdueAmount).and_then(|check| match check.actual {
        Some(Measure::Amount(amount)) => Some(amount),
        _ => None,
    });
    // Paying what is overdue makes room as well.
    remedies.extend(missing.max(overdue).map(Remedy::Prepay));
    let levels = std::iter::once(own).chain(group);
    let held = question
        .amount
        .units()
        .saturating_sub(question.increase.units());
    let room = levels.filter_map(|level| {
        let free = level.ceiling(policy)?.units();
        let free = free.saturating_sub(level.used().units());
        Some(Amount::from_units(free.saturating_add(held)))
    });
    let largest = failed(CheckCode::MaximumDocument).and_then(|check| match check.threshold {
        Some(Measure::Amount(most)) => Some(most),
        _ => None,
    });
    let sized = missing.is_some() || largest.is_some();
    let fits = room
        .chain(largest)
        .min()
        .filter(|most| sized && *most > Amount::ZERO);
    remedies.extend(fits.map(Remedy::ReduceTo));
    let terms = [CheckCode::PaymentTerm, CheckCode::Discount];
    if terms.into_iter().any(|code| failed(code).is_some()) {
        remedies.push(shorter.clone());
    }
    remedies
}
