//! Tiers over time: how many, who moves, and how many come back.

use super::amount;
use super::format::Format;
use super::svg::Chart;
use crate::body::Query;
use crate::faults::Faults;
use crate::flows::timeline::{self, Timeline};
use crate::problem::Problem;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use crate::wire::date;
use actix_web::{HttpResponse, get};
use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tiercel_domain::portfolio::Step;
use utoipa::{IntoParams, ToSchema};

/// Dates in one report: each is an evaluation of everyone.
const MOST: usize = 60;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineQuery {
    /// The first date.
    #[param(example = "2025-12-31")]
    pub from: String,
    /// The last date; today where it is absent.
    #[param(example = "2026-06-30")]
    pub to: Option<String>,
    /// `month` (where it is absent), `quarter` or `year`: the dates lie so far apart, from the
    /// first on; at the end of a month they stay there. The last date is always among them.
    pub every: Option<String>,
    /// Facts as known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// `json` (where it is absent), `csv` or `svg`.
    pub format: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TransitionsQuery {
    /// The date before.
    #[param(example = "2025-12-31")]
    pub from: String,
    /// The date after; today where it is absent.
    #[param(example = "2026-06-30")]
    pub to: Option<String>,
    /// Facts as known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// `json` (where it is absent), `csv` or `svg`.
    pub format: Option<String>,
}

/// Customers of one tier on one date, with the twelve months that end with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"on": "2026-06-30", "tier": "high", "customers": 420, "revenue": "30000000.00", "profit": "8000000.00", "without_profit": 0}))]
pub struct TierOnDate {
    #[schema(format = Date)]
    pub on: String,
    /// Empty where no model was in force.
    pub tier: String,
    pub customers: u64,
    pub revenue: String,
    /// Of those whose costs are all known; null without the scope `costs:read`.
    pub profit: Option<String>,
    /// Customers of whom a cost is not known.
    pub without_profit: u64,
}

/// Tiers over time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"currency": "EUR", "tiers": ["high", "general", "low"], "rows": []}))]
pub struct TimelineResponse {
    pub currency: String,
    /// The codes of all tiers, the best first.
    pub tiers: Vec<String>,
    /// By date, then from the best tier to the worst.
    #[schema(inline)]
    pub rows: Vec<TierOnDate>,
}

/// From one tier to another, unchanged ones too.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"from": "general", "to": "high", "customers": 31}))]
pub struct TransitionCount {
    pub from: String,
    pub to: String,
    pub customers: u64,
}

impl TransitionCount {
    pub(super) fn all(cells: &BTreeMap<(String, String), u64>) -> Vec<Self> {
        let told = cells.iter().map(|((from, to), count)| Self {
            from: from.clone(),
            to: to.clone(),
            customers: *count,
        });
        told.collect()
    }
}

/// Who was where, and where it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"from": "2025-12-31", "to": "2026-06-30", "compared": 793, "changed": 61, "tiers": ["high", "general", "low"], "cells": []}))]
pub struct TransitionsResponse {
    pub from: String,
    pub to: String,
    /// Customers with a tier on both dates.
    pub compared: u64,
    pub changed: u64,
    pub tiers: Vec<String>,
    #[schema(inline)]
    pub cells: Vec<TransitionCount>,
}

/// From one date to the next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"from": "2026-05-31", "to": "2026-06-30", "compared": 793, "changed": 12, "bounced": 3}))]
pub struct StabilityStep {
    #[schema(format = Date)]
    pub from: String,
    #[schema(format = Date)]
    pub to: String,
    pub compared: u64,
    pub changed: u64,
    /// Of the changed ones, those that have their former tier again on the date after; null for
    /// the last step, after which there is none.
    pub bounced: Option<u64>,
}

/// How steady tiers are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"changed": 120, "bounced": 28, "steps": []}))]
pub struct StabilityResponse {
    /// Of all steps but the last.
    pub changed: u64,
    pub bounced: u64,
    #[schema(inline)]
    pub steps: Vec<StabilityStep>,
}

/// The dates from the first to the last; none where they are too many.
fn dates(first: NaiveDate, last: NaiveDate, months: u32) -> Option<Vec<NaiveDate>> {
    let at_the_end = first.succ_opt().is_some_and(|next| next.day() == 1);
    let date = |steps: u32| {
        let on = first.checked_add_months(Months::new(months.checked_mul(steps)?))?;
        if !at_the_end {
            return Some(on);
        }
        let next = on.with_day(1)?.checked_add_months(Months::new(1))?;
        next.pred_opt()
    };
    let mut all: Vec<NaiveDate> = Vec::new();
    for step in 0.. {
        let on = date(step).filter(|on| *on < last);
        let Some(on) = on else { break };
        if all.len() == MOST {
            return None;
        }
        all.push(on);
    }
    all.push(last);
    (all.len() <= MOST).then_some(all)
}

/// The first and the last date; the last may be today at most.
fn ends(
    tenant: &TenantHandle,
    faults: &mut Faults,
    from: &str,
    to: Option<&str>,
) -> Option<(NaiveDate, NaiveDate)> {
    let first = date(faults, "from", from);
    let last = match to {
        Some(text) => date(faults, "to", text),
        None => Some(tenant.today()),
    };
    let (first, last) = first.zip(last)?;
    if last > tenant.today() {
        faults.add(
            "to",
            "in_the_future",
            "nobody can be evaluated as of a day to come",
        );
    }
    if first >= last {
        faults.add("from", "not_before", "must lie before the last date");
    }
    Some((first, last))
}

/// The dates asked for; only the last where no first one is named. What is wrong is noted.
pub(super) fn dates_of(
    tenant: &TenantHandle,
    faults: &mut Faults,
    (from, to): (Option<&str>, Option<&str>),
    every: Option<&str>,
) -> Option<Vec<NaiveDate>> {
    let every = faults.word("every", every.unwrap_or("month"), |word| match word {
        "month" => Some(1),
        "quarter" => Some(3),
        "year" => Some(12),
        _ => None,
    });
    let Some(from) = from else {
        let last = match to {
            Some(text) => date(faults, "to", text),
            None => Some(tenant.today()),
        };
        return last.map(|last| vec![last]);
    };
    let (first, last) = ends(tenant, faults, from, to)?;
    let all = dates(first, last, every?);
    if all.is_none() {
        let detail = format!("more than {MOST} dates lie between them");
        faults.add("from", "too_many", detail);
    }
    all
}

async fn counted(tenant: &TenantHandle, query: &TimelineQuery) -> Result<Timeline, Problem> {
    let mut faults = Faults::default();
    let ends = (Some(query.from.as_str()), query.to.as_deref());
    let all = dates_of(tenant, &mut faults, ends, query.every.as_deref());
    let all = faults.finish(all)?;
    let moment = asking::moment(tenant, None, query.known_at.as_deref()).await?;
    Ok(timeline::over(tenant.store(), &all, moment.known_at).await?)
}

/// Report tiers over time
///
/// How many customers of each tier, and what they brought in the twelve months before, on several
/// dates. Everyone is evaluated for each date by the model in force on it. Reads every fact once.
#[utoipa::path(
    tag = "reports",
    params(TimelineQuery),
    responses((status = 200, description = "Tiers by date", content(
        (TimelineResponse = "application/json"), (String = "text/csv"), (String = "image/svg+xml"),
    )))
)]
#[get("/reports/portfolio/history")]
pub async fn report_portfolio_history(
    tenant: Tenant<need::EvaluationsRead>,
    Query(query): Query<TimelineQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::read(query.format.as_deref())?;
    let all = counted(&tenant, &query).await?;
    let currency = tenant.settings().base_currency;
    let costs = tenant.allows(Scope::CostsRead);
    let mut rows = Vec::new();
    for (on, tiers) in all.dates.iter().zip(&all.tiers) {
        let known = all.order.iter().map(String::as_str);
        let others = tiers.keys().map(String::as_str);
        let others = others.filter(|code| !all.order.iter().any(|known| known == code));
        for code in known.chain(others) {
            let sums = tiers.get(code).copied().unwrap_or_default();
            rows.push(TierOnDate {
                on: on.to_string(),
                tier: code.to_owned(),
                customers: sums.customers,
                revenue: amount(sums.revenue, currency),
                profit: costs.then(|| amount(sums.profit, currency)),
                without_profit: sums.without_profit,
            });
        }
    }
    let answer = TimelineResponse {
        currency: currency.to_string(),
        tiers: all.order.clone(),
        rows,
    };
    format.answer(&answer, || history_rows(&answer), || history_chart(&all))
}

