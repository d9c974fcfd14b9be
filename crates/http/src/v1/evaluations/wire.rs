//! Requests and answers about evaluations.

use crate::v1::tier_overrides::HeldTier;
use crate::wire::instant;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tiercel_domain::ids::JobId;
use tiercel_domain::scaled::Points;
use tiercel_persistence::evaluations::StoredEvaluation;
use utoipa::{IntoParams, ToSchema};

/// As of when everyone is evaluated.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"as_of": "2026-03-01"}))]
pub struct StartEvaluationRequest {
    /// A business date; today where it is absent.
    pub as_of: Option<String>,
}

/// An evaluation of everyone that waits for its turn.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"job": "job_06dv7n5z4h9k3m2p8q1r5s7t10", "state": "queued", "as_of": "2026-03-01"}))]
pub struct EvaluationQueuedResponse {
    /// Follow it at `/v1/jobs/{job}`.
    pub job: String,
    pub state: String,
    pub as_of: String,
}

impl EvaluationQueuedResponse {
    pub fn new(job: JobId, as_of: NaiveDate) -> Self {
        Self {
            job: job.to_string(),
            state: "queued".to_owned(),
            as_of: as_of.to_string(),
        }
    }
}

/// Which evaluations to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListEvaluations {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…`, or `system:id`.
    pub customer: Option<String>,
    /// The code of a tier.
    pub tier: Option<String>,
    pub as_of: Option<String>,
}

/// Points of one criterion.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "revenue", "points": "25"}))]
pub struct CriterionPoints {
    pub code: String,
    pub points: String,
}

/// The version of a model.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "version": 1}))]
pub struct ModelReference {
    pub id: String,
    pub version: i64,
}

/// An evaluation as it was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "evl_06dv7n5z4h9k3m2p8q1r5s7t14", "customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "as_of": "2026-03-01", "model": {"id": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "version": 1}, "state_version": 7, "score": "71", "tier": "high", "initial_points": "0", "points": [{"code": "revenue", "points": "71"}], "cause": "facts", "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct StoredEvaluationResponse {
    pub id: String,
    pub customer: String,
    pub as_of: String,
    pub model: ModelReference,
    /// The state of the customer that it was made from; grows with every write.
    pub state_version: i64,
    pub score: String,
    pub tier: String,
    /// What everyone begins with.
    pub initial_points: String,
    /// In the model's order; with the initial points they add up to the score.
    pub points: Vec<CriterionPoints>,
    /// `facts`, `profile`, `run` or `time`.
    pub cause: String,
    pub recorded_at: String,
}

impl From<StoredEvaluation> for StoredEvaluationResponse {
    fn from(stored: StoredEvaluation) -> Self {
        let earned = stored
            .points
            .iter()
            .map(|(_, points)| i128::from(points.units()));
        let initial = i128::from(stored.score.units()).saturating_sub(earned.sum());
        let initial = Points::from_units(i64::try_from(initial).unwrap_or_default());
        let points = stored.points.into_iter();
        Self {
            initial_points: initial.to_string(),
            id: stored.id.to_string(),
            customer: stored.customer.to_string(),
            as_of: stored.as_of.to_string(),
            model: ModelReference {
                id: stored.model.to_string(),
                version: stored.model_version,
            },
            state_version: stored.state_version,
            score: stored.score.to_string(),
            tier: stored.tier,
            points: points
                .map(|(code, points)| CriterionPoints {
                    code,
                    points: points.to_string(),
                })
                .collect(),
            cause: stored.cause,
            recorded_at: instant(stored.recorded_at),
        }
    }
}

/// How a customer's evaluation is shown.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindEvaluation {
    /// A business date; today where it is absent.
    #[param(example = "2026-03-01")]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// `none`: score and tier; `summary` (where it is absent): criteria too; `full`: also the
    /// facts behind them.
    pub explain: Option<String>,
    /// With a lifecycle: `recorded` (where it is absent), past calendar dates as they were decided
    /// then; `again`, all of them anew with what is known at `known_at`, from the first evaluation.
    pub steps: Option<String>,
}

/// As of when, as known when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListMeasures {
    /// A business date; today where it is absent.
    #[param(example = "2026-03-01")]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
}

/// The days that count.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"from": "2025-03-02", "to": "2026-03-01"}))]
pub struct WindowResponse {
    /// The first day; null where the window has no beginning.
    pub from: Option<String>,
    /// The last day.
    pub to: String,
}

/// The numbers from `from` (included) up to `to` (excluded).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"from": "50000", "to": null}))]
pub struct MatchedBand {
    pub from: Option<String>,
    pub to: Option<String>,
}

