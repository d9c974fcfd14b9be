//! The answer of a discount: each line's way from list to net, as far as the caller may see it.

use super::Decided;
use super::document::{self, DiscountCap, DiscountRate, DocumentDiscounts, DocumentShare};
use super::last_price::{self, LastPrice};
use super::request::{Asked, DecisionDocument, Explain};
use crate::v1::deciding::{PolicyVersion, Stamp, TierStanding};
use crate::v1::receipts::Receipt;
use crate::wire::{decimals, plain};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use tiercel_domain::discounts::stack::NotApplied;
use tiercel_domain::discounts::waterfall::{Adjustment, AdjustmentKind};
use tiercel_domain::discounts::{Decision, Line, PricedLine};
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

/// One line: `error`, or all of the others.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"line_id": "10", "list_unit_price": "100.00", "net_unit_price": "80.96", "list_amount": "3000.00", "net_amount": "2428.80", "discount_amount": "571.20", "effective_discount_pct": "19.04", "approval": {"required": false, "reasons": []}}))]
pub struct DiscountLine {
    pub line_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<DiscountLineError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_unit_price: Option<String>,
    /// The truth: take this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_unit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_amount: Option<String>,
    /// For display: rounded to four decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_discount_pct: Option<String>,
    /// From list to net, per unit; absent with `explain: none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjustments: Option<Vec<DiscountAdjustment>>,
    /// Only with the scope `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub floor: Option<DiscountFloor>,
    /// What discounts of the whole document took off this line; `net_amount` is after them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_shares: Option<Vec<DocumentShare>>,
    /// The line's own cap, and those of rules and groups that bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caps: Option<Vec<DiscountCap>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub approval: Option<DiscountApproval>,
    /// Rules that missed by one condition, or were outranked; absent with `explain: none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_applied: Option<Vec<DiscountNotApplied>>,
    /// What the rules saw of the line; only with `explain: full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub facts: Option<DiscountLineFacts>,
    /// Only with `include: ["last_price"]`, where the customer was told a firm price before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_price: Option<LastPrice>,
}

/// Why a line has no price.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "currency_rate_missing"}))]
pub struct DiscountLineError {
    /// `list_price_missing`, `currency_rate_missing`, `cost_missing`, `overflow` …
    pub code: String,
}

/// One step of the price of one unit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"seq": 1, "rule": "tier-high", "group": "tier", "kind": "percent", "value": "12", "basis": "running", "amount": "-12.00", "unit_after": "88.00"}))]
pub struct DiscountAdjustment {
    pub seq: u32,
    pub rule: Option<String>,
    /// The author's count of the rule's changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_version: Option<u32>,
    pub group: Option<String>,
    /// `percent`, `amount`, `net_price`, `surcharge_pct`, `surcharge_amount`, `contract`, `cap`,
    /// `rounding` or `floor`.
    pub kind: String,
    /// Of the rule; not told for the floor without the scope `costs:read`.
    pub value: Option<String>,
    /// Of `value`, where that is not in the currency of the quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// `running` or `list`.
    pub basis: Option<String>,
    pub amount: String,
    pub unit_after: String,
}

/// The lowest price that keeps the margin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"basis": "gross_margin_pct", "value": "15", "unit_floor": "72.95", "binding": false}))]
pub struct DiscountFloor {
    /// `gross_margin_pct`, `markup_pct`, `amount_over_cost` or `absolute`.
    pub basis: String,
    pub value: String,
    pub unit_floor: String,
    pub binding: bool,
}

/// Whether somebody must approve the price.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"required": true, "reasons": [{"code": "cost_missing"}]}))]
pub struct DiscountApproval {
    pub required: bool,
    pub reasons: Vec<DiscountApprovalReason>,
}

/// Why; prices per unit, told only with the scope `costs:read`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "floor_above_list", "actual": "70.00", "threshold": "72.95"}))]
pub struct DiscountApprovalReason {
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<String>,
}

/// A rule that did not apply, and what was missing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"rule": "vol-50", "group": "volume", "reason": "quantity_below", "needed": "50", "actual": "30", "delta": "20"}))]
pub struct DiscountNotApplied {
    pub rule: String,
    pub group: String,
    pub reason: String,
    pub needed: String,
    pub actual: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<String>,
}

