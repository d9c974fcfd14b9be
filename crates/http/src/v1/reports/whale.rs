//! The whale curve: how profit gathers over customers, products or categories.

use super::format::Format;
use super::svg::Chart;
use super::{amount, ratio};
use crate::body::Query;
use crate::faults::Faults;
use crate::flows::contributions;
use crate::problem::Problem;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::asking;
use actix_web::{HttpResponse, get};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::portfolio::{By, Contributions, Of, Reached, Whale};
use utoipa::{IntoParams, ToSchema};

/// Points of a curve that are told, besides its peak and its end.
const POINTS: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhaleQuery {
    /// Business date; today where absent.
    #[param(example = "2026-06-30")]
    pub as_of: Option<String>,
    /// Facts as known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// `customers` (where it is absent), `products` or `categories`: their sums are the same.
    pub by: Option<String>,
    /// `json` (where it is absent), `csv` or `svg`.
    pub format: Option<String>,
}

/// A point of the curve: what the best so many bring together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"rank": 638, "own": "0.0248", "cumulative": "357621.5", "share": "1.2487"}))]
pub struct WhalePoint {
    pub rank: usize,
    /// What the last of them brings.
    pub own: String,
    pub cumulative: String,
    /// Of all profit; null where there is none.
    pub share: Option<String>,
}

/// The curve, from the best to the worst. Base currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-06-30", "currency": "EUR", "by": "customers", "count": 793, "profit": "286397.0217", "losing": 155, "losses": "-71224.47", "without_profit": 0, "peak": {"rank": 638, "own": "0.0248", "cumulative": "357621.5", "share": "1.2487"}, "best_fifth": null, "unassigned": null, "points": []}))]
pub struct WhaleResponse {
    pub as_of: String,
    pub currency: String,
    /// `customers`, `products` or `categories`.
    pub by: String,
    pub count: usize,
    /// What all bring together.
    pub profit: String,
    /// How many bring less than nothing, and what they lose.
    pub losing: usize,
    pub losses: String,
    /// Customers of whom a cost is not known: nothing of theirs is counted.
    pub without_profit: u64,
    /// Where the curve is highest; null where nobody brings anything.
    pub peak: Option<WhalePoint>,
    /// What the best 20 per cent bring; null where that is not one.
    pub best_fifth: Option<WhalePoint>,
    /// What belongs to no product or category, expenses for example; part of `profit`, not of the
    /// curve. Null by customers.
    pub unassigned: Option<String>,
    /// At most about 200 of them.
    #[schema(inline)]
    pub points: Vec<WhalePoint>,
}

/// Report the whale curve
///
/// Cumulative profit contribution as of a day, the best first. Reads every fact.
#[utoipa::path(
    tag = "reports",
    params(WhaleQuery),
    responses((status = 200, description = "The curve", content(
        (WhaleResponse = "application/json"), (String = "text/csv"), (String = "image/svg+xml"),
    )))
)]
#[get("/reports/whale-curve")]
pub async fn report_whale_curve(
    tenant: Tenant<need::CostsRead>,
    Query(query): Query<WhaleQuery>,
) -> Result<HttpResponse, Problem> {
    let (as_of, known_at) = (query.as_of.as_deref(), query.known_at.as_deref());
    let moment = asking::moment(&tenant, as_of, known_at).await?;
    let format = Format::read(query.format.as_deref())?;
    let mut faults = Faults::default();
    let by = query.by.as_deref().unwrap_or("customers");
    let by = faults.word("by", by, By::from_word);
    let by = faults.finish(by)?;
    let store = tenant.store();
    let all = contributions::total(store, by, moment.as_of, moment.known_at).await?;
    let parts = all.parts().iter().filter(|(of, _)| **of != Of::Nothing);
    let whale = Whale::of(parts.map(|(_, brought)| brought.profit).collect());
    let told = Telling {
        currency: tenant.settings().base_currency,
        profit: all
            .parts()
            .values()
            .fold(0, |sum, it| sum.saturating_add(it.profit)),
    };
    let answer = told.response(by, &moment.as_of.to_string(), &whale, &all);
    format.answer(&answer, || rows(&answer), || told.chart(&answer, &whale))
}

struct Telling {
    currency: Currency,
    profit: i128,
}

impl Telling {
    fn response(&self, by: By, as_of: &str, whale: &Whale, all: &Contributions) -> WhaleResponse {
        let (losing, losses) = whale.losses();
        let unassigned = all.parts().get(&Of::Nothing).map_or(0, |it| it.profit);
        WhaleResponse {
            as_of: as_of.to_owned(),
            currency: self.currency.to_string(),
            by: by.word().to_owned(),
            count: whale.count(),
            profit: amount(self.profit, self.currency),
            losing,
            losses: amount(losses, self.currency),
            without_profit: all.without_profit,
            peak: whale.peak().map(|it| self.point(it)),
            best_fifth: whale.best(20).map(|it| self.point(it)),
            unassigned: (by != By::Customer).then(|| amount(unassigned, self.currency)),
            points: whale
                .points(POINTS)
                .into_iter()
                .map(|it| self.point(it))
                .collect(),
        }
    }

    fn point(&self, it: Reached) -> WhalePoint {
        let share = ratio(it.cumulative, self.profit, 0, 1).filter(|_| self.profit > 0);
        WhalePoint {
            rank: it.rank,
            own: amount(it.own, self.currency),
            cumulative: amount(it.cumulative, self.currency),
            share: share.map(|share| share.normalize().to_string()),
        }
    }

    fn chart(&self, answer: &WhaleResponse, whale: &Whale) -> String {
        let share = |it: &Reached| {
            let share = ratio(it.cumulative, self.profit, 0, 1).filter(|_| self.profit > 0);
            share.and_then(|it| it.to_f64()).unwrap_or(0.0)
        };
        let curve = whale.points(POINTS);
        let points: Vec<(f64, f64)> = curve.iter().map(|it| (it.rank as f64, share(it))).collect();
        let peak = whale.peak();
        let told = peak.map(|it| format!("{:.2} % at {}", share(&it) * 100.0, it.rank));
        let mut chart = Chart::new("Cumulative profit contribution");
        let marked = peak.zip(told.as_deref());
        let marked = marked.map(|(it, told)| ((it.rank as f64, share(&it)), told));
        chart.line(&points, marked, &format!("{}, the best first", answer.by));
        chart.finish(&format!(
            "{} {} as of {}, {} of them at a loss; profit {} {} = 100 %",
            answer.count, answer.by, answer.as_of, answer.losing, answer.profit, answer.currency
        ))
    }
}

fn rows(answer: &WhaleResponse) -> Vec<Vec<String>> {
    let head = ["rank", "own", "cumulative", "share"]
        .map(str::to_owned)
        .to_vec();
    let points = answer.points.iter().map(|it| {
        vec![
            it.rank.to_string(),
            it.own.clone(),
            it.cumulative.clone(),
            it.share.clone().unwrap_or_default(),
        ]
    });
    std::iter::once(head).chain(points).collect()
}
