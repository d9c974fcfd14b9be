//! Why a customer is in its tier: every criterion with its value, band, points and facts.

use super::standing::{Steps, reading, standing};
use super::why;
use super::wire::{
    CriterionResponse, CurrentEvaluation, EvaluationResponse, EvidenceResponse, FindEvaluation,
    LifecycleResponse, ListMeasures, MatchedBand, MeasureResponse, MeasuresResponse,
    ModelReference, WindowResponse,
};
use crate::body::{Id, Query};
use crate::faults::Faults;
use crate::flows::model::{self, PublishedModel};
use crate::problem::{Kind, Problem};
use crate::scope::{Scope, need};
use crate::tenant::{CustomerTenant, Tenant, TenantHandle};
use crate::v1::asking::{self, Moment, Subject};
use crate::v1::tier_overrides::{self, HeldTier};
use crate::wire;
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use tiercel_domain::currency::Currency;
use tiercel_domain::evaluation::{
    self as decision, Criterion, CriterionResult, Evaluation, Matched, Measure, Measured, Scoring,
    Standing,
};
use tiercel_domain::fact::FactKind;
use tiercel_domain::history::Series;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::period::{Span, Window};
use tiercel_domain::receivables::{Allocation, allocate};
use tiercel_persistence::customers::CustomerState;
use tiercel_persistence::evaluations::ModelInForce;
use tiercel_persistence::refresh::RefreshError;

/// Facts named one by one in an answer.
const NAMED: usize = 50;

/// How much an answer explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Explain {
    None,
    Summary,
    Full,
}

impl Explain {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "summary" => Some(Self::Summary),
            "full" => Some(Self::Full),
            _ => None,
        }
    }
}

/// A customer, evaluated for one answer.
struct Judged {
    id: CustomerId,
    moment: Moment,
    model: PublishedModel,
    subject: Subject,
    series: Series,
    ledger: Allocation,
    evaluation: Evaluation,
    /// Where the model has a lifecycle.
    standing: Option<Standing>,
    by_hand: Option<HeldTier>,
    base: Currency,
    with_costs: bool,
}

/// The model in force on the day; before the first one, the one in force today.
pub async fn model_for(tenant: &TenantHandle, moment: &Moment) -> Result<PublishedModel, Problem> {
    let found = match model::on(tenant.store(), moment.as_of).await? {
        Some(model) => Some(model),
        None => model::on(tenant.store(), tenant.today()).await?,
    };
    found.ok_or_else(|| Problem::new(Kind::Conflict, "no evaluation model is published"))
}

impl Judged {
    async fn load(
        tenant: &TenantHandle,
        id: CustomerId,
        (as_of, known_at): (Option<&str>, Option<&str>),
        steps: Steps,
    ) -> Result<Self, Problem> {
        let moment = asking::moment(tenant, as_of, known_at).await?;
        let subject = Subject::load(tenant.store(), id, moment.known_at).await?;
        let model = model_for(tenant, &moment).await?;
        let too_large = || Problem::from(RefreshError::TooLarge(id));
        let ledger = allocate(&subject.facts, moment.as_of).map_err(|_| too_large())?;
        let series = Series::of(&subject.facts);
        let read = reading(&subject, &series, &ledger);
        let applied = model.in_force().of(&subject.profile);
        let evaluation =
            decision::evaluate(applied.model, &read, moment.as_of).map_err(|_| too_large())?;
        let standing = standing(tenant, &applied, &subject, &moment, steps).await?;
        Ok(Self {
            id,
            moment,
            evaluation,
            standing,
            by_hand: tier_overrides::held(tenant.store(), id, moment).await?,
            model,
            subject,
            series,
            ledger,
            base: tenant.settings().base_currency,
            with_costs: tenant.allows(Scope::CostsRead),
        })
    }

