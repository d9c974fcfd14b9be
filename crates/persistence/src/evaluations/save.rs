//! Evaluates customers in a write: what differs is appended, their states point to it.

use super::ModelInForce;
use super::read::points_text;
use super::standing::{self, Before};
use crate::customers::{self, CustomerState};
use crate::entity::evaluation;
use crate::error::DbError;
use crate::histories::Known;
use crate::refresh::{Cause, Facts, RefreshError};
use crate::sql::{self, MANY};
use crate::store::Source;
use crate::store::sealed::Sealed;
use crate::write::{Change, Tx};
use chrono::NaiveDate;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Value};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::evaluation::{self as decision, Evaluation, Model, Standing, Subject};
use tiercel_domain::ids::{CustomerId, EvaluationId};
use tiercel_domain::profile::Profile;
use tiercel_domain::receivables::Allocation;
use tiercel_domain::scaled::Points;
use uuid::Uuid;

/// When and why customers are evaluated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion {
    pub as_of: NaiveDate,
    pub cause: Cause,
    /// A run as of another day than today: time does not change it until facts do.
    pub stands: bool,
}

/// What a customer's state says about its current evaluation.
struct Pointer {
    row: evaluation::Model,
    next_change_on: Option<NaiveDate>,
    steady_until: Option<NaiveDate>,
}

/// Evaluates the customers of `ledgers`, which hold their invoices as of the date. Returns how
/// many were evaluated.
///
/// An evaluation is appended where model, score, tier or points differ from the current one, and by
/// a run also where its date does. Otherwise the current one stands, as of the new date.
pub(crate) async fn evaluate(
    tx: &Tx,
    model: &ModelInForce<'_>,
    occasion: Occasion,
    known: &Known,
    ledgers: &BTreeMap<CustomerId, Allocation>,
) -> Result<usize, RefreshError> {
    let ids: BTreeSet<CustomerId> = ledgers.keys().copied().collect();
    let mut states = customers::state(tx, &ids).await?;
    states.retain(|_, state| state.erased_at.is_none());
    let profiles = customers::profiles(tx, &ids, None).await?;
    let current = current(tx, &states).await?;
    let starts = starts(tx, model, occasion, &states, &profiles, &current).await?;
    let stepping = standing::facts_of_steps(tx, model, &profiles, &starts, occasion.as_of).await?;
    let (mut fresh, mut pointers) = (Vec::new(), Vec::new());
    for (id, state) in &states {
        let (Some(profile), Some(ledger)) = (profiles.get(id), ledgers.get(id)) else {
            continue;
        };
        let subject = Subject {
            profile,
            sums: known.sums(*id),
            series: &known.history(*id).series,
            invoices: &ledger.invoices,
        };
        let start = starts.get(id).copied().unwrap_or_default();
        let made = judge(
            &model.of(profile),
            occasion,
            *id,
            &subject,
            (&start, known, &stepping),
        )?;
        let row = made.row(tx, occasion, *id);
        let row = match current.get(id) {
            Some(before) if made.is_same(before, &row, occasion)? => evaluation::Model {
                as_of: row.as_of,
                ..before.clone()
            },
            _ => {
                note(tx, state, &row);
                fresh.push(row.clone().into_active_model().reset_all());
                row
            }
        };
        let changes_on = decision::next_change_on(made.model.model, &subject, occasion.as_of);
        let next_change_on = made.next_change_on(changes_on);
        pointers.push(Pointer {
            row,
            next_change_on: next_change_on.filter(|_| !occasion.stands),
            steady_until: made.steady_until(changes_on),
        });
    }
    for chunk in fresh.chunks(MANY) {
        evaluation::Entity::insert_many(chunk.iter().cloned())
            .exec_without_returning(tx.connection())
            .await
            .map_err(DbError::from)?;
    }
    for chunk in pointers.chunks(MANY) {
        point(tx, chunk).await?;
    }
    Ok(pointers.len())
}