/// What the rules saw of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"sku": "BT023", "category": "drives/servo", "margin_class": "neutral", "unit_cost": "62", "cost_source": "given"}))]
pub struct DiscountLineFacts {
    pub sku: Option<String>,
    pub category: Option<String>,
    pub margin_class: String,
    /// Only with the scope `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<String>,
    /// `given`, `product` or `missing`.
    pub cost_source: String,
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
    /// `none` or `required`.
    pub approval: String,
    /// Why there is no price, else why it must be approved, else `customer_unknown` or empty.
    pub reason: String,
    /// Only with `receipt=full`: JSON in a text, to be sent to `/v1/receipts/…` as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// How the lines of one answer are told.
struct Telling<'a> {
    decision: &'a Decision,
    explain: Explain,
    shows_costs: bool,
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
            lines(asked, decided, told.shows_costs),
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

/// The lines as asked: those that could not be completed have an error of their own.
fn lines(asked: &Asked, decided: &Decided, shows_costs: bool) -> Vec<DiscountLine> {
    let telling = Telling {
        decision: &decided.decision,
        explain: asked.explain,
        shows_costs,
    };
    let mut priced = decided.decision.lines.iter().zip(&decided.lines);
    let lines = asked.lines.iter().zip(&decided.errors);
    lines
        .filter_map(|(asked, error)| {
            if let Some(code) = error {
                return Some(failed(&asked.line_id, code));
            }
            let (priced, line) = priced.next()?;
            Some(match &priced.outcome {
                Ok(price) => telling.line(line, price),
                Err(error) => failed(&asked.line_id, error.code()),
            })
        })
        .collect()
}

fn failed(line_id: &str, code: &str) -> DiscountLine {
    DiscountLine {
        line_id: line_id.to_owned(),
        error: Some(DiscountLineError {
            code: code.to_owned(),
        }),
        ..DiscountLine::default()
    }
}

impl Telling<'_> {
    fn line(&self, line: &Line, price: &PricedLine) -> DiscountLine {
        let scale = self.decision.scale;
        let explained = self.explain >= Explain::Summary;
        let adjustments = price.adjustments.iter().map(|step| self.adjustment(step));
        let near = price.not_applied.iter().map(not_applied);
        DiscountLine {
            line_id: line.line_id.clone(),
            error: None,
            list_unit_price: Some(self.price(price.list_unit_price)),
            net_unit_price: Some(self.price(price.net_unit_price)),
            list_amount: Some(price.list_amount.to_text()),
            net_amount: Some(price.net_amount.to_text()),
            discount_amount: Some(price.discount_amount.to_text()),
            effective_discount_pct: Some(price.effective_discount_pct.to_string()),
            adjustments: explained.then(|| adjustments.collect()),
            floor: self.floor(price),
            document_shares: document::shares(self.decision, price),
            caps: Some(
                price
                    .caps
                    .iter()
                    .map(|it| document::cap(it, scale))
                    .collect(),
            ),
            approval: Some(document::approval(&price.approval, scale, self.shows_costs)),
            not_applied: explained.then(|| near.collect()),
            facts: (self.explain == Explain::Full).then(|| self.facts(line)),
            last_price: None,
        }
    }

    fn price(&self, price: rust_decimal::Decimal) -> String {
        decimals(price, self.decision.scale)
    }

    /// The floor's percentage and the price it leaves would tell the cost.
    fn adjustment(&self, step: &Adjustment) -> DiscountAdjustment {
        let hidden = step.cause.kind == AdjustmentKind::Floor && !self.shows_costs;
        let value = step.cause.value.filter(|_| !hidden);
        let basis = step.cause.basis.filter(|_| !hidden);
        DiscountAdjustment {
            seq: step.seq,
            rule: step.cause.rule.clone(),
            rule_version: step.cause.rule_version,
            group: step.cause.group.clone(),
            currency: step.cause.currency.map(|it| it.to_string()),
            kind: step.cause.kind.word().to_owned(),
            value: value.map(plain),
            basis: basis.map(|basis| basis.word().to_owned()),
            amount: self.price(step.amount),
            unit_after: self.price(step.unit_after),
        }
    }

    fn floor(&self, price: &PricedLine) -> Option<DiscountFloor> {
        let floor = price.floor.filter(|_| self.shows_costs)?;
        Some(DiscountFloor {
            basis: floor.basis.word().to_owned(),
            value: plain(floor.value),
            unit_floor: self.price(floor.unit_floor),
            binding: floor.binding,
        })
    }

    fn facts(&self, line: &Line) -> DiscountLineFacts {
        let cost = line.unit_cost.amount().filter(|_| self.shows_costs);
        DiscountLineFacts {
            sku: line.sku.clone(),
            category: line.category.as_ref().map(ToString::to_string),
            margin_class: line.margin_class.word().to_owned(),
            unit_cost: cost.map(|cost| cost.to_string()),
            cost_source: line.unit_cost.source().to_owned(),
        }
    }
}

pub(super) fn not_applied(near: &NotApplied) -> DiscountNotApplied {
    DiscountNotApplied {
        rule: near.rule.clone(),
        group: near.group.clone(),
        reason: near.miss.reason.word().to_owned(),
        needed: near.miss.needed.clone(),
        actual: near.miss.actual.clone(),
        delta: near.miss.delta.map(plain),
    }
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
    let required = both().any(|it| it.required);
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
        approval: if required { "required" } else { "none" }.to_owned(),
    }
}