/// The facts behind a value.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"count": 2, "ids": ["fct_06dv7n5z4h9k3m2p8q1r5s7t0w"], "link": "/v1/facts?customer=cus_06dv7n5z4h9k3m2p8q1r5s7t0x&occurred_to=2026-03-01"}))]
pub struct EvidenceResponse {
    pub count: usize,
    /// The first 50.
    pub ids: Vec<String>,
    /// The customer's facts of the same days; these are among them.
    pub link: String,
}

/// What was measured. Numbers are shown with up to four decimals.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "revenue", "label": "Revenue of the last 12 months", "measure": "revenue", "unit": "base_currency", "window": {"from": "2025-03-02", "to": "2026-03-01"}, "value": "61250.00", "missing": null, "hidden": false}))]
pub struct MeasureResponse {
    /// The criterion's code in the model.
    pub code: String,
    pub label: String,
    pub measure: String,
    /// Null for attributes.
    pub unit: Option<String>,
    /// Null for measures without one.
    pub window: Option<WindowResponse>,
    /// Null where it is missing or hidden.
    pub value: Option<String>,
    /// Why there is no value: `no_data`, `cost_unknown`, `no_denominator` or `other_type`.
    pub missing: Option<String>,
    /// The caller may not see profit and margin.
    pub hidden: bool,
}

/// What was measured and how it became points.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "revenue", "label": "Revenue of the last 12 months", "measure": "revenue", "unit": "base_currency", "window": {"from": "2025-03-02", "to": "2026-03-01"}, "value": "61250.00", "missing": null, "hidden": false, "matched": "band", "band": {"from": "50000", "to": null}, "category": null, "points": "25", "counted": {"given": "25", "weight": null, "left": null, "weighed": "25", "group": null}, "reason": null, "facts": null}))]
pub struct CriterionResponse {
    #[serde(flatten)]
    pub measured: MeasureResponse,
    /// What gave the points: `band`, `category`, `other` or `missing`.
    pub matched: String,
    pub band: Option<MatchedBand>,
    pub category: Option<String>,
    /// What counts: these add up. Null for a token bound to the customer.
    pub points: Option<String>,
    /// How the points of the entry that matched became those that count; null for a token bound to
    /// the customer.
    pub counted: Option<CountedPoints>,
    /// What the model tells about the points.
    pub reason: Option<ReasonResponse>,
    /// Only with `explain=full`.
    pub facts: Option<EvidenceResponse>,
}

/// From the points of an entry to those that count.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"given": "10", "weight": "150", "left": "75", "weighed": "11.25", "group": "sales"}))]
pub struct CountedPoints {
    /// What the band, category or missing value gives.
    pub given: String,
    /// Per cent; null where the points count as given.
    pub weight: Option<String>,
    /// What is left with the age of the facts, per cent; null where they do not fade.
    pub left: Option<String>,
    /// After weight and age, before the group's cap.
    pub weighed: String,
    /// The code of the group that caps the sum.
    pub group: Option<String>,
}

/// A code for programs and texts for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "R12", "en": "Few orders in the last 12 months", "zh": "近12个月订单较少"}))]
pub struct ReasonResponse {
    pub code: String,
    pub en: Option<String>,
    pub zh: Option<String>,
}

/// A criterion whose points differ from their baseline.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"rank": 1, "criterion": "revenue", "difference": "18", "reason": {"code": "R12", "en": "Few orders in the last 12 months", "zh": "近12个月订单较少"}}))]
pub struct RankedReasonResponse {
    /// 1 differs the most.
    pub rank: usize,
    /// The criterion's code.
    pub criterion: String,
    pub difference: String,
    /// Null where the model tells nothing.
    pub reason: Option<ReasonResponse>,
}

/// What a group of criteria came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "sales", "label": "What the customer buys", "min": null, "max": "25", "sum": "31", "points": "25"}))]
pub struct GroupResponse {
    pub code: String,
    pub label: String,
    pub min: Option<String>,
    pub max: Option<String>,
    /// Of its criteria's points after weight and age.
    pub sum: String,
    /// What of it counts.
    pub points: String,
}

/// A veto that holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "insolvent", "label": "Insolvency proceedings", "effect": "force", "tier": "low", "decides": true, "reason": null}))]
pub struct VetoResponse {
    pub code: String,
    pub label: String,
    /// `force` or `cap`.
    pub effect: String,
    pub tier: String,
    /// Whether the tier is this one because of it.
    pub decides: bool,
    /// What the model tells about it.
    pub reason: Option<ReasonResponse>,
}

