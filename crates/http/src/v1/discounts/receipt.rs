//! The receipt of a discount: the question in one spelling, and the prices without their reasons.
//!
//! No cost, floor or margin is in it, not even under a hash: what is known but for one number is
//! guessed by trying.

use super::request::{Asked, AskedLine, DecideDiscountRequest};
use super::{Decided, decide, wanted};
use crate::problem::Problem;
use crate::tenant::TenantHandle;
use crate::v1::deciding;
use crate::v1::ground::{Ground, Present};
use crate::v1::receipts::{self, DecisionKind, unreadable_inputs};
use crate::wire::decimals;
use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::{Decision, PricedLine};
use tiercel_persistence::book::past::Moment;

/// Decides a question of a receipt again.
pub async fn replay(
    tenant: &TenantHandle,
    inputs: Value,
    moment: Moment,
) -> Result<receipts::Decided, Problem> {
    let base = tenant.settings().base_currency;
    let asked = read(inputs, base)?;
    let ground = Ground::past(tenant, moment, &wanted(&asked)).await?;
    again(&asked, &ground, base)
}

/// The same decision from a book of the moment.
pub fn again(asked: &Asked, ground: &Ground, base: Currency) -> Result<receipts::Decided, Problem> {
    Ok(of(asked, &decide(base, ground, asked, None)?))
}

pub fn read(inputs: Value, base: Currency) -> Result<Asked, Problem> {
    let request = serde_json::from_value::<DecideDiscountRequest>(inputs);
    let request = request.map_err(|_| unreadable_inputs())?;
    // Inputs name no day: the receipt does.
    let present = Present {
        today: NaiveDate::MIN,
        now: DateTime::UNIX_EPOCH,
    };
    let asked = request.read(present, base);
    asked.map_err(|_| unreadable_inputs())
}

/// What the receipt tells of a decision.
pub fn of(asked: &Asked, decided: &Decided) -> receipts::Decided {
    receipts::Decided {
        kind: DecisionKind::Discount,
        inputs: inputs(asked),
        policy: (&decided.decision.policy).into(),
        model_version: decided.customer.as_ref().and_then(|it| it.model_version),
        decision: decision(asked, decided),
    }
}

/// The question as a request that asks the same; what is absent stays absent.
fn inputs(asked: &Asked) -> Value {
    let mut inputs = json!({
        "customer": deciding::customer_inputs(&asked.customer),
        "currency": asked.currency.to_string(),
        "lines": asked.lines.iter().map(line_inputs).collect::<Vec<_>>(),
    });
    if let Some(channel) = &asked.channel {
        inputs["channel"] = json!(channel);
    }
    if !asked.segments.is_empty() {
        inputs["segments"] = json!(asked.segments);
    }
    if let Some(document) = &asked.document {
        inputs["document"] = json!(document);
    }
    inputs
}

fn line_inputs(line: &AskedLine) -> Value {
    let mut inputs = json!({"line_id": line.line_id, "quantity": line.quantity.to_string()});
    if let Some(category) = &line.category {
        let parts: Vec<&str> = category.as_str().split('/').collect();
        inputs["category_path"] = json!(parts);
    }
    let contract = line.contract.as_ref();
    let told = [
        ("sku", line.sku.clone()),
        (
            "list_unit_price",
            line.list_unit_price.map(|it| it.to_string()),
        ),
        ("unit_cost", line.unit_cost.map(|it| it.to_string())),
        ("base_uom_factor", line.base_units.map(|it| it.to_string())),
        ("contract_ref", contract.map(|it| it.reference.clone())),
        (
            "contract_unit_price",
            contract
                .and_then(|it| it.unit_price)
                .map(|it| it.to_string()),
        ),
        (
            "requested_unit_price",
            line.requested_unit_price.map(|it| it.to_string()),
        ),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            inputs[name] = json!(value);
        }
    }
    inputs
}

fn decision(asked: &Asked, decided: &Decided) -> Value {
    let decision = &decided.decision;
    let mut priced = decision.lines.iter();
    let lines = asked.lines.iter().zip(&decided.errors);
    let lines: Vec<Value> = lines
        .filter_map(|(asked, error)| match error {
            Some(code) => Some(json!({"line_id": asked.line_id, "error": code})),
            None => match &priced.next()?.outcome {
                Err(error) => Some(json!({"line_id": asked.line_id, "error": error.code()})),
                Ok(price) => Some(line_decision(&asked.line_id, price, decision)),
            },
        })
        .collect();
    let mut told = json!({
        "customer_id": decided.customer.as_ref().map(|it| it.id.to_string()),
        "customer_matched": decision.customer_matched,
        "tier": decision.tier,
        "currency": decision.currency.to_string(),
        "lines": lines,
        "totals": {
            "list": decision.totals.list.to_text(),
            "net": decision.totals.net.to_text(),
            "discount": decision.totals.discount.to_text(),
        },
    });
    if let Some(document) = document(decision) {
        told["document"] = document;
    }
    told
}

/// What was taken off the document; nothing for policies that know no such thing.
fn document(decision: &Decision) -> Option<Value> {
    let it = &decision.document;
    if it.adjustments.is_empty() && it.approval.reasons.is_empty() && it.error.is_none() {
        return None;
    }
    let rules = it.adjustments.iter().map(|step| {
        json!({"rule": step.rule, "amount": decimals(step.amount, decision.currency.exponent())})
    });
    let reasons = it.approval.reasons.iter();
    let approval: Vec<&str> = reasons.map(|it| it.code.word()).collect();
    let mut told = json!({
        "rules": rules.collect::<Vec<_>>(),
        "approval": approval,
        "error": it.error.map(|error| error.code()),
    });
    if let Some(id) = it.approval.granted {
        told["approval_id"] = json!(id.to_string());
    }
    Some(told)
}

fn line_decision(line_id: &str, price: &PricedLine, decision: &Decision) -> Value {
    let reasons = price.approval.reasons.iter();
    let approval: Vec<&str> = reasons.map(|it| it.code.word()).collect();
    let mut told = json!({
        "line_id": line_id,
        "list_unit_price": decimals(price.list_unit_price, decision.scale),
        "net_unit_price": decimals(price.net_unit_price, decision.scale),
        "list_amount": price.list_amount.to_text(),
        "net_amount": price.net_amount.to_text(),
        "discount_amount": price.discount_amount.to_text(),
        "effective_discount_pct": price.effective_discount_pct.to_string(),
        "approval": approval,
    });
    if let Some(id) = price.approval.granted {
        told["approval_id"] = json!(id.to_string());
    }
    if !price.document_shares.is_empty() {
        let shares = price.document_shares.iter().map(|share| share.to_text());
        told["document_shares"] = json!(shares.collect::<Vec<_>>());
    }
    told
}
