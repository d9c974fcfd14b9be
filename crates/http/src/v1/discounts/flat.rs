//! The answer of one line as one flat object of strings.

use super::Decided;
use super::answer::{Told, full};
use super::request::Asked;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// The same answer as one flat object: all values are strings, what is not known is empty.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"decision_id": "dec_01k8z6v3q2e4r5t6y7a8b9c0de", "decided_at": "2026-03-01T09:00:00.000000Z", "as_of": "2026-03-01", "position": "", "customer_matched": "true", "customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "tier": "high", "score": "84", "evaluated_as_of": "2026-02-28", "model_version": "1", "stale": "false", "tier_override": "", "policy_id": "default", "policy_version": "1", "currency": "EUR", "list_unit_price": "100.00", "discount_pct": "19.04", "net_unit_price": "80.96", "net_amount": "2428.80", "floor_unit_price": "72.95", "approval": "none", "reason": ""}))]
pub struct FlatDiscountResponse {
    pub decision_id: String,
    pub decided_at: String,
    pub as_of: String,
    /// The position of the journal that was read; empty for the decision book, which is of now.
    pub position: String,
    pub customer_matched: String,
    pub customer_id: String,
    pub tier: String,
    pub score: String,
    pub evaluated_as_of: String,
    pub model_version: String,
    pub stale: String,
    /// The tier by hand that counted in place of the evaluated one.
    pub tier_override: String,
    pub policy_id: String,
    pub policy_version: String,
    pub currency: String,
    pub list_unit_price: String,
    pub discount_pct: String,
    /// Empty where there is no price; `reason` says why.
    pub net_unit_price: String,
    pub net_amount: String,
    /// Only with the scope `costs:read`.
    pub floor_unit_price: String,
    /// `none`, `required` or `granted`.
    pub approval: String,
    /// Why there is no price, else why it must be approved, else `customer_unknown` or empty.
    pub reason: String,
    /// Only with `receipt=full`: JSON in a text, to be sent to `/v1/receipts/…` as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

pub(super) fn flat(asked: &Asked, decided: &Decided, told: Told) -> FlatDiscountResponse {
    let answer = full(asked, decided, told);
    let line = answer.lines.into_iter().next().unwrap_or_default();
    let document = answer.document_discounts.as_ref();
    let both = || line.approval.iter().chain(document.map(|it| &it.approval));
    let codes = line.error.iter().map(|it| &it.code);
    let codes = codes.chain(both().flat_map(|it| &it.reasons).map(|it| &it.code));
    let reason = codes
        .chain(answer.warnings.iter().map(|it| &it.code))
        .next();
    let approval = match both().any(|it| it.required) {
        true => "required",
        false if both().any(|it| it.approval_id.is_some()) => "granted",
        false => "none",
    };
    let tier = answer.tier;
    FlatDiscountResponse {
        reason: reason.cloned().unwrap_or_default(),
        decision_id: answer.decision_id,
        decided_at: answer.decided_at,
        as_of: answer.as_of,
        position: answer.position.map(|it| it.to_string()).unwrap_or_default(),
        receipt: answer.receipt.map(|it| json!(it).to_string()),
        customer_matched: answer.customer_matched.to_string(),
        customer_id: answer.customer_id.unwrap_or_default(),
        tier: tier.code,
        score: tier.score.unwrap_or_default(),
        evaluated_as_of: tier.as_of.unwrap_or_default(),
        model_version: tier
            .model_version
            .map(|it| it.to_string())
            .unwrap_or_default(),
        stale: tier.stale.to_string(),
        tier_override: tier.by_hand.map(|held| held.id).unwrap_or_default(),
        policy_id: answer.policy.id,
        policy_version: answer.policy.version.to_string(),
        currency: answer.currency,
        list_unit_price: line.list_unit_price.unwrap_or_default(),
        discount_pct: line.effective_discount_pct.unwrap_or_default(),
        net_unit_price: line.net_unit_price.unwrap_or_default(),
        net_amount: line.net_amount.unwrap_or_default(),
        floor_unit_price: line.floor.map(|it| it.unit_floor).unwrap_or_default(),
        approval: approval.to_owned(),
    }
}
