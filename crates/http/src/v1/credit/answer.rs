//! The answer of a credit look-up: term, limit, exposure and hold, in the tenant's base currency.

use super::receipt::Asked;
use crate::v1::deciding::{PolicyVersion, TierStanding};
use crate::v1::receipts::Receipt;
use crate::wire::money;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::terms::Due;
use tiercel_domain::credit::{Decision, Exposure, HoldCode, PaymentTerm, State, ageing};
use tiercel_domain::currency::Currency;
use tiercel_domain::decision::Reason;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::book::{BookCustomer, CreditSummary};
use utoipa::ToSchema;

/// What a customer gets on credit, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "customer_matched": true, "company": null, "segment": null, "currency": "EUR", "as_of": "2026-03-01", "position": null, "tier": {"code": "high", "score": "84", "as_of": "2026-02-28", "model_version": 1, "stale": false}, "policy": {"id": "default", "version": 1}, "payment_term": {"code": "2-10-N45", "kind": "net", "text": "2% 10 days, net 45", "net_days": 45, "early_payment": [{"days": 10, "percent": "2"}], "unece_4279": ["1", "22"], "xrechnung": "#SKONTO#TAGE=10#PROZENT=2.00#", "ubl": "<cac:PaymentTerms><cbc:ID>2-10-N45</cbc:ID></cac:PaymentTerms>"}, "grace_days": 7, "late_interest_pct": "9", "limit": {"amount": "50000.00", "source": "tier"}, "exposure": {"known": true, "posted": "31200.00", "pending": "0.00", "overdue": "0.00", "overdue_after_grace": "0.00", "oldest_overdue_days": 0, "available": "18800.00", "utilization_pct": "62.4", "ageing": [{"from_days": null, "to_days": null, "amount": "31200.00", "items": 4}], "data_age_seconds": 300, "degraded": false}, "hold": {"status": "none", "reasons": []}, "dunning_level": 0, "stale": false}))]
pub struct CreditTermsResponse {
    /// Null where the customer is unknown.
    pub customer_id: Option<String>,
    pub customer_matched: bool,
    pub company: Option<String>,
    pub segment: Option<String>,
    /// Of all amounts: the base currency.
    pub currency: String,
    #[schema(format = Date)]
    pub as_of: String,
    /// The position of the journal that was read; null for the decision book, which is of now.
    pub position: Option<i64>,
    /// The tier whose terms these are, and how fresh it is.
    pub tier: TierStanding,
    pub policy: PolicyVersion,
    pub payment_term: CreditPaymentTerm,
    /// A bill counts as overdue for holds from this day after it was due.
    pub grace_days: u16,
    /// Per year.
    pub late_interest_pct: String,
    pub limit: CreditLimit,
    pub exposure: CreditExposure,
    /// The exposure by stage, in the account's own currency; absent before anything was authorised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub account: Option<CreditBuckets>,
    pub hold: CreditHold,
    /// How far reminders of bills have come; `GET /v1/customers/{id}/dunning` tells why.
    pub dunning_level: u16,
    /// Never evaluated, or more than 400 days ago.
    pub stale: bool,
    /// Only with `receipt=full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub receipt: Option<Receipt>,
}

/// When bills are to be paid, in the spellings that people and systems read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "2-10-N45", "kind": "net", "text": "2% 10 days, net 45", "net_days": 45, "early_payment": [{"days": 10, "percent": "2"}], "unece_4279": ["1", "22"], "xrechnung": "#SKONTO#TAGE=10#PROZENT=2.00#", "ubl": "<cac:PaymentTerms><cbc:ID>2-10-N45</cbc:ID></cac:PaymentTerms>"}))]
pub struct CreditPaymentTerm {
    pub code: String,
    /// `net` or `prepayment`.
    pub kind: String,
    pub text: String,
    /// After the date of the invoice; null for prepayment.
    pub net_days: Option<u16>,
    pub early_payment: Vec<CreditEarlyPayment>,
    /// Codes of UN/CEFACT 4279.
    pub unece_4279: Vec<String>,
    /// The structured part of BT-20 in XRechnung; empty without discounts.
    pub xrechnung: String,
    /// The `cac:PaymentTerms` of UBL 2.1, without the namespaces of the document around them.
    pub ubl: String,
}

/// Paying within `days` takes `percent` off.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"days": 10, "percent": "2"}))]
pub struct CreditEarlyPayment {
    pub days: u16,
    pub percent: String,
}

