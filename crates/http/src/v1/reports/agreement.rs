//! Champion and challenger: how far a second version of a model agrees with the one in force.

use super::format::Format;
use super::svg::Chart;
use super::timeline::{TransitionCount, dates_of};
use crate::body::Query;
use crate::faults::Faults;
use crate::flows::contest::{self, Contest};
use crate::problem::Problem;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use tiercel_documents::evaluation_model::parse_model;
use tiercel_domain::ids::DocumentId;
use tiercel_domain::portfolio::Moves;
use tiercel_persistence::documents::{self, DocumentKind, StoredDocument};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AgreementQuery {
    /// Id or code of the challenger's model.
    #[param(example = "default")]
    pub model: String,
    /// Its version, a draft or a published one.
    #[param(example = 2)]
    pub version: i64,
    /// The first date; only `to` where it is absent.
    pub from: Option<String>,
    /// The last date; today where it is absent.
    pub to: Option<String>,
    /// `month` (where it is absent), `quarter` or `year`: how far the dates lie apart.
    pub every: Option<String>,
    /// Facts as known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// `json` (where it is absent), `csv` or `svg`.
    pub format: Option<String>,
}

/// How far both agree on one date.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"on": "2026-06-30", "compared": 793, "same": 731, "better": 40, "worse": 22, "cells": [{"from": "general", "to": "high", "customers": 40}]}))]
pub struct AgreementOnDate {
    #[schema(format = Date)]
    pub on: String,
    pub compared: u64,
    /// Customers whom both put into the tier of the same code.
    pub same: u64,
    /// Customers whom the challenger ranks better, and worse.
    pub better: u64,
    pub worse: u64,
    /// From the champion's tier to the challenger's.
    #[schema(inline)]
    pub cells: Vec<TransitionCount>,
}

/// How steady one of both is over the dates: see the report on stability.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"changed": 120, "bounced": 28}))]
pub struct Steadiness {
    /// Changes of tier from one date to the next, but for the last step.
    pub changed: u64,
    /// Of these, those that are undone on the date after.
    pub bounced: u64,
}

/// A challenger beside the models in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"model": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "version": 2, "dates": [], "champion": {"changed": 120, "bounced": 28}, "challenger": {"changed": 80, "bounced": 9}}))]
pub struct AgreementResponse {
    pub model: String,
    pub version: i64,
    #[schema(inline)]
    pub dates: Vec<AgreementOnDate>,
    pub champion: Steadiness,
    pub challenger: Steadiness,
}

/// The challenger; a version without faults.
async fn challenger(
    tenant: &TenantHandle,
    query: &AgreementQuery,
    faults: &mut Faults,
) -> Result<Option<StoredDocument>, Problem> {
    let (kind, name) = (DocumentKind::EvaluationModel, query.model.as_str());
    let id = match name.parse::<DocumentId>() {
        Ok(id) => Some(id),
        Err(_) => documents::id_of(tenant.store(), kind, name).await?,
    };
    let found = match id {
        Some(id) => documents::find(tenant.store(), kind, id, query.version).await?,
        None => None,
    };
    let Some(found) = found else {
        faults.add("version", "unknown", "there is no such version of a model");
        return Ok(None);
    };
    let model = parse_model(found.body.as_bytes()).and_then(|document| document.to_domain());
    if model.is_err() {
        faults.add("version", "faulty", "lint names the faults of this version");
        return Ok(None);
    }
    Ok(Some(found))
}

/// Report how far a challenger agrees
///
/// A second version evaluates the same customers without effect, beside the model in force on each
/// date. Reads every fact once.
#[utoipa::path(
    tag = "reports",
    params(AgreementQuery),
    responses((status = 200, description = "The agreement", content(
        (AgreementResponse = "application/json"), (String = "text/csv"), (String = "image/svg+xml"),
    )))
)]
#[get("/reports/agreement")]
pub async fn report_agreement(
    tenant: Tenant<need::EvaluationsRead>,
    Query(query): Query<AgreementQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::read(query.format.as_deref())?;
    let mut faults = Faults::default();
    let challenger = challenger(&tenant, &query, &mut faults).await?;
    let ends = (query.from.as_deref(), query.to.as_deref());
    let dates = dates_of(&tenant, &mut faults, ends, query.every.as_deref());
    let (challenger, dates) = faults.finish(challenger.zip(dates))?;
    let moment = asking::moment(&tenant, None, query.known_at.as_deref()).await?;
    let contest = contest::contest(tenant.store(), &dates, &challenger, moment.known_at).await?;
    let answer = AgreementResponse {
        model: challenger.id.to_string(),
        version: query.version,
        dates: told(&contest),
        champion: steadiness(&contest.champion),
        challenger: steadiness(&contest.challenger),
    };
    format.answer(&answer, || rows(&answer), || chart(&answer))
}

fn told(contest: &Contest) -> Vec<AgreementOnDate> {
    let dates = contest.dates.iter().zip(&contest.agreements);
    dates
        .map(|(on, agreement)| {
            let same = agreement
                .cells
                .iter()
                .filter(|((one, other), _)| one == other);
            AgreementOnDate {
                on: on.to_string(),
                compared: agreement.cells.values().sum(),
                same: same.map(|(_, count)| count).sum(),
                better: agreement.better,
                worse: agreement.worse,
                cells: TransitionCount::all(&agreement.cells),
            }
        })
        .collect()
}

fn steadiness(moves: &Moves) -> Steadiness {
    let steps = moves.steps();
    let known = steps
        .get(..steps.len().saturating_sub(1))
        .unwrap_or_default();
    Steadiness {
        changed: known.iter().map(|step| step.changed).sum(),
        bounced: known.iter().map(|step| step.bounced).sum(),
    }
}

fn rows(answer: &AgreementResponse) -> Vec<Vec<String>> {
    let head = ["on", "champion", "challenger", "customers"];
    let cells = answer.dates.iter().flat_map(|date| {
        date.cells.iter().map(|cell| {
            let (one, other) = (cell.from.clone(), cell.to.clone());
            vec![date.on.clone(), one, other, cell.customers.to_string()]
        })
    });
    let head = head.map(str::to_owned).to_vec();
    std::iter::once(head).chain(cells).collect()
}

fn chart(answer: &AgreementResponse) -> String {
    let bars = answer.dates.iter().map(|date| {
        let parts = [date.same, date.better, date.worse];
        (date.on.clone(), parts.map(|count| count as f64).to_vec())
    });
    let bars: Vec<(String, Vec<f64>)> = bars.collect();
    let legend = [
        "same tier",
        "challenger ranks better",
        "challenger ranks worse",
    ];
    let mut chart = Chart::new("Champion and challenger");
    chart.bars(&legend.map(str::to_owned), &bars);
    chart.finish(&format!(
        "Version {} beside the model in force; changes that came back: {} of {}, champion {} of {}",
        answer.version,
        answer.challenger.bounced,
        answer.challenger.changed,
        answer.champion.bounced,
        answer.champion.changed
    ))
}
