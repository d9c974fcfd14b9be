//! The answer of a discount: what it says of itself, its lines and their totals.

use super::Decided;
use super::document::{self, DiscountRate, DocumentDiscounts};
use super::last_price;
use super::lines::{self, DiscountLine};
use super::request::{Asked, DecisionDocument};
use crate::v1::deciding::{PolicyVersion, Stamp, TierStanding};
use crate::v1::receipts::Receipt;
use serde::Serialize;
use std::collections::BTreeMap;
use tiercel_domain::discounts::Decision;
use tiercel_domain::money::Rounding;
use tiercel_persistence::quotes::PriceTold;
use utoipa::ToSchema;

/// A price for each line, or why it has none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"decision_id": "dec_01k8z6v3q2e4r5t6y7a8b9c0de", "decided_at": "2026-03-01T09:00:00.000000Z", "as_of": "2026-03-01", "position": null, "policy": {"id": "default", "version": 1}, "customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "customer_matched": true, "tier": {"code": "high", "score": "84", "as_of": "2026-02-28", "model_version": 1, "stale": false}, "currency": "EUR", "rounding": {"mode": "half_up", "scale": 2, "level": "unit"}, "lines": [{"line_id": "10", "list_unit_price": "100.00", "net_unit_price": "80.96", "list_amount": "3000.00", "net_amount": "2428.80", "discount_amount": "571.20", "effective_discount_pct": "19.04", "approval": {"required": false, "reasons": []}}], "totals": {"list": "3000.00", "net": "2428.80", "discount": "571.20"}, "warnings": []}))]
pub struct DiscountResponse {
    pub decision_id: String,
    #[schema(format = DateTime)]
    pub decided_at: String,
    /// The business date decided for.
    #[schema(format = Date)]
    pub as_of: String,
    /// The position of the journal that was read; null for the decision book, which is of now.
    pub position: Option<i64>,
    pub policy: PolicyVersion,
    /// Null where the customer is unknown.
    pub customer_id: Option<String>,
    pub customer_matched: bool,
    pub tier: TierStanding,
    pub currency: String,
    pub rounding: DiscountRounding,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub document: Option<DecisionDocument>,
    pub lines: Vec<DiscountLine>,
    /// What was taken off all lines together; absent where the policy says nothing of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub document_discounts: Option<DocumentDiscounts>,
    /// The dated rates behind the prices; absent where everything is in the currency of the quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<Vec<DiscountRate>>,
    /// Over the lines that have a price.
    pub totals: DiscountTotals,
    pub warnings: Vec<DiscountWarning>,
    /// Firm quotes: the last second in which the prices hold. The quote is at
    /// `/v1/quotes/{decision_id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub valid_until: Option<String>,
    /// Only with `receipt: full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub receipt: Option<Receipt>,
}

/// How prices are made tellable.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"mode": "half_up", "scale": 2, "level": "unit"}))]
pub struct DiscountRounding {
    /// `half_up`, `half_even`, `up` or `down`.
    pub mode: String,
    pub scale: u32,
    /// `step`, `unit`, `line` or `document`.
    pub level: String,
}

/// `list = net + discount`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"list": "3000.00", "net": "2428.80", "discount": "571.20"}))]
pub struct DiscountTotals {
    pub list: String,
    pub net: String,
    pub discount: String,
}

/// Something the caller should know about the answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "customer_unknown", "line_id": null}))]
pub struct DiscountWarning {
    /// `customer_unknown`, `tier_stale`.
    pub code: String,
    pub line_id: Option<String>,
}

/// What an answer says of itself, and to whom.
pub(super) struct Told {
    pub stamp: Stamp,
    pub receipt: Option<Receipt>,
    pub shows_costs: bool,
    pub valid_until: Option<String>,
    /// By sku.
    pub last_prices: BTreeMap<String, PriceTold>,
}

pub(super) fn full(asked: &Asked, decided: &Decided, told: Told) -> DiscountResponse {
    let decision = &decided.decision;
    let customer = decided.customer.as_deref();
    let tier = TierStanding::new(&decision.tier, customer, decided.as_of);
    DiscountResponse {
        decision_id: told.stamp.id,
        decided_at: told.stamp.at,
        as_of: decided.as_of.to_string(),
        position: decided.position,
        policy: (&decision.policy).into(),
        customer_id: customer.map(|it| it.id.to_string()),
        customer_matched: decision.customer_matched,
        warnings: warnings(decision, &tier),
        tier,
        currency: decision.currency.to_string(),
        rounding: DiscountRounding {
            mode: mode(decision.rounding.mode).to_owned(),
            scale: decision.scale,
            level: decision.rounding.level.word().to_owned(),
        },
        document: asked.document.clone(),
        lines: last_price::added(
            lines::told(asked, decided, told.shows_costs),
            asked,
            &told.last_prices,
        ),
        document_discounts: document::document(decision, told.shows_costs),
        rates: document::rates(&decided.rates),
        totals: DiscountTotals {
            list: decision.totals.list.to_text(),
            net: decision.totals.net.to_text(),
            discount: decision.totals.discount.to_text(),
        },
        valid_until: told.valid_until,
        receipt: told.receipt,
    }
}

fn warnings(decision: &Decision, tier: &TierStanding) -> Vec<DiscountWarning> {
    let code = match (decision.customer_matched, tier.stale) {
        (false, _) => Some("customer_unknown"),
        (true, true) => Some("tier_stale"),
        (true, false) => None,
    };
    let warning = code.map(|code| DiscountWarning {
        code: code.to_owned(),
        line_id: None,
    });
    warning.into_iter().collect()
}

const fn mode(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::HalfUp => "half_up",
        Rounding::HalfEven => "half_even",
        Rounding::Up => "up",
        Rounding::Down => "down",
    }
}
