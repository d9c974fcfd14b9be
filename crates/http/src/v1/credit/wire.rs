//! What the answers about authorisations and holds have in common.

use super::replay::Inputs;
use crate::faults::Faults;
use crate::flows::credit::authorize::Settled;
use crate::flows::credit::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::v1::deciding::PolicyVersion;
use crate::wire::instant;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::State;
use tiercel_domain::credit::authorize::{Check, Measure, Outcome, Question, Remedy, Verdict};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::DbError;
use tiercel_persistence::credit::StoredAuthorization;
use utoipa::ToSchema;
use validator::Validate;

/// The largest amount of one document: far above any, so that sums never overflow.
const MOST: i64 = 10_000_000_000_000_000;

/// A business document in the system that keeps it.
#[derive(Debug, Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "erp1", "type": "sales_order", "id": "SO-555"}))]
pub struct CreditDocumentReference {
    #[validate(length(min = 1, max = 200))]
    pub system: String,
    #[serde(rename = "type")]
    #[validate(length(min = 1, max = 200))]
    pub kind: String,
    #[validate(length(min = 1, max = 200))]
    pub id: String,
}

impl CreditDocumentReference {
    pub fn read(self, pointer: &str, faults: &mut Faults) -> DocumentRef {
        faults.declared(pointer, &self);
        DocumentRef {
            system: self.system,
            kind: self.kind,
            id: self.id,
            line: None,
        }
    }
}

/// An amount of zero or more, with no more decimals than its currency has.
pub fn read_amount(
    faults: &mut Faults,
    pointer: &str,
    text: &str,
    currency: Option<Currency>,
) -> Option<Amount> {
    let amount: Amount = faults.number(pointer, text)?;
    if amount.is_negative() {
        faults.add(pointer, "negative", "must not be below zero");
        return None;
    }
    if amount.units() > MOST {
        faults.add(pointer, "too_large", "is too large for one document");
        return None;
    }
    let decimals = currency.map_or(Amount::SCALE, Currency::exponent);
    if amount.decimal().scale() > decimals {
        let detail = format!("has more than {decimals} decimals");
        faults.add(pointer, "too_precise", detail);
        return None;
    }
    Some(amount)
}

/// One check and how it came out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"check": "limit", "result": "pass", "actual": "41200.00", "threshold": "50000.00"}))]
pub struct CreditCheck {
    /// `account_open`, `tier_veto`, `limit`, `group_limit`, `limit_expired`, `maximum_document`,
    /// `overdue_amount`, `oldest_open_item_days`, `dunning_level`, `payment_term_rank` or
    /// `discount_rank`.
    pub check: String,
    /// `pass`, `condition` or `fail`.
    pub result: String,
    pub actual: Option<String>,
    /// Null where nothing is declared, so that it cannot fail.
    pub threshold: Option<String>,
}

/// Why a document does not go.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"code": "limit_exceeded", "actual": "56200.00", "threshold": "50000.00", "shortfall": "6200.00"}))]
pub struct CreditReason {
    pub code: String,
    pub actual: Option<String>,
    pub threshold: Option<String>,
    /// How much room is missing; of limits only.
    pub shortfall: Option<String>,
}

/// What the clerk can do now, or under which condition the document goes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"type": "prepay", "amount": "6200.00", "payment_term": null}))]
pub struct CreditRemedy {
    /// `prepay`, `reduce_order_to` or `shorter_term`.
    #[serde(rename = "type")]
    pub kind: String,
    pub amount: Option<String>,
    pub payment_term: Option<String>,
}

/// A decision as it is kept beside what it made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Judged {
    pub decision_id: String,
    pub outcome: String,
    pub policy_id: String,
    pub policy_version: u32,
    pub currency: String,
    pub checks: Vec<CreditCheck>,
    pub reasons: Vec<CreditReason>,
    pub remedies: Vec<CreditRemedy>,
    pub conditions: Vec<CreditRemedy>,
    /// What was read, to decide it again; none in rows from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
}

impl Judged {
    pub fn read(text: &str) -> Result<Self, Problem> {
        serde_json::from_str(text).map_err(|error| {
            let detail = error.to_string();
            Problem::from(DbError::Corrupt {
                table: "credit_authorization",
                detail,
            })
        })
    }