/// The most that may be outstanding.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"amount": "50000.00", "source": "tier"}))]
pub struct CreditLimit {
    pub amount: String,
    /// `tier`, `attribute`: the customer's own; `account` or `temporary`: of its credit account.
    pub source: String,
}

/// The exposure of a credit account by stage: each amount is in one of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"account_id": "acc_01k8z6v3q2e4r5t6y7a8b9c0de", "currency": "EUR", "reserved": "4000.00", "ordered": "0.00", "delivered_unbilled": "0.00", "billed": "0.00", "invoiced_open": "31200.00", "credit_balance": "0.00"}))]
pub struct CreditBuckets {
    pub account_id: String,
    pub currency: String,
    /// Authorised and not ordered yet.
    pub reserved: String,
    pub ordered: String,
    pub delivered_unbilled: String,
    /// Billed by the word of a commit; not known as an invoice yet.
    pub billed: String,
    pub invoiced_open: String,
    /// Money that settles no bill yet.
    pub credit_balance: String,
}

/// What is outstanding; all null but `known` where no bill of the customer was ever told.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"known": true, "posted": "31200.00", "pending": "0.00", "overdue": "0.00", "overdue_after_grace": "0.00", "oldest_overdue_days": 0, "available": "18800.00", "utilization_pct": "62.4", "ageing": [{"from_days": null, "to_days": null, "amount": "31200.00", "items": 4}], "data_age_seconds": 300, "degraded": false}))]
pub struct CreditExposure {
    pub known: bool,
    /// Open items, and what was committed and is not billed yet.
    pub posted: Option<String>,
    /// Reserved and not committed yet; what has expired does not count.
    pub pending: Option<String>,
    pub overdue: Option<String>,
    pub overdue_after_grace: Option<String>,
    pub oldest_overdue_days: Option<u32>,
    /// Absent where nothing is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub oldest_overdue: Option<CreditDocument>,
    /// `limit − posted − pending`; negative above the limit.
    pub available: Option<String>,
    /// Null where the limit is zero.
    pub utilization_pct: Option<String>,
    /// Not due, 1–30, 31–60, 61–90, 91–180 and over 180 days overdue.
    pub ageing: Vec<CreditAgeing>,
    /// Since a snapshot of finance confirmed the open items last; absent where none ever did, and
    /// for the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub data_age_seconds: Option<u64>,
    /// The data of finance are older than the policy allows.
    pub degraded: bool,
}

/// A document in the system that keeps it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"system": "erp1", "type": "invoice", "id": "R-20077"}))]
pub struct CreditDocument {
    pub system: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
}

/// Open amounts of a stretch of days overdue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"from_days": 1, "to_days": 30, "amount": "1200.00", "items": 1}))]
pub struct CreditAgeing {
    /// Null: not due.
    pub from_days: Option<u32>,
    /// Null: without end, or not due.
    pub to_days: Option<u32>,
    pub amount: String,
    pub items: u64,
}

/// Whether new orders are held, and every reason.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "held", "reasons": [{"code": "limit_exceeded", "actual": "56200.00", "threshold": "50000.00"}]}))]
pub struct CreditHold {
    /// `none` or `held`.
    pub status: String,
    pub reasons: Vec<CreditHoldReason>,
}

/// What was found and what is allowed: amounts, days for `oldest_open_item_days`, or a level.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "limit_exceeded", "actual": "56200.00", "threshold": "50000.00"}))]
pub struct CreditHoldReason {
    /// `overdue_amount`, `oldest_open_item_days`, `limit_exceeded` or `dunning_level`.
    pub code: String,
    pub actual: Option<String>,
    pub threshold: Option<String>,
}

/// What is reserved at an instant: what has expired blocks nothing.
pub(super) fn pending(account: &CreditSummary, now: DateTime<Utc>) -> Amount {
    let over = account
        .held
        .iter()
        .filter(|(ends, it)| it.state == State::Open && *ends <= now);
    let over = over.map(|(_, it)| it.held().pending.units());
    let over = over.fold(0, i64::saturating_add);
    Amount::from_units(account.pending.units().saturating_sub(over).max(0))
}

