//! Evaluates customers in a write: what differs is appended, their states point to it.

use super::ModelInForce;
use super::read::points_text;
use crate::customers::{self, CustomerState};
use crate::entity::evaluation;
use crate::error::DbError;
use crate::histories::Known;
use crate::refresh::{Cause, RefreshError};
use crate::sql::{self, MANY};
use crate::store::sealed::Sealed;
use crate::write::{Change, Tx};
use chrono::NaiveDate;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Value};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::evaluation::{self as decision, Evaluation, Subject};
use tiercel_domain::ids::{CustomerId, EvaluationId};
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
        let judged = decision::evaluate(model.model, &subject, occasion.as_of);
        let judged = judged.map_err(|_| RefreshError::TooLarge(*id))?;
        let next = decision::next_change_on(model.model, &subject, occasion.as_of);
        let row = row(tx, model, occasion, *id, &judged);
        let row = match current.get(id) {
            Some(before) if is_same(before, &row, occasion) => evaluation::Model {
                as_of: row.as_of,
                ..before.clone()
            },
            _ => {
                note(tx, state, &row);
                fresh.push(row.clone().into_active_model().reset_all());
                row
            }
        };
        pointers.push(Pointer {
            row,
            next_change_on: next.filter(|_| !occasion.stands),
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
async fn current(
    tx: &Tx,
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
        let rows = sql::models::<evaluation::Entity>(tx, &text, chunk.to_vec()).await?;
        current.extend(
            rows.into_iter()
                .map(|row| (CustomerId::from_bits(row.customer_id.as_u128()), row)),
        );
    }
    Ok(current)
}

fn row(
    tx: &Tx,
    model: &ModelInForce<'_>,
    occasion: Occasion,
    customer: CustomerId,
    judged: &Evaluation,
) -> evaluation::Model {
    let criteria = model.model.criteria().iter().zip(&judged.criteria);
    let points = criteria.map(|(criterion, result)| (criterion.code.as_str(), result.points));
    let tier = model.model.tiers().get(judged.tier);
    evaluation::Model {
        customer_id: Uuid::from_u128(customer.bits()),
        evaluation_id: Uuid::from_u128(tx.mint()),
        as_of: occasion.as_of,
        model_id: Uuid::from_u128(model.id.bits()),
        model_version: model.version,
        state_version: tx.state_version(customer).unwrap_or(0),
        score: judged.score.units(),
        tier: tier.map(|tier| tier.code.clone()).unwrap_or_default(),
        points: points_text(points),
        cause: occasion.cause.word().to_owned(),
        write_id: tx.write_uuid(),
        recorded_at: tx.micros(),
    }
}

fn is_same(before: &evaluation::Model, now: &evaluation::Model, occasion: Occasion) -> bool {
    let result = |row: &evaluation::Model| (row.model_id, row.model_version, row.score);
    let asked_again = occasion.cause == Cause::Run && before.as_of != now.as_of;
    !asked_again
        && result(before) == result(now)
        && before.tier == now.tier
        && before.points == now.points
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
    const COLUMNS: usize = 7;
    let rows: Vec<String> = (0..pointers.len())
        .map(|place| format!("({})", sql::places(place * COLUMNS + 1, COLUMNS)))
        .collect();
    let text = format!(
        "WITH made (customer_id, evaluation_id, as_of, tier, score, model_version, next_change_on) \
         AS (VALUES {}) UPDATE customer_state SET evaluation_id = made.evaluation_id, \
         evaluated_as_of = made.as_of, tier = made.tier, score = made.score, \
         model_version = made.model_version, next_change_on = made.next_change_on \
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
            ];
            values
        })
        .collect();
    sql::run(tx, &text, values).await?;
    Ok(())
}