/// The current evaluations.
pub(super) async fn current(
    source: &impl Source,
    states: &BTreeMap<CustomerId, CustomerState>,
) -> Result<BTreeMap<CustomerId, evaluation::Model>, DbError> {
    let evaluated = states.values().filter(|state| state.evaluation.is_some());
    let ids = sql::uuids(evaluated.map(|state| state.id.bits()));
    let mut current = BTreeMap::new();
    for chunk in ids.chunks(MANY) {
        // Two lists of ids would be tried in every combination.
        let text = format!(
            "SELECT e.* FROM customer_state s JOIN evaluation e \
             ON e.customer_id = s.customer_id AND e.evaluation_id = s.evaluation_id \
             WHERE s.customer_id IN ({})",
            sql::places(1, chunk.len())
        );
        let rows = sql::models::<evaluation::Entity>(source, &text, chunk.to_vec()).await?;
        current.extend(
            rows.into_iter()
                .map(|row| (CustomerId::from_bits(row.customer_id.as_u128()), row)),
        );
    }
    Ok(current)
}

/// What the evaluations begin with; only models with a lifecycle look back.
pub(super) async fn starts(
    source: &impl Source,
    model: &ModelInForce<'_>,
    occasion: Occasion,
    states: &BTreeMap<CustomerId, CustomerState>,
    profiles: &BTreeMap<CustomerId, Profile>,
    current: &BTreeMap<CustomerId, evaluation::Model>,
) -> Result<BTreeMap<CustomerId, Before>, DbError> {
    let looks_back = |id: &CustomerId| {
        let own = profiles.get(id).map(|profile| model.of(profile));
        own.filter(|own| own.model.lifecycle().is_some())
    };
    // A run as of some other day leaves a current evaluation that is not the latest one.
    let jumped = current.iter().filter(|(id, row)| {
        let other_day = row.as_of > occasion.as_of || row.cause == Cause::Run.word();
        other_day && looks_back(id).is_some()
    });
    let jumped: BTreeSet<CustomerId> = jumped.map(|(id, _)| *id).collect();
    let mut earlier = standing::as_of(source, &jumped, occasion.as_of, None).await?;
    earlier.retain(|id, row| {
        let now = current.get(id);
        now.is_none_or(|now| now.evaluation_id != row.evaluation_id)
    });
    let mut starts = BTreeMap::new();
    for (id, state) in states {
        let Some(own) = looks_back(id) else {
            continue;
        };
        let now = current.get(id).filter(|row| row.as_of <= occasion.as_of);
        starts.insert(*id, standing::before(&own, state, now, earlier.get(id))?);
    }
    Ok(starts)
}

/// An evaluation that was made and not yet saved.
pub(super) struct Made<'a> {
    model: ModelInForce<'a>,
    judged: Evaluation,
    standing: Option<Standing>,
    as_of: NaiveDate,
}

pub(super) fn judge<'a>(
    model: &ModelInForce<'a>,
    occasion: Occasion,
    id: CustomerId,
    subject: &Subject<'_>,
    (start, known, stepping): (&Before, &Known, &Facts),
) -> Result<Made<'a>, RefreshError> {
    let as_of = occasion.as_of;
    let judged = decision::evaluate(model.model, subject, as_of);
    let judged = judged.map_err(|_| RefreshError::TooLarge(id))?;
    let parts = (subject.profile, known, stepping);
    let raw = (as_of, judged.score_tier);
    Ok(Made {
        model: *model,
        standing: standing::on(model.model, start, parts, id, raw)?,
        judged,
        as_of,
    })
}

