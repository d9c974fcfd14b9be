//! Where customers stood before, and how the calendar carries that on to a day.

use super::ModelInForce;
use crate::customers::CustomerState;
use crate::entity::evaluation;
use crate::error::DbError;
use crate::histories::Known;
use crate::refresh::{Facts, RefreshError};
use crate::sql;
use crate::store::Source;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Value};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::evaluation::{self as decision, Model, Standing, Subject};
use tiercel_domain::history::Sums;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::profile::Profile;
use tiercel_domain::receivables::allocate;
use uuid::Uuid;

/// A standing as the database keeps it: tier by code, so that another version can read it, first
/// day in it, misses, the first of them, and the last day whose calendar dates were counted.
type Kept = (String, String, u32, Option<String>, String);

/// What an evaluation began with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before {
    pub standing: Option<Standing>,
    /// Calendar dates before this are known to have changed nothing.
    pub quiet_until: Option<NaiveDate>,
}

pub(super) fn text(model: &Model, standing: &Standing) -> String {
    let tier = model.tiers().get(standing.tier);
    let tier = tier.map(|tier| tier.code.as_str()).unwrap_or_default();
    serde_json::json!([
        tier,
        standing.since.to_string(),
        standing.misses,
        standing.missed_since.map(|day| day.to_string()),
        standing.stepped_to.to_string(),
    ])
    .to_string()
}

/// The standing of a row in terms of a model; none where the model has no such tier.
pub(super) fn read(model: &Model, text: &str) -> Result<Option<Standing>, DbError> {
    let corrupt = |detail: String| DbError::corrupt("evaluation", detail);
    let kept: Kept = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let (tier, since, misses, missed_since, stepped_to) = kept;
    let day = |text: &String| {
        let day = text.parse::<NaiveDate>();
        day.map_err(|_| corrupt(format!("the day `{text}`")))
    };
    let Some(tier) = model.index_of(&tier) else {
        return Ok(None);
    };
    Ok(Some(Standing {
        tier,
        since: day(&since)?,
        misses,
        missed_since: missed_since.as_ref().map(day).transpose()?,
        stepped_to: day(&stepped_to)?,
    }))
}

/// What a customer's evaluation as of a day begins with: the current one; where that is of a later
/// day or of a run as of some day, the latest one by that day, whose calendar dates count again.
///
/// That calendar dates are known to have changed nothing is known of the model of that evaluation
/// only, so it ends where another one begins to decide.
pub(super) fn before(
    applied: &ModelInForce<'_>,
    state: &CustomerState,
    current: Option<&evaluation::Model>,
    earlier: Option<&evaluation::Model>,
) -> Result<Before, DbError> {
    let model = applied.model;
    let row = earlier.or(current);
    let same = row.is_some_and(|row| {
        row.model_id.as_u128() == applied.id.bits() && row.model_version == applied.version
    });
    let standing = match row.and_then(|row| row.standing.as_deref()) {
        Some(text) => read(model, text)?,
        // The model had no lifecycle: the customer stands where it was put.
        None => row.and_then(|row| {
            let tier = model.index_of(row.score_tier.as_ref().unwrap_or(&row.tier))?;
            Some(Standing::begin(tier, row.as_of))
        }),
    };
    Ok(Before {
        standing,
        quiet_until: quiet(applied, same, state).filter(|_| earlier.is_none()),
    })
}

/// Up to when nothing changes on calendar dates, by the model of the current evaluation, which is
/// the same as the one applied or not.
fn quiet(applied: &ModelInForce<'_>, same: bool, state: &CustomerState) -> Option<NaiveDate> {
    let until = state.steady_until?;
    Some(if same {
        until
    } else {
        until.min(applied.since)
    })
}

/// What an answer about one customer as of a day begins with, from what was recorded by then.
pub async fn stood(
    source: &impl Source,
    applied: &ModelInForce<'_>,
    state: &CustomerState,
    as_of: NaiveDate,
    known_at: Option<i64>,
) -> Result<Before, DbError> {
    let ids = BTreeSet::from([state.id]);
    let rows = self::as_of(source, &ids, as_of, known_at).await?;
    let Some(row) = rows.get(&state.id) else {
        return Ok(Before::default());
    };
    let recorded = before(applied, state, Some(row), None)?;
    let current = state.evaluation.map(|id| id.bits());
    let is_current = known_at.is_none() && current == Some(row.evaluation_id.as_u128());
    if is_current {
        return Ok(recorded);
    }
    // Whatever calendar dates did by the day before a later evaluation was recorded then, unless
    // that one tells that the tier had moved already.
    let next = match known_at {
        None => after(source, state.id, as_of).await?,
        Some(_) => None,
    };
    let stands = next.as_ref().and_then(|next| next.standing.as_deref());
    let stands = stands
        .map(|text| read(applied.model, text))
        .transpose()?
        .flatten();
    let moved = stands.is_some_and(|stands| stands.since > row.as_of && stands.since <= as_of);
    Ok(Before {
        quiet_until: next.filter(|_| !moved).map(|_| as_of),
        ..recorded
    })
}