    fn new(desk: &Desk, verdict: &Verdict, decision_id: &str, overridden: bool) -> Self {
        let currency = desk.account.currency;
        let outcome = if overridden {
            Outcome::Approved
        } else {
            verdict.outcome
        };
        let reserves = outcome.reserves();
        Self {
            decision_id: decision_id.to_owned(),
            outcome: outcome.word().to_owned(),
            policy_id: desk.policy.reference.id.clone(),
            policy_version: desk.policy.reference.version,
            currency: currency.to_string(),
            checks: verdict
                .checks
                .iter()
                .map(|it| check(it, currency))
                .collect(),
            reasons: match reserves {
                true => Vec::new(),
                false => verdict.reasons().map(|it| reason(it, currency)).collect(),
            },
            remedies: match reserves {
                true => Vec::new(),
                false => verdict
                    .remedies
                    .iter()
                    .map(|it| remedy(it, currency))
                    .collect(),
            },
            conditions: verdict
                .condition
                .iter()
                .map(|it| remedy(it, currency))
                .collect(),
            inputs: None,
        }
    }
}

/// The decision as text, for the row it belongs to.
pub fn kept(
    desk: &Desk,
    question: &Question<'_>,
    verdict: &Verdict,
    decision_id: &str,
    overridden: bool,
) -> Result<String, Problem> {
    let judged = Judged {
        inputs: Some(Inputs::of(desk, question)),
        ..Judged::new(desk, verdict, decision_id, overridden)
    };
    serde_json::to_string(&judged)
        .map_err(|_| Problem::new(Kind::Internal, "the decision could not be written"))
}

pub fn money(amount: Amount, currency: Currency) -> String {
    crate::wire::money(amount.decimal(), currency)
}

fn measure(measure: &Measure, currency: Currency) -> String {
    match measure {
        Measure::Amount(amount) => money(*amount, currency),
        Measure::Days(days) => days.to_string(),
        Measure::Level(level) => level.to_string(),
        Measure::Percent(percent) => percent.to_string(),
        Measure::Word(word) => word.clone(),
    }
}

pub fn check(check: &Check, currency: Currency) -> CreditCheck {
    let result = match (check.passed, check.conditional) {
        (true, _) => "pass",
        (false, true) => "condition",
        (false, false) => "fail",
    };
    CreditCheck {
        check: check.code.word().to_owned(),
        result: result.to_owned(),
        actual: check.actual.as_ref().map(|it| measure(it, currency)),
        threshold: check.threshold.as_ref().map(|it| measure(it, currency)),
    }
}

fn reason(check: &Check, currency: Currency) -> CreditReason {
    CreditReason {
        code: check.code.reason().to_owned(),
        actual: check.actual.as_ref().map(|it| measure(it, currency)),
        threshold: check.threshold.as_ref().map(|it| measure(it, currency)),
        shortfall: check.shortfall.map(|it| money(it, currency)),
    }
}

fn remedy(remedy: &Remedy, currency: Currency) -> CreditRemedy {
    let (kind, amount, term) = match remedy {
        Remedy::Prepay(amount) => ("prepay", Some(*amount), None),
        Remedy::ReduceTo(amount) => ("reduce_order_to", Some(*amount), None),
        Remedy::ShorterTerm(code) => ("shorter_term", None, Some(code.clone())),
    };
    CreditRemedy {
        kind: kind.to_owned(),
        amount: amount.map(|it| money(it, currency)),
        payment_term: term,
    }
}

/// A document's credit: what was decided, what is held and how far it came. The same shape for
/// every outcome; what is held or declined has no authorization.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"authorization_id": "aut_01k8z6v3q2e4r5t6y7a8b9c0de", "hold_id": null, "outcome": "approved", "state": "open", "customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "account_id": "acc_01k8z6v3q2e4r5t6y7a8b9c0de", "document": {"system": "erp1", "type": "sales_order", "id": "SO-555"}, "currency": "EUR", "authorized": "6000.00", "remaining": "6000.00", "reserved": "6000.00", "ordered": "0.00", "delivered_unbilled": "0.00", "billed": "0.00", "expires_at": "2026-03-02T09:30:00.000000Z", "next_check_on": "2026-03-02", "override_id": null, "available_after": "8800.00", "account_version": 412, "version": 1, "decision_id": "dec_01k8z6v3q2e4r5t6y7a8b9c0de", "policy": {"id": "default", "version": 1}, "checks": [{"check": "limit", "result": "pass", "actual": "41200.00", "threshold": "50000.00"}], "reasons": [], "remedies": [], "conditions": []}))]
pub struct CreditAuthorizationResponse {
    /// Null where nothing is authorised.
    pub authorization_id: Option<String>,
    /// Where the document is held.
    pub hold_id: Option<String>,
    /// `approved`, `approved_with_conditions`, `held` or `declined`.
    pub outcome: String,
    /// `open`, `committed`, `released` or `expired`; null where nothing is authorised.
    pub state: Option<String>,
    pub customer_id: String,
    pub account_id: String,
    pub document: super::answer::CreditDocument,
    /// Of all amounts.
    pub currency: String,
    /// What may be used in all.
    pub authorized: String,
    /// What may still be committed.
    pub remaining: String,
    /// Held and not ordered yet; the four amounts are what the document holds of the credit.
    pub reserved: String,
    pub ordered: String,
    pub delivered_unbilled: String,
    /// Billed by the word of a commit; an invoice told as a fact is an open item instead.
    pub billed: String,
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// Until then the same document is not checked again unless it grows.
    #[schema(format = Date)]
    pub next_check_on: Option<String>,
    pub override_id: Option<String>,
    /// What may be reserved after this answer; null without a limit, and in later readings.
    pub available_after: Option<String>,
    /// Null in later readings.
    pub account_version: Option<i64>,
    pub version: Option<i64>,
    pub decision_id: String,
    pub policy: PolicyVersion,
    pub checks: Vec<CreditCheck>,
    pub reasons: Vec<CreditReason>,
    pub remedies: Vec<CreditRemedy>,
    pub conditions: Vec<CreditRemedy>,
}