impl Made<'_> {
    /// The tier that decisions use: where the customer stands, after vetoes.
    fn tier(&self) -> usize {
        let stands = self.standing.map_or(self.judged.score_tier, |it| it.tier);
        let (tier, _) = self.model.model.vetoed(stands, &self.judged.vetoes);
        tier
    }

    /// What the score says, with the tier that decisions use.
    pub(super) fn in_force(self) -> Evaluation {
        Evaluation {
            tier: self.tier(),
            ..self.judged
        }
    }

    /// `changes_on` is the first day on which time alone may change the score.
    fn next_change_on(&self, changes_on: Option<NaiveDate>) -> Option<NaiveDate> {
        let step = self.model.model.lifecycle().zip(self.standing);
        let step = step.and_then(|(lifecycle, standing)| {
            decision::next_step(lifecycle, &standing, self.judged.score_tier, self.as_of)
        });
        [step, changes_on].into_iter().flatten().min()
    }

    fn steady_until(&self, changes_on: Option<NaiveDate>) -> Option<NaiveDate> {
        let settled = self.standing?.is_settled(self.judged.score_tier);
        let never = NaiveDate::from_ymd_opt(9999, 12, 31);
        changes_on.or(never).filter(|_| settled)
    }

    fn row(&self, tx: &Tx, occasion: Occasion, customer: CustomerId) -> evaluation::Model {
        let (model, judged) = (self.model.model, &self.judged);
        let criteria = model.criteria().iter().zip(&judged.criteria);
        let points = criteria.map(|(criterion, result)| (criterion.code.as_str(), result.points));
        evaluation::Model {
            customer_id: Uuid::from_u128(customer.bits()),
            evaluation_id: Uuid::from_u128(tx.mint()),
            as_of: occasion.as_of,
            model_id: Uuid::from_u128(self.model.id.bits()),
            model_version: self.model.version,
            state_version: tx.state_version(customer).unwrap_or(0),
            score: judged.score.units(),
            tier: code(model, self.tier()),
            points: points_text(points),
            cause: occasion.cause.word().to_owned(),
            write_id: tx.write_uuid(),
            recorded_at: tx.micros(),
            score_tier: Some(code(model, judged.score_tier)),
            standing: self.standing.map(|it| standing::text(model, &it)),
        }
    }

    fn is_same(
        &self,
        before: &evaluation::Model,
        now: &evaluation::Model,
        occasion: Occasion,
    ) -> Result<bool, DbError> {
        let result = |row: &evaluation::Model| (row.model_id, row.model_version, row.score);
        let asked_again = occasion.cause == Cause::Run && before.as_of != now.as_of;
        let stood = before.standing.as_deref();
        let stood = stood.map(|text| standing::read(self.model.model, text));
        let stands = match (stood.transpose()?.flatten(), self.standing) {
            (Some(stood), Some(stands)) => stood.is_same(&stands),
            (stood, stands) => stood.is_none() && stands.is_none(),
        };
        Ok(!asked_again
            && stands
            && result(before) == result(now)
            && before.tier == now.tier
            && before.points == now.points)
    }
}

fn code(model: &Model, tier: usize) -> String {
    let tier = model.tiers().get(tier);
    tier.map(|tier| tier.code.clone()).unwrap_or_default()
}

fn note(tx: &Tx, state: &CustomerState, row: &evaluation::Model) {
    let changed = state.tier.as_ref() != Some(&row.tier);
    let mut detail = vec![
        ("tier", row.tier.clone()),
        ("score", Points::from_units(row.score).to_string()),
        ("as_of", row.as_of.to_string()),
    ];
    if let Some(before) = state.tier.as_ref().filter(|_| changed) {
        detail.push(("tier_before", before.clone()));
    }
    tx.note(Change {
        entity: "evaluation",
        id: EvaluationId::from_bits(row.evaluation_id.as_u128()).to_string(),
        version: row.state_version,
        what: if changed { "tier_changed" } else { "evaluated" },
        customer: Some(state.id),
        content: None,
        detail,
    });
}

/// One statement for many customers: each has values of its own.
async fn point(tx: &Tx, pointers: &[Pointer]) -> Result<(), DbError> {
    const COLUMNS: usize = 8;
    let rows: Vec<String> = (0..pointers.len())
        .map(|place| format!("({})", sql::places(place * COLUMNS + 1, COLUMNS)))
        .collect();
    let text = format!(
        "WITH made (customer_id, evaluation_id, as_of, tier, score, model_version, next_change_on, \
         steady_until) \
         AS (VALUES {}) UPDATE customer_state SET evaluation_id = made.evaluation_id, \
         evaluated_as_of = made.as_of, tier = made.tier, score = made.score, \
         model_version = made.model_version, next_change_on = made.next_change_on, \
         steady_until = made.steady_until \
         FROM made WHERE customer_state.customer_id = made.customer_id",
        rows.join(", ")
    );
    let values: Vec<Value> = pointers
        .iter()
        .flat_map(|pointer| {
            let row = &pointer.row;
            let values: [Value; COLUMNS] = [
                row.customer_id.into(),
                row.evaluation_id.into(),
                row.as_of.into(),
                row.tier.clone().into(),
                row.score.into(),
                row.model_version.into(),
                pointer.next_change_on.into(),
                pointer.steady_until.into(),
            ];
            values
        })
        .collect();
    sql::run(tx, &text, values).await?;
    Ok(())
}
