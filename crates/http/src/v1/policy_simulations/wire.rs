//! Requests and answers about simulations of policies.

use crate::flows::policy_simulations::question::Asked;
use crate::flows::policy_simulations::report::{
    CreditDelta, CreditSums, Delta, Report, SideSums, Sums,
};
use crate::flows::simulations::question::{SimulatedCustomers, SimulatedPolicies};
use crate::problem::{Kind, Problem};
use crate::scope::Scope;
use crate::tenant::TenantHandle;
use crate::wire::{instant, money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::policy_simulations::PolicySimulation;
use utoipa::{IntoParams, ToSchema};

/// What to simulate.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"policies": {"discount": 1}, "from": "2026-01-01", "to": "2026-03-01"}))]
pub struct StartPolicySimulationRequest {
    /// Versions of `default`, drafts as a rule: at least one. The other policy stays as it is.
    pub policies: SimulatedPolicies,
    /// `order_lines` (where it is absent) or `quotes`.
    pub basis: Option<String>,
    /// The first day of the business.
    #[schema(format = Date)]
    pub from: String,
    /// The last day of the business; today where it is absent.
    #[schema(format = Date)]
    pub to: Option<String>,
    /// The day whose policies, rules and tiers by hand count, from today to a year ahead; today where
    /// it is absent. Firm quotes keep their own day.
    #[schema(format = Date)]
    pub on: Option<String>,
    /// Everyone where it is absent.
    pub customers: Option<SimulatedCustomers>,
}

/// What one policy makes of the business.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"net": "9120.00", "discount": "880.00", "margin": "2100.00", "floors": 3, "approvals": 0}))]
pub struct SimulatedSide {
    pub net: String,
    /// List less net.
    pub discount: String,
    /// Net less cost, of the lines whose cost is known; absent without `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<String>,
    /// Lines whose floor held a discount back; absent without `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floors: Option<u64>,
    /// Lines and documents that somebody would have to approve.
    pub approvals: u64,
}

/// Business by the policy in force (`before`) and by the draft (`after`).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"documents": 40, "skipped": 0, "lines": 96, "unpriced": 0, "without_cost": 2, "list": "10000.00", "before": {"net": "9120.00", "discount": "880.00", "margin": "2100.00", "floors": 3, "approvals": 0}, "after": {"net": "9000.00", "discount": "1000.00", "margin": "1980.00", "floors": 5, "approvals": 0}, "discount_delta": "120.00", "margin_delta": "-120.00"}))]
pub struct SimulatedBusiness {
    pub documents: u64,
    /// Documents that could not be compared.
    pub skipped: u64,
    pub lines: u64,
    /// Lines that one of the two cannot price: they are in no sum.
    pub unpriced: u64,
    /// Lines whose cost nobody knows: they are in no margin.
    pub without_cost: u64,
    pub list: String,
    pub before: SimulatedSide,
    pub after: SimulatedSide,
    /// What customers would get more.
    pub discount_delta: String,
    /// Absent without `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin_delta: Option<String>,
}

/// Customers of one tier.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"tier": "high", "customers": 12, "gain": 10, "lose": 0, "discount_delta": "120.00"}))]
pub struct SimulatedTier {
    /// Empty for those who were never evaluated.
    #[schema(min_length = 0)]
    pub tier: String,
    pub customers: u64,
    pub gain: u64,
    pub lose: u64,
    pub discount_delta: String,
    /// Absent without `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin_delta: Option<String>,
}

/// Limits by both policies; all zero where no credit policy is simulated.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customers": 98, "limit_before": "980000.00", "limit_after": "1200000.00", "limit_delta": "220000.00", "used": "310000.00", "over_before": 4, "over_after": 2, "beyond_before": "8000.00", "beyond_after": "3000.00", "held_before": 9, "held_after": 8}))]
pub struct SimulatedCredit {
    pub customers: u64,
    pub limit_before: String,
    pub limit_after: String,
    pub limit_delta: String,
    /// Exposure: open bills, and what is committed or reserved.
    pub used: String,
    /// Customers whose exposure is above their limit.
    pub over_before: u64,
    pub over_after: u64,
    /// By how much together.
    pub beyond_before: String,
    pub beyond_after: String,
    /// Customers whose new orders are held.
    pub held_before: u64,
    pub held_after: u64,
}

/// What was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customers": 98, "gain": 12, "lose": 3, "same": 83, "business": {"documents": 0, "skipped": 0, "lines": 0, "unpriced": 0, "without_cost": 0, "list": "0.00", "before": {"net": "0.00", "discount": "0.00", "approvals": 0}, "after": {"net": "0.00", "discount": "0.00", "approvals": 0}, "discount_delta": "0.00"}, "tiers": [], "credit": {"customers": 0, "limit_before": "0.00", "limit_after": "0.00", "limit_delta": "0.00", "used": "0.00", "over_before": 0, "over_after": 0, "beyond_before": "0.00", "beyond_after": "0.00", "held_before": 0, "held_after": 0}}))]
pub struct PolicySimulationReport {
    pub customers: u64,
    /// Customers who would pay less for the same business, more, or the same.
    pub gain: u64,
    pub lose: u64,
    pub same: u64,
    pub business: SimulatedBusiness,
    #[schema(inline)]
    pub tiers: Vec<SimulatedTier>,
    pub credit: SimulatedCredit,
}

/// A simulation of policies.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "psm_06dv7n5z4h9k3m2p8q1r5s7t0w", "job": "job_06dv7n5z4h9k3m2p8q1r5s7t10", "state": "queued", "policies": {"discount": 2, "credit": null}, "discount_hash": "9f2c", "basis": "order_lines", "from": "2026-01-01", "to": "2026-03-01", "on": "2026-03-01", "customers": {"tier": null, "kind": null, "owner": null, "group_id": null}, "currency": "EUR", "created_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct PolicySimulationResponse {
    pub id: String,
    pub job: String,
    /// `queued`, `running`, `done` or `failed`; the job says why.
    pub state: String,
    pub policies: SimulatedPolicies,
    /// SHA-256 of the versions that are simulated: a draft that changes later has another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_hash: Option<String>,
    pub basis: String,
    #[schema(format = Date)]
    pub from: String,
    #[schema(format = Date)]
    pub to: String,
    #[schema(format = Date)]
    pub on: String,
    pub customers: SimulatedCustomers,
    /// Base currency, of all amounts.
    pub currency: String,
    /// Absent until it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<PolicySimulationReport>,
    pub created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

/// Which customers to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPolicySimulationCustomers {
    /// `gains`, `loses` or `same` (whose credit alone would change); all where it is absent.
    pub outcome: Option<String>,
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// A customer's limit by both policies.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"limit_before": "10000.00", "limit_after": "8000.00", "used": "9000.00", "held_before": false, "held_after": true}))]
pub struct SimulatedLimit {
    pub limit_before: String,
    pub limit_after: String,
    /// Exposure: open bills, and what is committed or reserved.
    pub used: String,
    /// Whether new orders are held.
    pub held_before: bool,
    pub held_after: bool,
}

/// What would change for a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "outcome": "gains", "tier": "high", "business": {"documents": 1, "skipped": 0, "lines": 2, "unpriced": 0, "without_cost": 0, "list": "1000.00", "before": {"net": "912.00", "discount": "88.00", "approvals": 0}, "after": {"net": "900.00", "discount": "100.00", "approvals": 0}, "discount_delta": "12.00"}}))]
pub struct PolicySimulationCustomer {
    pub customer: String,
    /// `gains`, `loses` or `same`.
    pub outcome: String,
    /// Absent where the customer was never evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    pub business: SimulatedBusiness,
    /// Absent where no credit policy is simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<SimulatedLimit>,
}

/// How amounts are told, and to whom.
#[derive(Debug, Clone, Copy)]
struct Telling {
    currency: Currency,
    costs: bool,
}

impl Telling {
    fn amount(self, units: i128) -> String {
        let value = Decimal::try_from_i128_with_scale(units, Amount::SCALE);
        value.map_or_else(|_| units.to_string(), |value| money(value, self.currency))
    }

    fn side(self, sums: &Sums, side: &SideSums) -> SimulatedSide {
        SimulatedSide {
            net: self.amount(side.net),
            discount: self.amount(sums.list.saturating_sub(side.net)),
            margin: self
                .costs
                .then(|| self.amount(side.costed.saturating_sub(sums.cost))),
            floors: self.costs.then_some(side.floors),
            approvals: side.approvals,
        }
    }

    fn discount_delta(self, sums: &Sums) -> String {
        self.amount(sums.before.net.saturating_sub(sums.after.net))
    }

    fn margin_delta(self, sums: &Sums) -> Option<String> {
        let delta = sums.after.costed.saturating_sub(sums.before.costed);
        self.costs.then(|| self.amount(delta))
    }

    fn business(self, sums: &Sums) -> SimulatedBusiness {
        SimulatedBusiness {
            documents: sums.documents,
            skipped: sums.skipped,
            lines: sums.lines,
            unpriced: sums.unpriced,
            without_cost: sums.without_cost,
            list: self.amount(sums.list),
            before: self.side(sums, &sums.before),
            after: self.side(sums, &sums.after),
            discount_delta: self.discount_delta(sums),
            margin_delta: self.margin_delta(sums),
        }
    }

    fn credit(self, sums: &CreditSums) -> SimulatedCredit {
        SimulatedCredit {
            customers: sums.customers,
            limit_before: self.amount(sums.limit_before),
            limit_after: self.amount(sums.limit_after),
            limit_delta: self.amount(sums.limit_after.saturating_sub(sums.limit_before)),
            used: self.amount(sums.used),
            over_before: sums.over_before,
            over_after: sums.over_after,
            beyond_before: self.amount(sums.beyond_before),
            beyond_after: self.amount(sums.beyond_after),
            held_before: sums.held_before,
            held_after: sums.held_after,
        }
    }

    fn limit(self, one: CreditDelta) -> SimulatedLimit {
        SimulatedLimit {
            limit_before: self.amount(one.limit_before.into()),
            limit_after: self.amount(one.limit_after.into()),
            used: self.amount(one.used.into()),
            held_before: one.held_before,
            held_after: one.held_after,
        }
    }

    fn report(self, report: &Report) -> PolicySimulationReport {
        let tiers = report.tiers.iter().map(|(tier, part)| SimulatedTier {
            tier: tier.clone(),
            customers: part.customers,
            gain: part.gain,
            lose: part.lose,
            discount_delta: self.discount_delta(&part.sums),
            margin_delta: self.margin_delta(&part.sums),
        });
        PolicySimulationReport {
            customers: report.customers,
            gain: report.gain,
            lose: report.lose,
            same: report.same,
            business: self.business(&report.total),
            tiers: tiers.collect(),
            credit: self.credit(&report.credit),
        }
    }
}

fn unreadable(_: serde_json::Error) -> Problem {
    Problem::new(Kind::Internal, "a report cannot be read")
}

pub(super) fn shown(
    one: &PolicySimulation,
    state: &str,
    tenant: &TenantHandle,
) -> Result<PolicySimulationResponse, Problem> {
    let asked: Asked = serde_json::from_str(&one.question).map_err(unreadable)?;
    let report = one.report.as_deref().map(serde_json::from_str::<Report>);
    let report = report.transpose().map_err(unreadable)?;
    let telling = Telling {
        currency: tenant.settings().base_currency,
        costs: tenant.allows(Scope::CostsRead),
    };
    Ok(PolicySimulationResponse {
        id: one.id.to_string(),
        job: one.job.to_string(),
        state: state.to_owned(),
        policies: SimulatedPolicies {
            discount: asked.discount.as_ref().map(|it| it.version),
            credit: asked.credit.as_ref().map(|it| it.version),
        },
        discount_hash: asked.discount.map(|it| it.hash),
        credit_hash: asked.credit.map(|it| it.hash),
        basis: asked.basis.word().to_owned(),
        from: asked.from.to_string(),
        to: asked.to.to_string(),
        on: asked.on.to_string(),
        customers: asked.customers,
        currency: telling.currency.to_string(),
        report: report.map(|report| telling.report(&report)),
        created_at: instant(one.created_at),
        finished_at: one.finished_at.map(instant),
    })
}

impl PolicySimulationCustomer {
    pub fn new(
        customer: CustomerId,
        content: &str,
        currency: Currency,
        costs: bool,
    ) -> Result<Self, Problem> {
        let delta: Delta = serde_json::from_str(content).map_err(unreadable)?;
        let telling = Telling { currency, costs };
        Ok(Self {
            customer: customer.to_string(),
            outcome: delta.outcome().word().to_owned(),
            business: telling.business(&delta.sums),
            credit: delta.credit.map(|one| telling.limit(one)),
            tier: delta.tier,
        })
    }
}