fn history_rows(answer: &TimelineResponse) -> Vec<Vec<String>> {
    let head = [
        "on",
        "tier",
        "customers",
        "revenue",
        "profit",
        "without_profit",
    ];
    let rows = answer.rows.iter().map(|it| {
        vec![
            it.on.clone(),
            it.tier.clone(),
            it.customers.to_string(),
            it.revenue.clone(),
            it.profit.clone().unwrap_or_default(),
            it.without_profit.to_string(),
        ]
    });
    let head = head.map(str::to_owned).to_vec();
    std::iter::once(head).chain(rows).collect()
}

fn history_chart(all: &Timeline) -> String {
    let bars = all.dates.iter().zip(&all.tiers).map(|(on, tiers)| {
        let count = |code: &String| tiers.get(code).map_or(0.0, |it| it.customers as f64);
        (on.to_string(), all.order.iter().map(count).collect())
    });
    let bars: Vec<(String, Vec<f64>)> = bars.collect();
    let mut chart = Chart::new("Customers by tier");
    chart.bars(&all.order, &bars);
    chart.finish("Evaluated for each date by the model in force on it")
}

/// Report transitions
///
/// How many customers went from which tier to which between two dates.
#[utoipa::path(
    tag = "reports",
    params(TransitionsQuery),
    responses((status = 200, description = "The matrix", content(
        (TransitionsResponse = "application/json"), (String = "text/csv"), (String = "image/svg+xml"),
    )))
)]
#[get("/reports/transitions")]
pub async fn report_transitions(
    tenant: Tenant<need::EvaluationsRead>,
    Query(query): Query<TransitionsQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::read(query.format.as_deref())?;
    let mut faults = Faults::default();
    let ends = ends(&tenant, &mut faults, &query.from, query.to.as_deref());
    let (from, to) = faults.finish(ends)?;
    let moment = asking::moment(&tenant, None, query.known_at.as_deref()).await?;
    let all = timeline::over(tenant.store(), &[from, to], moment.known_at).await?;
    let step = all.moves.steps().first().cloned().unwrap_or_default();
    let answer = TransitionsResponse {
        from: from.to_string(),
        to: to.to_string(),
        compared: step.compared,
        changed: step.changed,
        tiers: all.order.clone(),
        cells: TransitionCount::all(&step.cells),
    };
    let rows = || {
        let head = ["from", "to", "customers"].map(str::to_owned).to_vec();
        let cells = answer.cells.iter();
        let cells = cells.map(|it| vec![it.from.clone(), it.to.clone(), it.customers.to_string()]);
        std::iter::once(head).chain(cells).collect()
    };
    format.answer(&answer, rows, || matrix(&all.order, &step, &answer))
}