/// Where the exposure of an account is.
fn buckets(account: &CreditSummary, now: DateTime<Utc>) -> CreditBuckets {
    let mut sums = [0_i64; 4];
    for (ends, held) in &account.held {
        let held = match held.expire() {
            Ok(expired) if *ends <= now => expired,
            _ => *held,
        };
        let parts = held.buckets();
        let parts = [
            parts.reserved,
            parts.ordered,
            parts.delivered_unbilled,
            parts.billed,
        ];
        for (sum, part) in sums.iter_mut().zip(parts) {
            *sum = sum.saturating_add(part.units());
        }
    }
    let show = |units: i64| money(Amount::from_units(units).decimal(), account.currency);
    let [reserved, ordered, delivered_unbilled, billed] = sums;
    CreditBuckets {
        account_id: account.account.to_string(),
        currency: account.currency.to_string(),
        reserved: show(reserved),
        ordered: show(ordered),
        delivered_unbilled: show(delivered_unbilled),
        billed: show(billed),
        invoiced_open: show(account.billed.units()),
        credit_balance: show(account.credit_balance.units()),
    }
}

pub(super) fn terms(
    decision: &Decision,
    customer: Option<&BookCustomer>,
    (now, base): (DateTime<Utc>, Currency),
    account: Option<&CreditSummary>,
    asked: Asked,
) -> CreditTermsResponse {
    let tier = TierStanding::new(&decision.terms_of_tier, customer, decision.as_of);
    let amount = |value: Decimal| money(value, base);
    let exposure = decision.exposure.as_ref();
    CreditTermsResponse {
        customer_id: customer.map(|it| it.id.to_string()),
        customer_matched: decision.customer_matched,
        company: asked.company,
        segment: asked.segment,
        currency: base.to_string(),
        as_of: decision.as_of.to_string(),
        position: None,
        receipt: None,
        stale: tier.stale,
        tier,
        policy: (&decision.policy).into(),
        payment_term: payment_term(&decision.term),
        grace_days: decision.term.grace_days,
        late_interest_pct: decision.term.late_interest.to_string(),
        limit: CreditLimit {
            amount: amount(decision.limit.amount.decimal()),
            source: decision.limit.source.word().to_owned(),
        },
        account: account.map(|account| buckets(account, now)),
        exposure: exposure.map_or_else(CreditExposure::default, |it| told(it, amount)),
        hold: hold(&decision.hold, amount),
        dunning_level: decision.dunning.level,
    }
}

pub(super) fn payment_term(term: &PaymentTerm) -> CreditPaymentTerm {
    let (kind, net_days) = match term.due {
        Due::Net { days } => ("net", Some(days)),
        Due::Prepayment => ("prepayment", None),
    };
    let early = term.early_payment.iter().map(|it| CreditEarlyPayment {
        days: it.days,
        percent: it.percent.to_string(),
    });
    let codes = term.unece_4279().into_iter().map(str::to_owned);
    CreditPaymentTerm {
        code: term.code.clone(),
        kind: kind.to_owned(),
        text: term.text(),
        net_days,
        early_payment: early.collect(),
        unece_4279: codes.collect(),
        xrechnung: term.xrechnung(),
        ubl: term.ubl(),
    }
}

fn told(exposure: &Exposure, amount: impl Fn(Decimal) -> String) -> CreditExposure {
    let bucket = |it: &ageing::Bucket| CreditAgeing {
        from_days: it.from_days,
        to_days: it.to_days,
        amount: amount(it.amount),
        items: it.items,
    };
    CreditExposure {
        known: true,
        posted: Some(amount(exposure.posted)),
        pending: Some(amount(exposure.pending)),
        overdue: Some(amount(exposure.overdue)),
        overdue_after_grace: Some(amount(exposure.overdue_after_grace)),
        oldest_overdue_days: Some(exposure.oldest_overdue_days),
        oldest_overdue: exposure.oldest_overdue.as_ref().map(|it| CreditDocument {
            system: it.system.clone(),
            kind: it.kind.clone(),
            id: it.id.clone(),
        }),
        available: Some(amount(exposure.available)),
        utilization_pct: exposure.utilization_pct.map(|it| it.to_string()),
        ageing: exposure.ageing.iter().map(bucket).collect(),
        data_age_seconds: None,
        degraded: false,
    }
}

fn hold(reasons: &[Reason<HoldCode>], amount: impl Fn(Decimal) -> String) -> CreditHold {
    let number = |code: HoldCode, value: Decimal| match code {
        HoldCode::OldestOpenItem | HoldCode::DunningLevel => value.to_string(),
        HoldCode::OverdueAmount | HoldCode::LimitExceeded => amount(value),
    };
    let told = reasons.iter().map(|reason| CreditHoldReason {
        code: reason.code.word().to_owned(),
        actual: reason.actual.map(|it| number(reason.code, it)),
        threshold: reason.threshold.map(|it| number(reason.code, it)),
    });
    CreditHold {
        status: if reasons.is_empty() { "none" } else { "held" }.to_owned(),
        reasons: told.collect(),
    }
}
