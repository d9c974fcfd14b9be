//! The receipt of a credit look-up: whose terms were asked for, and the terms as numbers.

use super::{decide, wanted};
use crate::faults::Faults;
use crate::problem::Problem;
use crate::tenant::TenantHandle;
use crate::v1::deciding::{CustomerReference, customer_inputs};
use crate::v1::ground::Ground;
use crate::v1::receipts::{self, DecisionKind, unreadable_inputs};
use crate::wire::money;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};
use tiercel_domain::credit::terms::Due;
use tiercel_domain::credit::{Decision, Exposure, PaymentTerm};
use tiercel_domain::currency::Currency;
use tiercel_domain::incoming::CustomerRef;
use tiercel_persistence::book::past::Moment;
use tiercel_persistence::book::{BookCustomer, CreditSummary};

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub customer: CustomerRef,
    pub company: Option<String>,
    pub segment: Option<String>,
}

impl Asked {
    /// The account that is asked for.
    pub fn account_of<'b>(&self, customer: &'b BookCustomer) -> Option<&'b CreditSummary> {
        let company = self.company.as_deref().unwrap_or_default();
        let segment = self.segment.as_deref().unwrap_or_default();
        let mut accounts = customer.credit.iter();
        accounts.find(|it| it.company == company && it.segment == segment)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    customer: CustomerReference,
    company: Option<String>,
    segment: Option<String>,
}

/// Decides a question of a receipt again.
pub async fn replay(
    tenant: &TenantHandle,
    inputs: Value,
    moment: Moment,
) -> Result<receipts::Decided, Problem> {
    let asked = read(inputs)?;
    let ground = Ground::past(tenant, moment, &wanted(&asked.customer)).await?;
    again(
        &asked,
        &ground,
        (tenant.now(), tenant.settings().base_currency),
    )
}

pub fn read(inputs: Value) -> Result<Asked, Problem> {
    let inputs: Inputs = serde_json::from_value(inputs).map_err(|_| unreadable_inputs())?;
    let mut faults = Faults::default();
    let customer = inputs.customer.read("/customer", &mut faults);
    Ok(Asked {
        customer: faults.finish(customer)?,
        company: inputs.company,
        segment: inputs.segment,
    })
}

/// The same decision from a book of the moment; the present instant changes nothing in it.
pub fn again(
    asked: &Asked,
    ground: &Ground,
    sitting: (DateTime<Utc>, Currency),
) -> Result<receipts::Decided, Problem> {
    let customer = ground.book.find(&asked.customer).map(AsRef::as_ref);
    let account = customer.and_then(|it| asked.account_of(it));
    let account = account.map(|it| (it, sitting));
    let decision = decide(&ground.book, customer, ground.as_of, account)?;
    Ok(of(asked, customer, &decision, sitting.1))
}

/// What the receipt tells of a decision. Amounts are in the base currency.
pub fn of(
    asked: &Asked,
    customer: Option<&BookCustomer>,
    decision: &Decision,
    base: Currency,
) -> receipts::Decided {
    let mut inputs = json!({"customer": customer_inputs(&asked.customer)});
    for (name, value) in [("company", &asked.company), ("segment", &asked.segment)] {
        if let Some(value) = value {
            inputs[name] = json!(value);
        }
    }
    receipts::Decided {
        kind: DecisionKind::Credit,
        inputs,
        policy: (&decision.policy).into(),
        model_version: customer.and_then(|it| it.model_version),
        decision: told(customer, decision, base),
    }
}

fn told(customer: Option<&BookCustomer>, decision: &Decision, base: Currency) -> Value {
    let amount = |value: Decimal| money(value, base);
    let hold = decision.hold.iter().map(|reason| {
        json!({
            "code": reason.code.word(),
            "actual": reason.actual.map(|it| it.normalize().to_string()),
            "threshold": reason.threshold.map(|it| it.normalize().to_string()),
        })
    });
    let mut told = json!({
        "customer_id": customer.map(|it| it.id.to_string()),
        "customer_matched": decision.customer_matched,
        "tier": decision.terms_of_tier,
        "currency": base.to_string(),
        "payment_term": term(&decision.term),
        "limit": {
            "amount": amount(decision.limit.amount.decimal()),
            "source": decision.limit.source.word(),
        },
        "exposure": decision.exposure.as_ref().map(|it| exposure(it, amount)),
        "hold": hold.collect::<Vec<_>>(),
    });
    // Receipts from before there were levels have none, and decide the same.
    if decision.dunning.level > 0 {
        told["dunning_level"] = json!(decision.dunning.level);
    }
    told
}

fn term(term: &PaymentTerm) -> Value {
    let early = term.early_payment.iter();
    let early = early.map(|it| json!({"days": it.days, "percent": it.percent.to_string()}));
    json!({
        "code": term.code,
        "net_days": match term.due { Due::Net { days } => Some(days), Due::Prepayment => None },
        "early_payment": early.collect::<Vec<_>>(),
        "grace_days": term.grace_days,
        "late_interest_pct": term.late_interest.to_string(),
    })
}

fn exposure(exposure: &Exposure, amount: impl Fn(Decimal) -> String) -> Value {
    let oldest = exposure.oldest_overdue.as_ref();
    let oldest = oldest.map(|it| json!({"system": it.system, "type": it.kind, "id": it.id}));
    let ageing = exposure
        .ageing
        .iter()
        .map(|bucket| json!({"from_days": bucket.from_days, "amount": amount(bucket.amount), "items": bucket.items}));
    json!({
        "posted": amount(exposure.posted),
        "pending": amount(exposure.pending),
        "overdue": amount(exposure.overdue),
        "overdue_after_grace": amount(exposure.overdue_after_grace),
        "oldest_overdue_days": exposure.oldest_overdue_days,
        "oldest_overdue": oldest,
        "available": amount(exposure.available),
        "ageing": ageing.collect::<Vec<_>>(),
    })
}