/// Where the customer stands, before vetoes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"tier": "high", "since": "2026-01-01", "misses": 1, "effect": "kept", "by": "grace", "until": "2026-12-31", "en": "score says general; kept high until 2026-12-31 by grace", "zh": "评分对应general；因宽限期保留high至2026-12-31"}))]
pub struct LifecycleResponse {
    pub tier: String,
    /// The first day in it.
    pub since: String,
    /// Calendar dates in a row whose score was too low.
    pub misses: u32,
    /// `none`: the tier is the score's; `kept`: the score says a lower one; `waits`: a better one.
    pub effect: String,
    /// With `kept`: `grace`, `minimum_stay`, `misses` or `calendar`.
    pub by: Option<String>,
    /// The last day on which this is so if the score stays.
    pub until: Option<String>,
    pub en: String,
    pub zh: String,
}

/// The evaluation that decisions go by.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "evl_06dv7n5z4h9k3m2p8q1r5s7t14", "as_of": "2026-03-01", "score": "71", "tier": "high", "model_version": 1, "state_version": 7, "next_change_on": "2026-03-15"}))]
pub struct CurrentEvaluation {
    pub id: String,
    pub as_of: Option<String>,
    pub score: Option<String>,
    pub tier: Option<String>,
    pub model_version: Option<i64>,
    /// The customer's state now.
    pub state_version: i64,
    /// The first day on which time alone may change it.
    pub next_change_on: Option<String>,
}

/// What the model says about a customer, computed from the facts for this answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "as_of": "2026-03-01", "known_at": null, "score": "71", "tier": "high", "tier_label": "High value", "tier_rank": 1, "score_tier": "high", "lifecycle": null, "vetoes": [], "groups": null, "reasons": null, "latest_fact_on": "2026-02-20", "tier_in_force": "high", "by_hand": null, "model": {"id": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "version": 1}, "initial_points": "20", "criteria": null, "next_change_on": "2026-03-15", "current": null}))]
pub struct EvaluationResponse {
    pub customer: String,
    pub as_of: String,
    /// The position of the journal that was asked for.
    pub known_at: Option<i64>,
    /// Initial points plus the points of all criteria.
    pub score: String,
    pub tier: String,
    pub tier_label: String,
    /// 1 is the best.
    pub tier_rank: usize,
    /// The tier that the score alone falls into.
    pub score_tier: String,
    /// Null where the model has none.
    pub lifecycle: Option<LifecycleResponse>,
    /// The vetoes that hold; none for a token bound to the customer.
    pub vetoes: Vec<VetoResponse>,
    /// Null with `explain=none` and for a token bound to the customer.
    pub groups: Option<Vec<GroupResponse>>,
    /// What lowers the score the most, or lifts it, as the model says. Null with `explain=none` and
    /// for a token bound to the customer.
    pub reasons: Option<Vec<RankedReasonResponse>>,
    /// The day of the latest fact that counts; null where there is none.
    pub latest_fact_on: Option<String>,
    /// The tier that decisions of the day go by: the one set by hand, else `tier`.
    pub tier_in_force: String,
    /// The tier set by hand that holds on the day.
    pub by_hand: Option<HeldTier>,
    pub model: ModelReference,
    /// Null for a token bound to the customer.
    pub initial_points: Option<String>,
    /// Null with `explain=none`.
    pub criteria: Option<Vec<CriterionResponse>>,
    /// The first day after `as_of` on which time alone may change the points.
    pub next_change_on: Option<String>,
    /// Null where the customer was never evaluated.
    pub current: Option<CurrentEvaluation>,
}

impl EvaluationResponse {
    /// What the customer may see: what was measured, not how it is weighed, and nothing of costs.
    pub fn leave_out_weights(&mut self) {
        self.initial_points = None;
        self.groups = None;
        self.reasons = None;
        self.vetoes.clear();
        if let Some(held) = &mut self.by_hand {
            held.leave_out_people();
        }
        if let Some(criteria) = &mut self.criteria {
            criteria.retain(|criterion| !criterion.measured.hidden);
            for criterion in criteria {
                criterion.points = None;
                criterion.counted = None;
                criterion.band = None;
            }
        }
    }
}

/// What the model in force measures of a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "as_of": "2026-03-01", "known_at": null, "model": {"id": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "version": 1}, "items": []}))]
pub struct MeasuresResponse {
    pub customer: String,
    pub as_of: String,
    pub known_at: Option<i64>,
    pub model: ModelReference,
    pub items: Vec<MeasureResponse>,
}
