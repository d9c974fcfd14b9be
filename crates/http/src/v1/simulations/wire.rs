//! Requests and answers about simulations.

use crate::flows::simulations::question::{Asked, SimulatedCustomers, SimulatedPolicies};
use crate::flows::simulations::report::{Cell, Distribution, MoverContent, Report};
use crate::problem::{Kind, Problem};
use crate::scope::Scope;
use crate::tenant::TenantHandle;
use crate::v1::evaluations::ModelReference;
use crate::wire::{instant, money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::simulations::{Mover, Simulation};
use utoipa::{IntoParams, ToSchema};

/// Which version to simulate.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "default", "version": 2}))]
pub struct SimulatedModel {
    /// Id or code of the model.
    pub id: String,
    pub version: i64,
}

/// What to simulate.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"model": {"id": "default", "version": 2}, "as_of": "2026-03-01"}))]
pub struct StartSimulationRequest {
    pub model: SimulatedModel,
    /// A business date, not to come; today where it is absent.
    #[schema(format = Date)]
    pub as_of: Option<String>,
    /// Everyone where it is absent.
    pub customers: Option<SimulatedCustomers>,
    /// Policies that would come with the model; those in force where they are absent.
    pub policies: Option<SimulatedPolicies>,
}

/// Customers of one transition. Amounts of the twelve months that end with the day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"from": "general", "to": "high", "customers": 12, "revenue": "481000.00", "profit": "92000.00", "without_profit": 0}))]
pub struct TransitionResponse {
    /// Empty where no model is in force.
    pub from: String,
    pub to: String,
    pub customers: u64,
    pub revenue: String,
    /// Of those whose costs are all known; null without the scope `costs:read`.
    pub profit: Option<String>,
    /// Customers of whom a cost is not known.
    pub without_profit: u64,
}

/// Customers whose score lies in a column.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"from": 40, "to": 44, "before": 12, "after": 9}))]
pub struct ScoreColumn {
    /// Points, included.
    pub from: i64,
    /// Points, excluded.
    pub to: i64,
    pub before: u64,
    pub after: u64,
}

/// What the movers' discounts and credit limits would be, for a year like the last.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"discounts_compared": 12, "discount_before": "1200.00", "discount_after": "3400.00", "limits_compared": 12, "credit_limit_before": "300000.00", "credit_limit_after": "600000.00", "over_limit_before": 1, "over_limit_after": 0}))]
pub struct EffectsResponse {
    pub discounts_compared: u64,
    /// Given on the order lines of the year, their value taken as the list price.
    pub discount_before: String,
    pub discount_after: String,
    pub limits_compared: u64,
    pub credit_limit_before: String,
    pub credit_limit_after: String,
    /// Movers that owe more than their limit.
    pub over_limit_before: u64,
    pub over_limit_after: u64,
}

/// What was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customers": 98, "up": 12, "down": 3, "sideways": 0, "transitions": [], "scores": [], "effects": {"discounts_compared": 12, "discount_before": "1200.00", "discount_after": "3400.00", "limits_compared": 12, "credit_limit_before": "300000.00", "credit_limit_after": "600000.00", "over_limit_before": 1, "over_limit_after": 0}}))]
pub struct SimulationReport {
    pub customers: u64,
    pub up: u64,
    pub down: u64,
    /// Another tier of the same rank, or no tier before.
    pub sideways: u64,
    #[schema(inline)]
    pub transitions: Vec<TransitionResponse>,
    #[schema(inline)]
    pub scores: Vec<ScoreColumn>,
    pub effects: EffectsResponse,
}

/// A simulation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "sim_06dv7n5z4h9k3m2p8q1r5s7t0w", "job": "job_06dv7n5z4h9k3m2p8q1r5s7t10", "state": "queued", "model": {"id": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "version": 2}, "model_hash": "9f2c", "as_of": "2026-03-01", "customers": {"tier": null, "kind": null, "owner": null, "group_id": null}, "policies": {"discount": null, "credit": null}, "currency": "EUR", "report": null, "created_at": "2026-03-01T09:30:00.000000Z", "finished_at": null}))]
pub struct SimulationResponse {
    pub id: String,
    pub job: String,
    /// `queued`, `running`, `done` or `failed`; the job says why.
    pub state: String,
    pub model: ModelReference,
    /// SHA-256 of the version that is simulated: a draft that changes later has another.
    pub model_hash: String,
    pub as_of: String,
    pub customers: SimulatedCustomers,
    pub policies: SimulatedPolicies,
    /// Base currency, of all amounts.
    pub currency: String,
    /// Null until it has ended.
    pub report: Option<SimulationReport>,
    pub created_at: String,
    pub finished_at: Option<String>,
}

/// Which customers to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListMovers {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// A criterion that gives other points; null where a model does not have it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "revenue", "before": "15", "after": "25"}))]
pub struct MovedCriterionResponse {
    pub code: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A customer who would change tier, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "direction": "up", "tier_before": "general", "tier_after": "high", "score_before": "52.5", "score_after": "71", "criteria": [{"code": "revenue", "before": "15", "after": "25"}], "revenue": "38000.00", "profit": "9000.00", "discount_before": "100.00", "discount_after": "400.00", "credit_limit_before": "25000.00", "credit_limit_after": "50000.00"}))]
