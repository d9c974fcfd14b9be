//! Entitlements on the wire.

use super::resolve::{Found, ResolvedCredit, ResolvedDiscount, ResolvedRouting};
use crate::v1::deciding::{PolicyVersion, TierStanding};
use crate::wire::money;
use serde::Serialize;
use tiercel_domain::currency::Currency;
use tiercel_domain::decision::Level;
use tiercel_domain::discounts::entitled::Entitlement;
use tiercel_domain::discounts::rules::Selectors;
use utoipa::ToSchema;

/// Who reads entitlements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Company,
    /// Customers are not told what others get.
    Customer,
}

/// What a customer is entitled to today.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "customer_matched": true, "tier": {"code": "high", "score": "84", "as_of": "2026-02-28", "model_version": 1, "stale": false}, "as_of": "2026-03-01", "discount": null, "credit": null, "routing": {"policy": {"id": "default", "version": 1}, "queue": "vip", "advantage_seconds": 600, "max_wait_boost_seconds": null, "skills": [], "dedicated_line": "+18005550111", "preferred_agent": "anna", "language": "en", "trace": [{"level": "tier", "found": true, "decides": true, "sources": ["high"]}]}}))]
pub struct EntitlementsResponse {
    /// Null where the customer is unknown.
    pub customer_id: Option<String>,
    pub customer_matched: bool,
    pub tier: TierStanding,
    #[schema(format = Date)]
    pub as_of: String,
    /// Null without `discounts:decide`.
    pub discount: Option<DiscountEntitlements>,
    /// Null without `credit:read`.
    pub credit: Option<CreditEntitlements>,
    /// Null without `routing:read`.
    pub routing: Option<RoutingEntitlements>,
}

/// Entitlements of many, in the order asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"customer_id": null, "customer_matched": false, "tier": {"code": "", "score": null, "as_of": null, "model_version": null, "stale": true}, "as_of": "2026-03-01", "discount": null, "credit": null, "routing": null}]}))]
pub struct EntitlementsBatchResponse {
    pub items: Vec<EntitlementsResponse>,
}

/// One level of the resolution, the strongest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"level": "tier", "found": true, "decides": true, "sources": ["high"]}))]
pub struct EntitlementLevel {
    /// `override`, `contract`, `customer`, `group`, `tier` or `default`.
    pub level: String,
    pub found: bool,
    /// Whether what was found here counts. Discounts of several levels can all count: how they stack
    /// is the policy's to say.
    pub decides: bool,
    /// What was found: rules, tiers, or where a limit comes from.
    pub sources: Vec<String>,
    /// What would be found if the customer were not held out, to show what it brings; absent where
    /// that is nothing, and never told to customers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_out: Vec<String>,
}

/// Rules that quotes of the customer can meet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"policy": {"id": "default", "version": 1}, "rules": [{"rule": "tier-high", "group": "tier", "level": "tier", "kind": "percent", "least": "12", "most": "12", "currency": null, "of_document": false, "conditions": []}], "trace": []}))]
pub struct DiscountEntitlements {
    pub policy: PolicyVersion,
    pub rules: Vec<EntitledRule>,
    pub trace: Vec<EntitlementLevel>,
}

/// A rule that is about the customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"rule": "tier-high", "group": "tier", "level": "tier", "kind": "percent", "least": "12", "most": "12", "currency": null, "of_document": false, "conditions": [{"name": "min_quantity", "value": "20"}]}))]
pub struct EntitledRule {
    pub rule: String,
    /// The group in which it stacks.
    pub group: String,
    pub level: String,
    /// `percent`, `amount` or `net_price`.
    pub kind: String,
    /// At the lowest and at the highest quantity break.
    pub least: String,
    pub most: String,
    /// Of amounts; null = that of the quote.
    pub currency: Option<String>,
    pub of_document: bool,
    /// The customer does not get it, to show what it brings; absent where it does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub held_out: bool,
    /// What a quote has to be besides.
    pub conditions: Vec<EntitlementCondition>,
}

/// One thing that a quote has to be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "min_quantity", "value": "20"}))]
pub struct EntitlementCondition {
    /// `sku`, `category`, `selected_articles`, `segment`, `channel`, `currency`, `min_quantity`,
    /// `below_quantity`, `min_amount`, `below_amount` or `until`.
    pub name: String,
    /// Several are told with commas between them.
    pub value: String,
}

/// The terms on which the customer buys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"policy": {"id": "default", "version": 1}, "payment_term": "2-10-N45", "payment_term_text": "2% 10 days, net 45", "grace_days": 7, "limit": "50000.00", "currency": "EUR", "term_trace": [], "limit_trace": []}))]
pub struct CreditEntitlements {
    pub policy: PolicyVersion,
    pub payment_term: String,
    pub payment_term_text: String,
    pub grace_days: u16,
    /// The limit of the customer, in base currency.
    pub limit: String,
    pub currency: String,
    pub term_trace: Vec<EntitlementLevel>,
    pub limit_trace: Vec<EntitlementLevel>,
}

