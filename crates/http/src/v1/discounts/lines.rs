//! One line of an answer: its way from list to net, as far as the caller may see it.

use super::Decided;
use super::document::{self, DiscountCap, DocumentShare};
use super::last_price::LastPrice;
use super::request::{Asked, Explain};
use crate::wire::{decimals, plain};
use serde::Serialize;
use tiercel_domain::discounts::stack::NotApplied;
use tiercel_domain::discounts::waterfall::{Adjustment, AdjustmentKind};
use tiercel_domain::discounts::{Decision, Line, PricedLine};
use utoipa::ToSchema;

/// One line: `error`, or all of the others.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"line_id": "10", "list_unit_price": "100.00", "net_unit_price": "80.96", "list_amount": "3000.00", "net_amount": "2428.80", "discount_amount": "571.20", "effective_discount_pct": "19.04", "approval": {"required": false, "reasons": []}}))]
pub struct DiscountLine {
    pub line_id: String,
    /// The contract that it is sold under: as told, or the one that was made with the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contract_ref: Option<String>,
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
    /// `rounding`, `floor` or `requested`.
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
    /// The approval that allowed a price that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub approval_id: Option<String>,
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
    /// The last level of the chain that must approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub level: Option<String>,
    /// The approval that covers the price; its reasons stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub approval_id: Option<String>,
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

/// How the lines of one answer are told.
struct Telling<'a> {
    decision: &'a Decision,
    explain: Explain,
    shows_costs: bool,
}

/// The lines as asked: those that could not be completed have an error of their own.
pub(super) fn told(asked: &Asked, decided: &Decided, shows_costs: bool) -> Vec<DiscountLine> {
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
            contract_ref: line.contract.as_ref().map(|it| it.reference.clone()),
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
            approval_id: step.cause.approval.map(|id| id.to_string()),
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