pub fn document(document: &DocumentRef) -> super::answer::CreditDocument {
    super::answer::CreditDocument {
        system: document.system.clone(),
        kind: document.kind.clone(),
        id: document.id.clone(),
    }
}

impl CreditAuthorizationResponse {
    fn blank(judged: Judged, of: &DocumentRef, zero: String) -> Self {
        Self {
            authorization_id: None,
            hold_id: None,
            outcome: judged.outcome,
            state: None,
            customer_id: String::new(),
            account_id: String::new(),
            document: document(of),
            currency: judged.currency,
            authorized: zero.clone(),
            remaining: zero.clone(),
            reserved: zero.clone(),
            ordered: zero.clone(),
            delivered_unbilled: zero.clone(),
            billed: zero,
            expires_at: None,
            next_check_on: None,
            override_id: None,
            available_after: None,
            account_version: None,
            version: None,
            decision_id: judged.decision_id,
            policy: PolicyVersion {
                id: judged.policy_id,
                version: judged.policy_version,
            },
            checks: judged.checks,
            reasons: judged.reasons,
            remedies: judged.remedies,
            conditions: judged.conditions,
        }
    }

    /// An authorisation as it is at an instant: one whose time is over has expired.
    pub fn of(stored: &StoredAuthorization, now: DateTime<Utc>) -> Result<Self, Problem> {
        let judged = Judged::read(&stored.decision)?;
        let currency: Currency = judged.currency.parse().map_err(|_| {
            let detail = format!("the currency `{}`", judged.currency);
            Problem::from(DbError::Corrupt {
                table: "credit_authorization",
                detail,
            })
        })?;
        let over = stored.amounts.state == State::Open && stored.expires_at <= now;
        let amounts = match stored.amounts.expire() {
            Ok(expired) if over => expired,
            _ => stored.amounts,
        };
        let held = amounts.buckets();
        let show = |amount: Amount| money(amount, currency);
        Ok(Self {
            authorization_id: Some(stored.id.to_string()),
            state: Some(amounts.state.word().to_owned()),
            customer_id: stored.customer.to_string(),
            account_id: stored.account.to_string(),
            authorized: show(amounts.authorized),
            remaining: show(amounts.remaining()),
            reserved: show(held.reserved),
            ordered: show(held.ordered),
            delivered_unbilled: show(held.delivered_unbilled),
            billed: show(held.billed),
            expires_at: Some(instant(stored.expires_at)),
            next_check_on: Some(stored.next_check_on.to_string()),
            override_id: stored.override_id.map(|id| id.to_string()),
            version: Some(stored.version),
            ..Self::blank(judged, &stored.document, show(Amount::ZERO))
        })
    }

    /// What a decision came to, with the account as it is after it.
    pub fn settled(
        settled: &Settled,
        of: &DocumentRef,
        after: (Option<Amount>, i64),
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let desk = &settled.desk;
        let currency = desk.account.currency;
        let told = match &settled.authorization {
            Some(stored) => Self::of(stored, now)?,
            None => {
                let verdict = (&settled.verdict, settled.overridden);
                let judged = Judged::new(desk, verdict.0, &settled.decision_id, verdict.1);
                Self::blank(judged, of, money(Amount::ZERO, currency))
            }
        };
        Ok(Self {
            hold_id: settled.hold.as_ref().map(|hold| hold.id.to_string()),
            customer_id: desk.customer.id.to_string(),
            account_id: desk.account.id.to_string(),
            available_after: after.0.map(|it| money(it, currency)),
            account_version: Some(after.1),
            ..told
        })
    }
}