/// How the customer's calls are answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"policy": {"id": "default", "version": 1}, "queue": "vip", "advantage_seconds": 600, "max_wait_boost_seconds": null, "skills": [], "dedicated_line": "+18005550111", "preferred_agent": "anna", "language": "en", "trace": []}))]
pub struct RoutingEntitlements {
    pub policy: PolicyVersion,
    pub queue: String,
    pub advantage_seconds: u32,
    pub max_wait_boost_seconds: Option<u32>,
    pub skills: Vec<String>,
    pub dedicated_line: Option<String>,
    pub preferred_agent: Option<String>,
    pub language: String,
    pub trace: Vec<EntitlementLevel>,
}

/// All levels; `all_count` where what was found at several counts together.
fn trace(found: &Found, all_count: bool) -> Vec<EntitlementLevel> {
    let sources = |level| {
        let here = found.iter().find(|(it, _)| *it == level);
        here.map(|(_, sources)| sources.clone()).unwrap_or_default()
    };
    let mut decided = false;
    let levels = Level::ALL.into_iter().map(|level| {
        let sources: Vec<String> = sources(level);
        let found = !sources.is_empty();
        let decides = found && (all_count || !decided);
        decided = decided || found;
        EntitlementLevel {
            level: level.word().to_owned(),
            found,
            decides,
            sources,
            held_out: Vec::new(),
        }
    });
    levels.collect()
}

/// The same with what the customer is held out from, unless the customer reads it.
fn beside(
    mut levels: Vec<EntitlementLevel>,
    held_out: &Found,
    reader: Reader,
) -> Vec<EntitlementLevel> {
    if reader == Reader::Company {
        for (level, held) in held_out {
            let here = levels.iter_mut().find(|it| it.level == level.word());
            if let Some(here) = here {
                here.held_out.clone_from(held);
            }
        }
    }
    levels
}

pub(super) fn discount(resolved: &ResolvedDiscount<'_>, reader: Reader) -> DiscountEntitlements {
    let rules = resolved.rules.iter();
    let told = rules.filter(|it| reader == Reader::Company || !it.held_out);
    DiscountEntitlements {
        policy: (&resolved.policy.reference).into(),
        rules: told.map(rule).collect(),
        trace: beside(trace(&resolved.found, true), &resolved.held_out, reader),
    }
}

fn rule(entitlement: &Entitlement<'_>) -> EntitledRule {
    let rule = entitlement.rule;
    let (least, most) = rule.schedule.range();
    EntitledRule {
        rule: rule.id.clone(),
        group: entitlement.group.to_owned(),
        level: entitlement.level.word().to_owned(),
        kind: rule.benefit.word().to_owned(),
        least: least.normalize().to_string(),
        most: most.normalize().to_string(),
        currency: rule.currency.map(|currency| currency.to_string()),
        of_document: entitlement.of_document,
        held_out: entitlement.held_out,
        conditions: conditions(&rule.selectors),
    }
}

/// Of margin classes only that there is a choice: what an article earns is not the customer's to know.
fn conditions(it: &Selectors) -> Vec<EntitlementCondition> {
    let chosen = match it.margin_classes.is_empty() {
        true => String::new(),
        false => "true".to_owned(),
    };
    let optional = |value: Option<String>| value.unwrap_or_default();
    let told = [
        ("sku", joined(&it.skus)),
        ("category", joined(&it.categories)),
        ("selected_articles", chosen),
        ("segment", joined(&it.segments)),
        ("channel", joined(&it.channels)),
        ("currency", joined(&it.currencies)),
        (
            "min_quantity",
            optional(it.min_quantity.map(|it| it.to_string())),
        ),
        (
            "below_quantity",
            optional(it.below_quantity.map(|it| it.to_string())),
        ),
        (
            "min_amount",
            optional(it.min_amount.map(|it| it.to_string())),
        ),
        (
            "below_amount",
            optional(it.below_amount.map(|it| it.to_string())),
        ),
        ("until", optional(it.valid_until.map(|it| it.to_string()))),
    ];
    let told = told.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(name, value)| EntitlementCondition {
        name: name.to_owned(),
        value,
    })
    .collect()
}

fn joined<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|it| it.to_string()).collect();
    values.join(", ")
}

pub(super) fn credit(
    resolved: &ResolvedCredit,
    base: Currency,
    reader: Reader,
) -> CreditEntitlements {
    let decision = &resolved.decision;
    let told = |found: &Found| beside(trace(found, false), &resolved.held_out, reader);
    CreditEntitlements {
        policy: (&decision.policy).into(),
        payment_term: decision.term.code.clone(),
        payment_term_text: decision.term.text(),
        grace_days: decision.term.grace_days,
        limit: money(decision.limit.amount.decimal(), base),
        currency: base.to_string(),
        term_trace: told(&resolved.term),
        limit_trace: told(&resolved.limit),
    }
}

pub(super) fn routing(resolved: &ResolvedRouting) -> RoutingEntitlements {
    let decision = &resolved.decision;
    RoutingEntitlements {
        policy: (&decision.policy).into(),
        queue: decision.queue.clone(),
        advantage_seconds: decision.advantage_seconds,
        max_wait_boost_seconds: decision.max_wait_boost_seconds,
        skills: decision.skills.clone(),
        dedicated_line: decision.dedicated_line.clone(),
        preferred_agent: decision.preferred_agent.clone(),
        language: decision.language.clone(),
        trace: trace(&resolved.found, false),
    }
}