    fn read(&self) -> decision::Subject<'_> {
        reading(&self.subject, &self.series, &self.ledger)
    }

    /// The model that is applied to this customer.
    fn applied(&self) -> ModelInForce<'_> {
        self.model.in_force().of(&self.subject.profile)
    }

    fn criteria(&self) -> impl Iterator<Item = (&Criterion, &CriterionResult)> {
        let criteria = self.applied().model.criteria().iter();
        criteria.zip(&self.evaluation.criteria)
    }

    fn model_reference(&self) -> ModelReference {
        let in_force = self.applied();
        ModelReference {
            id: in_force.id.to_string(),
            version: in_force.version,
        }
    }

    fn is_hidden(&self, measure: &Measure) -> bool {
        !self.with_costs && measure.shows_costs()
    }

    fn measured(&self, criterion: &Criterion, result: &CriterionResult) -> MeasureResponse {
        let hidden = self.is_hidden(&criterion.measure);
        let missing = match &result.value {
            Measured::Missing(reason) => Some(reason.word().to_owned()),
            _ => None,
        };
        MeasureResponse {
            code: criterion.code.clone(),
            label: criterion.label.clone(),
            measure: criterion.measure.word().to_owned(),
            unit: criterion.measure.unit().map(str::to_owned),
            window: criterion.measure.window().map(|window| self.window(window)),
            value: self.value(criterion, &result.value).filter(|_| !hidden),
            missing,
            hidden,
        }
    }

    /// Rounded like [`Measured::shown`]; money as everywhere.
    fn value(&self, criterion: &Criterion, value: &Measured) -> Option<String> {
        match (value, criterion.measure.unit()) {
            (Measured::Number(number), Some("base_currency")) => {
                let shown = round(*number, 4, Rounding::HalfUp);
                Some(wire::money(shown, self.base))
            }
            _ => value.shown(),
        }
    }

    fn window(&self, window: Window) -> WindowResponse {
        let window = match window {
            // The order that began it is shown.
            Window::SinceFirstOrder => {
                let first = self.series.days_of(FactKind::OrderLine).first();
                let first = first.filter(|day| **day <= self.moment.as_of);
                first.map_or(Window::All, |day| Window::From(*day))
            }
            window => window,
        };
        let before = window.opens_after(self.moment.as_of);
        let from = before.and_then(|before| before.succ_opt());
        WindowResponse {
            from: from.map(|day| day.to_string()),
            to: Span::new(window, self.moment.as_of).until().to_string(),
        }
    }

    fn criterion(
        &self,
        criterion: &Criterion,
        result: &CriterionResult,
        explain: Explain,
    ) -> CriterionResponse {
        let measured = self.measured(criterion, result);
        let (matched, band, category) = matched(criterion, result);
        CriterionResponse {
            matched: matched.to_owned(),
            band: band.filter(|_| !measured.hidden),
            category,
            points: Some(result.points.to_string()),
            counted: Some(why::counted(criterion, result)),
            reason: criterion
                .refinement
                .reasons
                .of(result.matched)
                .map(why::reason),
            facts: (explain == Explain::Full).then(|| self.evidence(criterion, &measured)),
            measured,
        }
    }

    fn evidence(&self, criterion: &Criterion, measured: &MeasureResponse) -> EvidenceResponse {
        let facts = &self.subject.facts;
        let facts = decision::evidence(criterion, &self.read(), facts, self.moment.as_of);
        let window = measured.window.as_ref();
        let from = window.and_then(|window| window.from.as_ref());
        let from = from.map_or_else(String::new, |day| format!("&occurred_from={day}"));
        let known = self.moment.known_at;
        let known = known.map_or_else(String::new, |position| format!("&known_at={position}"));
        EvidenceResponse {
            count: facts.len(),
            ids: facts.iter().take(NAMED).map(ToString::to_string).collect(),
            link: format!(
                "/v1/facts?customer={}{from}&occurred_to={}{known}",
                self.id, self.moment.as_of
            ),
        }
    }

    /// The tier before vetoes.
    fn stands(&self) -> usize {
        let standing = self.standing.as_ref();
        standing.map_or(self.evaluation.score_tier, |it| it.tier)
    }

    /// The tier that decisions of the day go by.
    fn in_force(&self) -> String {
        let model = self.applied().model;
        let (place, _) = model.vetoed(self.stands(), &self.evaluation.vetoes);
        let evaluated = model.tiers().get(place).map(|tier| &tier.code);
        let by_hand = self.by_hand.as_ref().map(|held| &held.tier);
        by_hand.or(evaluated).cloned().unwrap_or_default()
    }

    fn response(&self, explain: Explain) -> EvaluationResponse {
        let model = self.applied().model;
        let (place, decided) = model.vetoed(self.stands(), &self.evaluation.vetoes);
        let tier = model.tiers().get(place);
        let says = model.tiers().get(self.evaluation.score_tier);
        let shown = |criterion: &Criterion| !self.is_hidden(&criterion.measure);
        let criteria = (explain != Explain::None).then(|| {
            let criteria = self.criteria();
            criteria
                .map(|(criterion, result)| self.criterion(criterion, result, explain))
                .collect()
        });
        EvaluationResponse {
            customer: self.id.to_string(),
            as_of: self.moment.as_of.to_string(),
            known_at: self.moment.known_at,
            score: self.evaluation.score.to_string(),
            tier: tier.map(|tier| tier.code.clone()).unwrap_or_default(),
            tier_label: tier.map(|tier| tier.label.clone()).unwrap_or_default(),
            tier_rank: place.saturating_add(1),
            score_tier: says.map(|tier| tier.code.clone()).unwrap_or_default(),
            lifecycle: self.lifecycle(),
            vetoes: why::vetoes(model, &self.evaluation, decided),
            groups: (explain != Explain::None).then(|| why::groups(model, &self.evaluation)),
            reasons: (explain != Explain::None)
                .then(|| why::reasons(model, &self.evaluation, shown)),
            latest_fact_on: self.latest_fact_on().map(|day| day.to_string()),
            tier_in_force: self.in_force(),
            by_hand: self.by_hand.clone(),
            model: self.model_reference(),
            initial_points: Some(model.initial().to_string()),
            criteria,
            next_change_on: self.next_change_on().map(|day| day.to_string()),
            current: current(&self.subject.state),
        }
    }
}