pub struct MoverResponse {
    pub customer: String,
    /// `up`, `down` or `sideways`.
    pub direction: String,
    pub tier_before: Option<String>,
    pub tier_after: String,
    pub score_before: Option<String>,
    pub score_after: String,
    /// The criteria that moved it, the strongest first.
    pub criteria: Vec<MovedCriterionResponse>,
    /// Of the twelve months that end with the day.
    pub revenue: String,
    /// Null where a cost is not known, and without the scope `costs:read`.
    pub profit: Option<String>,
    pub discount_before: Option<String>,
    pub discount_after: Option<String>,
    pub credit_limit_before: Option<String>,
    pub credit_limit_after: Option<String>,
}

fn amount(units: i128, currency: Currency) -> String {
    let value = Decimal::try_from_i128_with_scale(units, Amount::SCALE);
    value.map_or_else(|_| units.to_string(), |value| money(value, currency))
}

fn unreadable(_: serde_json::Error) -> Problem {
    Problem::new(Kind::Internal, "a report cannot be read")
}

pub(super) fn shown(
    one: &Simulation,
    state: &str,
    tenant: &TenantHandle,
) -> Result<SimulationResponse, Problem> {
    let asked: Asked = serde_json::from_str(&one.of.question).map_err(unreadable)?;
    let report = one.report.as_deref().map(serde_json::from_str::<Report>);
    let report = report.transpose().map_err(unreadable)?;
    let currency = tenant.settings().base_currency;
    let costs = tenant.allows(Scope::CostsRead);
    Ok(SimulationResponse {
        id: one.id.to_string(),
        job: one.job.to_string(),
        state: state.to_owned(),
        model: ModelReference {
            id: one.of.model.to_string(),
            version: one.of.model_version,
        },
        model_hash: one.of.model_hash.clone(),
        as_of: one.of.as_of.to_string(),
        customers: asked.customers,
        policies: asked.policies,
        currency: currency.to_string(),
        report: report.map(|report| told(&report, currency, costs)),
        created_at: instant(one.created_at),
        finished_at: one.finished_at.map(instant),
    })
}

fn told(report: &Report, currency: Currency, costs: bool) -> SimulationReport {
    let transition = |from: &String, to: &String, cell: &Cell| TransitionResponse {
        from: from.clone(),
        to: to.clone(),
        customers: cell.customers,
        revenue: amount(cell.revenue, currency),
        profit: costs.then(|| amount(cell.profit, currency)),
        without_profit: cell.without_profit,
    };
    let cells = report
        .cells
        .iter()
        .flat_map(|(from, row)| row.iter().map(move |(to, cell)| transition(from, to, cell)));
    let effects = &report.effects;
    SimulationReport {
        customers: report.customers,
        up: report.up,
        down: report.down,
        sideways: report.sideways,
        transitions: cells.collect(),
        scores: columns(&report.scores),
        effects: EffectsResponse {
            discounts_compared: effects.quoted,
            discount_before: amount(effects.discount_before, currency),
            discount_after: amount(effects.discount_after, currency),
            limits_compared: effects.limited,
            credit_limit_before: amount(effects.limit_before, currency),
            credit_limit_after: amount(effects.limit_after, currency),
            over_limit_before: effects.over_before,
            over_limit_after: effects.over_after,
        },
    }
}

fn columns(scores: &Distribution) -> Vec<ScoreColumn> {
    let all = || scores.before.keys().chain(scores.after.keys());
    let (Some(first), Some(last)) = (all().min(), all().max()) else {
        return Vec::new();
    };
    let count = |counts: &std::collections::BTreeMap<i64, u64>, column: i64| {
        counts.get(&column).copied().unwrap_or(0)
    };
    let column = |column: i64| ScoreColumn {
        from: column.saturating_mul(scores.width),
        to: column.saturating_add(1).saturating_mul(scores.width),
        before: count(&scores.before, column),
        after: count(&scores.after, column),
    };
    (*first..=*last).map(column).collect()
}

impl MoverResponse {
    pub fn new(mover: &Mover, currency: Currency, costs: bool) -> Result<Self, Problem> {
        let content: MoverContent = serde_json::from_str(&mover.content).map_err(unreadable)?;
        let criteria = content.criteria.into_iter();
        let effect = content.effect.unwrap_or_default();
        let show = |units: i64| amount(units.into(), currency);
        let profit = content.profit.filter(|_| costs);
        let profit = profit.and_then(|units| units.parse::<i128>().ok());
        Ok(Self {
            customer: mover.customer.to_string(),
            direction: content.direction,
            tier_before: content.tier_before,
            tier_after: content.tier_after,
            score_before: content.score_before,
            score_after: content.score_after,
            criteria: criteria
                .map(|one| MovedCriterionResponse {
                    code: one.code,
                    before: one.before,
                    after: one.after,
                })
                .collect(),
            revenue: amount(content.revenue, currency),
            profit: profit.map(|units| amount(units, currency)),
            discount_before: effect.discount.map(|(before, _)| show(before)),
            discount_after: effect.discount.map(|(_, after)| show(after)),
            credit_limit_before: effect.credit_limit.map(|(before, _)| show(before)),
            credit_limit_after: effect.credit_limit.map(|(_, after)| show(after)),
        })
    }
}