fn matrix(order: &[String], step: &Step, answer: &TransitionsResponse) -> String {
    let count = |row: usize, column: usize| {
        let named = order.get(row).zip(order.get(column));
        let cell = named.and_then(|(from, to)| step.cells.get(&(from.clone(), to.clone())));
        cell.copied().unwrap_or(0)
    };
    let mut chart = Chart::new("From tier to tier");
    chart.matrix(order, count);
    chart.finish(&format!(
        "{} (rows) to {} (columns): {} of {} customers changed",
        answer.from, answer.to, answer.changed, answer.compared
    ))
}

/// Report stability
///
/// How many customers change tier from one date to the next, and how many of them are back on the
/// date after: what nothing but chance moves comes back.
#[utoipa::path(
    tag = "reports",
    params(TimelineQuery),
    responses((status = 200, description = "Steps", content(
        (StabilityResponse = "application/json"), (String = "text/csv"), (String = "image/svg+xml"),
    )))
)]
#[get("/reports/stability")]
pub async fn report_stability(
    tenant: Tenant<need::EvaluationsRead>,
    Query(query): Query<TimelineQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::read(query.format.as_deref())?;
    let all = counted(&tenant, &query).await?;
    let pairs = all.dates.iter().zip(all.dates.iter().skip(1));
    let last = all.moves.steps().len().saturating_sub(1);
    let steps = pairs.zip(all.moves.steps()).enumerate();
    let steps = steps.map(|(place, ((from, to), step))| StabilityStep {
        from: from.to_string(),
        to: to.to_string(),
        compared: step.compared,
        changed: step.changed,
        bounced: (place != last).then_some(step.bounced),
    });
    let steps: Vec<StabilityStep> = steps.collect();
    let known = || steps.iter().filter(|step| step.bounced.is_some());
    let answer = StabilityResponse {
        changed: known().map(|step| step.changed).sum(),
        bounced: known().filter_map(|step| step.bounced).sum(),
        steps,
    };
    let rows = || {
        let head = ["from", "to", "compared", "changed", "bounced"];
        let steps = answer.steps.iter().map(|it| {
            vec![
                it.from.clone(),
                it.to.clone(),
                it.compared.to_string(),
                it.changed.to_string(),
                it.bounced.map(|it| it.to_string()).unwrap_or_default(),
            ]
        });
        let head = head.map(str::to_owned).to_vec();
        std::iter::once(head).chain(steps).collect()
    };
    format.answer(&answer, rows, || stability_chart(&answer))
}

fn stability_chart(answer: &StabilityResponse) -> String {
    let bars = answer.steps.iter().map(|step| {
        let bounced = step.bounced.unwrap_or(0);
        let stayed = step.changed.saturating_sub(bounced);
        (step.to.clone(), vec![stayed as f64, 0.0, bounced as f64])
    });
    let bars: Vec<(String, Vec<f64>)> = bars.collect();
    let legend = ["changed", "", "changed, and back on the date after"].map(str::to_owned);
    let mut chart = Chart::new("Changes of tier");
    chart.bars(&legend, &bars);
    let share = (answer.changed > 0).then(|| 100.0 * answer.bounced as f64 / answer.changed as f64);
    let share = share.map_or_else(String::new, |share| format!(", {share:.1} %"));
    chart.finish(&format!(
        "{} changes, of which {} came back{share}",
        answer.changed, answer.bounced
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_stay_at_the_end_of_the_month() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let told = |first: &str, last: &str, months| {
            let all = dates(day(first), day(last), months).unwrap();
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let ends = ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-15"];
        assert_eq!(told("2026-02-28", "2026-05-15", 1), ends);
        let quarters = ["2025-09-15", "2025-12-15", "2026-03-15"];
        assert_eq!(told("2025-09-15", "2026-03-15", 3), quarters);
        assert_eq!(dates(day("2000-01-01"), day("2026-01-01"), 1), None);
    }
}