impl Judged {
    fn lifecycle(&self) -> Option<LifecycleResponse> {
        let model = self.applied().model;
        let (rules, standing) = (model.lifecycle()?, self.standing?);
        let raw = self.evaluation.score_tier;
        Some(why::lifecycle(
            model,
            rules,
            &standing,
            raw,
            self.moment.as_of,
        ))
    }

    fn next_change_on(&self) -> Option<NaiveDate> {
        let model = self.applied().model;
        let as_of = self.moment.as_of;
        let step = model
            .lifecycle()
            .zip(self.standing)
            .and_then(|(rules, standing)| {
                decision::next_step(rules, &standing, self.evaluation.score_tier, as_of)
            });
        let score = decision::next_change_on(model, &self.read(), as_of);
        [step, score].into_iter().flatten().min()
    }

    fn latest_fact_on(&self) -> Option<NaiveDate> {
        let counted = self.subject.facts.iter().filter(|fact| fact.counts());
        let days = counted.map(|fact| fact.occurred_on);
        days.filter(|day| *day <= self.moment.as_of).max()
    }
}

fn matched(
    criterion: &Criterion,
    result: &CriterionResult,
) -> (&'static str, Option<MatchedBand>, Option<String>) {
    match (result.matched, &criterion.scoring) {
        (Matched::Band(place), Scoring::Bands(bands)) => {
            let band = bands.get(place).map(|band| MatchedBand {
                from: band.from.map(|from| from.to_string()),
                to: band.to.map(|to| to.to_string()),
            });
            ("band", band, None)
        }
        (Matched::Category(place), Scoring::Categories { entries, .. }) => {
            let entry = entries.get(place).map(|entry| entry.value.clone());
            ("category", None, entry)
        }
        (Matched::Missing, _) => ("missing", None, None),
        _ => ("other", None, None),
    }
}

fn current(state: &CustomerState) -> Option<CurrentEvaluation> {
    Some(CurrentEvaluation {
        id: state.evaluation?.to_string(),
        as_of: state.evaluated_as_of.map(|day| day.to_string()),
        score: state.score.map(|score| score.to_string()),
        tier: state.tier.clone(),
        model_version: state.model_version,
        state_version: state.version,
        next_change_on: state.next_change_on.map(|day| day.to_string()),
    })
}

/// Explain the evaluation of a customer
///
/// Computed from the facts for the date asked for; `current` is the evaluation that decisions go
/// by. The points always add up to the score. A token bound to the customer reads it too: without
/// points, bands and what is measured of costs, and never `explain=full`.
#[utoipa::path(tag = "evaluations", security(("customer" = [])),
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"), FindEvaluation),
    responses((status = 200, description = "Score, tier and why", body = EvaluationResponse)))]
#[get("/customers/{id}/evaluation")]
pub async fn find_evaluation(
    tenant: CustomerTenant<need::EvaluationsRead>,
    Id(id): Id<CustomerId>,
    Query(query): Query<FindEvaluation>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let explain = query.explain.as_deref().unwrap_or("summary");
    let explain = faults.word("explain", explain, Explain::from_word);
    let steps = query.steps.as_deref().unwrap_or("recorded");
    let steps = faults.word("steps", steps, Steps::from_word);
    let (explain, steps) = faults.finish(explain.zip(steps))?;
    if tenant.is_customer() && explain == Explain::Full {
        return Err(Problem::new(
            Kind::NotFound,
            "the facts are not for this token",
        ));
    }
    let asked = (query.as_of.as_deref(), query.known_at.as_deref());
    let judged = Judged::load(&tenant, id, asked, steps).await?;
    let mut answer = judged.response(explain);
    if tenant.is_customer() {
        answer.leave_out_weights();
    }
    Ok(HttpResponse::Ok().json(answer))
}

/// List what is measured of a customer
///
/// The measures of the model in force, computed from the facts for the date asked for.
#[utoipa::path(tag = "evaluations",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"), ListMeasures),
    responses((status = 200, description = "The measures", body = MeasuresResponse)))]
#[get("/customers/{id}/measures")]
pub async fn list_measures(
    tenant: Tenant<need::EvaluationsRead>,
    Id(id): Id<CustomerId>,
    Query(query): Query<ListMeasures>,
) -> Result<HttpResponse, Problem> {
    let asked = (query.as_of.as_deref(), query.known_at.as_deref());
    let judged = Judged::load(&tenant, id, asked, Steps::Recorded).await?;
    let items = judged.criteria();
    let items = items.map(|(criterion, result)| judged.measured(criterion, result));
    Ok(HttpResponse::Ok().json(MeasuresResponse {
        customer: id.to_string(),
        as_of: judged.moment.as_of.to_string(),
        known_at: judged.moment.known_at,
        model: judged.model_reference(),
        items: items.collect(),
    }))
}