/// The first evaluation of a customer as of a later day.
async fn after(
    source: &impl Source,
    id: CustomerId,
    as_of: NaiveDate,
) -> Result<Option<evaluation::Model>, DbError> {
    let later = evaluation::Entity::find()
        .filter(evaluation::Column::CustomerId.eq(Uuid::from_u128(id.bits())))
        .filter(evaluation::Column::AsOf.gt(as_of))
        .order_by_asc(evaluation::Column::AsOf)
        .order_by_asc(evaluation::Column::EvaluationId);
    Ok(later.one(source.connection()).await?)
}

/// The day of the first evaluation that is recorded of a customer.
pub async fn first_day(
    source: &impl Source,
    id: CustomerId,
    known_at: Option<i64>,
) -> Result<Option<NaiveDate>, DbError> {
    let mut rows = evaluation::Entity::find()
        .filter(evaluation::Column::CustomerId.eq(Uuid::from_u128(id.bits())));
    if let Some(position) = known_at {
        rows = rows.filter(sql::numbered(evaluation::Column::WriteId, position));
    }
    let row = rows
        .order_by_asc(evaluation::Column::AsOf)
        .one(source.connection())
        .await?;
    Ok(row.map(|row| row.as_of))
}

/// Of each customer the last evaluation as of a day or before.
pub(super) async fn as_of(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
    as_of: NaiveDate,
    known_at: Option<i64>,
) -> Result<BTreeMap<CustomerId, evaluation::Model>, DbError> {
    let all = sql::uuids(ids.iter().map(|id| id.bits()));
    let mut latest = BTreeMap::new();
    for chunk in all.chunks(sql::MANY) {
        let (known, first) = match known_at {
            Some(_) => (
                "AND EXISTS (SELECT 1 FROM journal w \
                 WHERE w.write_id = e.write_id AND w.position <= $2)",
                3,
            ),
            None => ("", 2),
        };
        let text = format!(
            "SELECT customer_id, evaluation_id FROM (SELECT e.customer_id, e.evaluation_id, \
             ROW_NUMBER() OVER (PARTITION BY e.customer_id \
             ORDER BY e.as_of DESC, e.evaluation_id DESC) AS place FROM evaluation e \
             WHERE e.as_of <= $1 {known} AND e.customer_id IN ({})) ranked WHERE place = 1",
            sql::places(first, chunk.len())
        );
        let bounds = [Some(Value::from(as_of)), known_at.map(Value::from)];
        let bounds = bounds.into_iter().flatten();
        let values = bounds.chain(chunk.iter().cloned()).collect();
        let rows = sql::rows(source, &text, values).await?;
        let mut named: Vec<(Uuid, Uuid)> = Vec::new();
        for row in &rows {
            named.push((
                row.try_get("", "customer_id")?,
                row.try_get("", "evaluation_id")?,
            ));
        }
        let found = evaluation::Entity::find()
            .filter(evaluation::Column::CustomerId.is_in(named.iter().map(|it| it.0)))
            .filter(evaluation::Column::EvaluationId.is_in(named.iter().map(|it| it.1)))
            .all(source.connection())
            .await?;
        latest.extend(
            found
                .into_iter()
                .map(|row| (CustomerId::from_bits(row.customer_id.as_u128()), row)),
        );
    }
    Ok(latest)
}

/// The facts of those customers whose calendar has dates before a day that are still to be taken
/// into account.
pub(super) async fn facts_of_steps(
    source: &impl Source,
    model: &ModelInForce<'_>,
    profiles: &BTreeMap<CustomerId, Profile>,
    starts: &BTreeMap<CustomerId, Before>,
    as_of: NaiveDate,
) -> Result<Facts, DbError> {
    let pending = starts.iter().filter(|(id, before)| {
        let own = profiles.get(id).map(|profile| model.of(profile).model);
        own.is_some_and(|own| has_steps(own, before, as_of))
    });
    let pending = pending.map(|(id, _)| *id).collect();
    Facts::load(source, &pending).await
}

fn has_steps(model: &Model, before: &Before, as_of: NaiveDate) -> bool {
    let (Some(lifecycle), Some(standing)) = (model.lifecycle(), before.standing) else {
        return false;
    };
    let quiet = before.quiet_until.and_then(|day| day.min(as_of).pred_opt());
    let after = quiet.map_or(standing.stepped_to, |day| day.max(standing.stepped_to));
    lifecycle.calendar.between(after, as_of).next().is_some()
}

/// The standing on the day, where the model has a lifecycle. `raw` is the score's tier on it.
pub(super) fn on(
    model: &Model,
    before: &Before,
    (profile, known, facts): (&Profile, &Known, &Facts),
    id: CustomerId,
    (as_of, raw): (NaiveDate, usize),
) -> Result<Option<Standing>, RefreshError> {
    let Some(lifecycle) = model.lifecycle() else {
        return Ok(None);
    };
    let too_large = || RefreshError::TooLarge(id);
    let says = |date: NaiveDate| {
        if date == as_of {
            return Ok(raw);
        }
        let ledger = allocate(facts.of(id), date).map_err(|_| too_large())?;
        let subject = Subject {
            profile,
            sums: Sums::Facts(facts.of(id)),
            series: &known.history(id).series,
            invoices: &ledger.invoices,
        };
        let judged = decision::evaluate(model, &subject, date).map_err(|_| too_large())?;
        Ok(judged.score_tier)
    };
    let standing = decision::carry(lifecycle, before.standing, before.quiet_until, as_of, says);
    standing.map(Some)
}
