//! What was taken off all lines of a quote together, and the caps and rates behind its prices.

use super::lines::{DiscountApproval, DiscountApprovalReason, DiscountNotApplied, not_applied};
use crate::book::Factor;
use crate::wire::decimals;
use serde::Serialize;
use std::collections::BTreeMap;
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::document::DocumentAdjustment;
use tiercel_domain::discounts::limit::Limit;
use tiercel_domain::discounts::{Approval, Cap, Decision, PricedLine};
use utoipa::ToSchema;

/// What was taken off the document; the lines' `document_shares` add up to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"adjustments": [{"rule": "order-15", "rule_version": 1, "group": "order", "kind": "percent", "value": "15", "basis": "running", "wanted": "900.00", "amount": "900.00", "unplaced": "0.00"}], "approval": {"required": false, "reasons": []}, "not_applied": []}))]
pub struct DocumentDiscounts {
    pub adjustments: Vec<DocumentDiscount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cap: Option<DocumentDiscountCap>,
    /// Only with the scope `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub floor: Option<DocumentDiscountFloor>,
    pub approval: DiscountApproval,
    pub not_applied: Vec<DiscountNotApplied>,
    /// Why nothing was taken off the document: `currency_rate_missing`, `cost_missing`, `overflow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What one rule took off the document. Amounts are of the whole document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"rule": "order-15", "rule_version": 1, "group": "order", "kind": "percent", "value": "15", "basis": "running", "wanted": "900.00", "amount": "900.00", "unplaced": "0.00"}))]
pub struct DocumentDiscount {
    pub rule: String,
    pub rule_version: u32,
    pub group: String,
    /// `percent` or `amount`.
    pub kind: String,
    pub value: String,
    /// `running` or `list`.
    pub basis: String,
    /// What the rule asked for.
    pub wanted: String,
    /// What was taken.
    pub amount: String,
    /// What caps and floors left no room for.
    pub unplaced: String,
}

/// The most that all discounts together may come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"pct": "25", "discount_amount": "1500.00", "binding": false}))]
pub struct DocumentDiscountCap {
    pub pct: Option<String>,
    pub discount_amount: String,
    pub binding: bool,
}

/// The least that the document may come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"basis": "gross_margin_pct", "value": "20", "net_amount": "4800.00", "binding": false}))]
pub struct DocumentDiscountFloor {
    pub basis: String,
    pub value: String,
    pub net_amount: String,
    pub binding: bool,
}

/// What a rule of the document took off one line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"rule": "order-15", "amount": "150.00"}))]
pub struct DocumentShare {
    pub rule: String,
    pub amount: String,
}

/// A bound on discounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"scope": "line", "name": null, "value": "40", "amount": null, "unit_cap": "60.00", "binding": false}))]
pub struct DiscountCap {
    /// `rule`, `group` or `line`.
    pub scope: String,
    /// The rule or the group; null for the line's own.
    pub name: Option<String>,
    /// Per cent; null where the cap is an amount.
    pub value: Option<String>,
    /// For the whole line; null where the cap is a percentage.
    pub amount: Option<String>,
    /// The price of a unit that it leaves.
    pub unit_cap: String,
    pub binding: bool,
}

/// A rate that prices, costs or amounts of the policy were exchanged by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"currency": "USD", "rate": "0.91", "rate_ids": ["rat_01k8z6v3q2e4r5t6y7a8b9c0de"]}))]
pub struct DiscountRate {
    /// One unit of it is worth `rate` in the currency of the quote.
    pub currency: String,
    pub rate: String,
    pub rate_ids: Vec<String>,
}

/// Absent where the policy says nothing of documents.
pub(super) fn document(decision: &Decision, shows_costs: bool) -> Option<DocumentDiscounts> {
    let it = &decision.document;
    let scale = decision.currency.exponent();
    let says_nothing = it.adjustments.is_empty()
        && it.cap.is_none()
        && it.floor.is_none()
        && it.approval.reasons.is_empty()
        && it.not_applied.is_empty()
        && it.error.is_none();
    if says_nothing {
        return None;
    }
    let steps = it.adjustments.iter().map(|step| adjustment(step, scale));
    let cap = it.cap.map(|cap| DocumentDiscountCap {
        pct: percent(&cap.limit),
        discount_amount: decimals(cap.amount, scale),
        binding: cap.binding,
    });
    let floor = it.floor.filter(|_| shows_costs);
    let floor = floor.map(|floor| DocumentDiscountFloor {
        basis: floor.basis.word().to_owned(),
        value: floor.value.to_string(),
        net_amount: decimals(floor.amount, scale),
        binding: floor.binding,
    });
    Some(DocumentDiscounts {
        adjustments: steps.collect(),
        cap,
        floor,
        approval: approval(&it.approval, scale, shows_costs),
        not_applied: it.not_applied.iter().map(not_applied).collect(),
        error: it.error.map(|error| error.code().to_owned()),
    })
}

fn adjustment(step: &DocumentAdjustment, scale: u32) -> DocumentDiscount {
    DocumentDiscount {
        rule: step.rule.clone(),
        rule_version: step.rule_version,
        group: step.group.clone(),
        kind: step.benefit.word().to_owned(),
        value: step.value.to_string(),
        basis: step.basis.word().to_owned(),
        wanted: decimals(step.wanted, scale),
        amount: decimals(step.amount, scale),
        unplaced: decimals(step.unplaced, scale),
    }
}

/// Numbers are told only to who may see costs: they tell floors.
pub(super) fn approval(approval: &Approval, scale: u32, shows_costs: bool) -> DiscountApproval {
    let told = |number: Option<rust_decimal::Decimal>| {
        let number = number.filter(|_| shows_costs)?;
        Some(decimals(number, scale))
    };
    let reasons = approval
        .reasons
        .iter()
        .map(|reason| DiscountApprovalReason {
            code: reason.code.word().to_owned(),
            actual: told(reason.actual),
            threshold: told(reason.threshold),
        });
    DiscountApproval {
        required: approval.is_required(),
        level: approval.level.clone(),
        approval_id: approval.granted.map(|id| id.to_string()),
        reasons: reasons.collect(),
    }
}

pub(super) fn cap(cap: &Cap, scale: u32) -> DiscountCap {
    DiscountCap {
        scope: cap.scope.word().to_owned(),
        name: cap.name.clone(),
        value: percent(&cap.limit),
        amount: cap.limit.amount.map(|amount| amount.to_string()),
        unit_cap: decimals(cap.unit_cap, scale),
        binding: cap.binding,
    }
}

fn percent(limit: &Limit) -> Option<String> {
    limit.percent.map(|percent| percent.to_string())
}

/// Absent where no rule of the document was about anything.
pub(super) fn shares(decision: &Decision, price: &PricedLine) -> Option<Vec<DocumentShare>> {
    let steps = decision.document.adjustments.iter();
    let shares = steps.zip(&price.document_shares);
    let shares: Vec<DocumentShare> = shares
        .map(|(step, share)| DocumentShare {
            rule: step.rule.clone(),
            amount: share.to_text(),
        })
        .collect();
    (!shares.is_empty()).then_some(shares)
}

/// Absent where everything is in the currency of the quote.
pub(super) fn rates(rates: &BTreeMap<Currency, Factor>) -> Option<Vec<DiscountRate>> {
    let told: Vec<DiscountRate> = rates
        .iter()
        .map(|(currency, factor)| DiscountRate {
            currency: currency.to_string(),
            rate: factor.rate.normalize().to_string(),
            rate_ids: factor.ids.iter().map(ToString::to_string).collect(),
        })
        .collect();
    (!told.is_empty()).then_some(told)
}
