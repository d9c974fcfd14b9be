//! Payback: what benefits cost, and what customers with them bring against customers without.

use super::amount;
use super::format::Format;
use crate::body::Query;
use crate::faults::Faults;
use crate::flows::model;
use crate::flows::payback::{self as flow, Asked, Benefit, Grounds, Part, Payback, Side};
use crate::problem::{Kind, Problem};
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::deciding::PolicyVersion;
use crate::wire::{date, money};
use actix_web::{HttpResponse, get};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::payback::{Period, Verdict};
use tiercel_domain::scaled::{Percent, Points};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaybackQuery {
    /// The first day. Tiers are those of the day before it, policies those in force on it.
    #[param(example = "2026-01-01", format = Date)]
    pub from: String,
    /// The last day; today where it is absent.
    #[param(example = "2026-06-30", format = Date)]
    pub to: Option<String>,
    /// Points on either side of a tier's threshold, where nobody is held out; 5 where it is absent.
    #[param(example = "5")]
    pub bandwidth: Option<String>,
    /// What capital in unpaid bills costs, per cent a year; 8 where it is absent.
    #[param(example = "8")]
    pub capital_pct: Option<String>,
    /// `json` (where it is absent) or `csv`.
    pub format: Option<String>,
}

/// Customers on one side. Amounts in base currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"customers": 180, "brought": "540000.00", "mean": "3000.00", "discount_cost": "41000.00", "capital_cost": "2100.00"}))]
pub struct PaybackSide {
    pub customers: u64,
    /// Profit contribution of the period at the prices paid, less `capital_cost`.
    pub brought: String,
    /// Per customer; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<String>,
    /// What the rule takes off their order lines, quoted by the policy; zero for credit terms.
    pub discount_cost: String,
    /// What the capital in their unpaid bills costs.
    pub capital_cost: String,
}

/// One benefit of the customers of one tier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"kind": "discount", "benefit": "tier-high", "tier": "high", "method": "held_out", "with": {"customers": 180, "brought": "540000.00", "mean": "3000.00", "discount_cost": "41000.00", "capital_cost": "2100.00"}, "without": {"customers": 20, "brought": "52000.00", "mean": "2600.00", "discount_cost": "0.00", "capital_cost": "150.00"}, "difference": "400.00", "low": "-120.00", "high": "920.00", "verdict": "inconclusive"}))]
pub struct PaybackRow {
    /// `discount` or `credit`.
    pub kind: String,
    /// The rule; of credit terms the tier.
    pub benefit: String,
    pub tier: String,
    /// Who is compared with those who have it: `held_out`, customers just below the `threshold` of
    /// the tier (beside those just above), or `nobody`.
    pub method: String,
    pub with: PaybackSide,
    pub without: PaybackSide,
    /// What a customer with it brings more than one without; absent, as its bounds, where fewer than
    /// two customers are on a side or nobody varies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// The 95 % interval of the difference, by Welch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<String>,
    /// `pays`, `costs`, or `inconclusive` whenever the interval holds zero or there is none.
    pub verdict: String,
}

/// Whether benefits pay back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"from": "2026-01-01", "to": "2026-06-30", "currency": "EUR", "model_version": 1, "bandwidth": "5", "capital_pct": "8", "policies_changed": false, "customers": 2000, "newcomers": 12, "without_profit": 0, "rows": []}))]
pub struct PaybackReport {
    #[schema(format = Date)]
    pub from: String,
    #[schema(format = Date)]
    pub to: String,
    pub currency: String,
    /// Absent where none was in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_policy: Option<PolicyVersion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_policy: Option<PolicyVersion>,
    /// That of the tiers.
    pub model_version: i64,
    pub bandwidth: String,
    pub capital_pct: String,
    /// Whether another version of a policy came into force within the period.
    pub policies_changed: bool,
    pub customers: u64,
    /// Customers who were none on the day before: they are not compared.
    pub newcomers: u64,
    /// Customers of whom a cost is not known: they are not compared.
    pub without_profit: u64,
    /// Discounts first, then credit; from the best tier to the worst.
    #[schema(inline)]
    pub rows: Vec<PaybackRow>,
}

/// Report whether benefits pay back
///
/// Per tier and benefit, what it costs, and what customers who have it bring against customers who
/// do not: those held out from it at random or, where nobody is, those just below the threshold of
/// the tier. The difference comes with its 95 % interval (Welch 1947), and is `inconclusive`
/// whenever that holds zero. Customers are never compared with their own past. Reads every fact.
#[utoipa::path(
    tag = "reports",
    params(PaybackQuery),
    responses((status = 200, description = "The comparisons", content(
        (PaybackReport = "application/json"), (String = "text/csv"),
    )), (status = 409, description = "No model was in force on the day before", body = crate::problem::ProblemBody, content_type = "application/problem+json"))
)]
#[get("/reports/payback")]
pub async fn report_payback(
    tenant: Tenant<need::CostsRead>,
    Query(query): Query<PaybackQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::read_table(query.format.as_deref())?;
    let asked = asked(&tenant, &query)?;
    let period = asked.period;
    let eve = period.from.pred_opt().unwrap_or(period.from);
    let model = model::on(tenant.store(), eve).await?;
    let missing = || Problem::new(Kind::Conflict, format!("no model was in force on {eve}"));
    let model = model.ok_or_else(missing)?;
    let book = tenant.book();
    let grounds = Grounds {
        book: &book,
        base: tenant.settings().base_currency,
        model: &model,
        discount: book.policies().discount.on(period.from).cloned(),
        credit: book.policies().credit.on(period.from).cloned(),
        asked,
    };
    let found = flow::total(tenant.store(), &grounds).await?;
    let report = Telling(grounds.base).report(&grounds, &found);
    format.answer(&report, || rows(&report), String::new)
}

fn asked(tenant: &TenantHandle, query: &PaybackQuery) -> Result<Asked, Problem> {
    let mut faults = Faults::default();
    let from = date(&mut faults, "from", &query.from);
    let to = match query.to.as_deref() {
        Some(text) => date(&mut faults, "to", text),
        None => Some(tenant.today()),
    };
    if to.is_some_and(|to| to > tenant.today()) {
        faults.add("to", "in_the_future", "nothing is known of a day to come");
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        faults.add("from", "not_before", "lies after the last day");
    }
    let bandwidth = query.bandwidth.as_deref().unwrap_or("5");
    let bandwidth: Option<Points> = faults.number("bandwidth", bandwidth);
    if bandwidth.is_some_and(|it| it.is_negative() || it.is_zero()) {
        faults.add("bandwidth", "not_positive", "must be above zero");
    }
    let capital = query.capital_pct.as_deref().unwrap_or("8");
    let capital: Option<Percent> = faults.number("capital_pct", capital);
    let all = Decimal::ONE_HUNDRED;
    if capital.is_some_and(|it| it.is_negative() || it.decimal() > all) {
        faults.add("capital_pct", "range", "must be from 0 to 100");
    }
    let read = from.zip(to).zip(bandwidth).zip(capital);
    faults.finish(read.map(|(((from, to), bandwidth), capital)| Asked {
        period: Period { from, to },
        bandwidth,
        capital,
    }))
}

struct Telling(Currency);

impl Telling {
    fn report(&self, grounds: &Grounds<'_>, found: &Payback) -> PaybackReport {
        let Period { from, to } = grounds.asked.period;
        let policies = grounds.book.policies();
        let stays = policies.discount.on(to) == grounds.discount.as_ref()
            && policies.credit.on(to) == grounds.credit.as_ref();
        let tiers: Vec<&str> = grounds.model.tiers().collect();
        let parts = found.parts.iter();
        let discount = grounds.discount.as_ref();
        let credit = grounds.credit.as_ref();
        PaybackReport {
            from: from.to_string(),
            to: to.to_string(),
            currency: self.0.to_string(),
            discount_policy: discount.map(|it| (&it.reference).into()),
            credit_policy: credit.map(|it| (&it.reference).into()),
            model_version: grounds.model.version(),
            bandwidth: grounds.asked.bandwidth.to_string(),
            capital_pct: grounds.asked.capital.to_string(),
            policies_changed: !stays,
            customers: found.customers,
            newcomers: found.newcomers,
            without_profit: found.without_profit,
            rows: parts.map(|(of, part)| self.row(&tiers, of, part)).collect(),
        }
    }

    fn row(&self, tiers: &[&str], of: &Benefit, part: &Part) -> PaybackRow {
        let interval = part.interval();
        PaybackRow {
            kind: of.kind.word().to_owned(),
            benefit: of.code.clone(),
            tier: tiers.get(of.tier).copied().unwrap_or_default().to_owned(),
            method: part.method.word().to_owned(),
            with: self.side(&part.with),
            without: self.side(&part.without),
            difference: interval.map(|it| self.shown(it.difference)),
            low: interval.map(|it| self.shown(it.low)),
            high: interval.map(|it| self.shown(it.high)),
            verdict: Verdict::of(interval.as_ref()).word().to_owned(),
        }
    }

    fn side(&self, side: &Side) -> PaybackSide {
        PaybackSide {
            customers: side.sample.customers,
            brought: amount(side.sample.sum, self.0),
            mean: side.sample.mean().map(|mean| self.shown(mean)),
            discount_cost: amount(side.discount, self.0),
            capital_cost: amount(side.capital, self.0),
        }
    }

    /// Four decimals, half up: enough that a bound beside zero does not become zero.
    fn shown(&self, value: Decimal) -> String {
        money(round(value, 4, Rounding::HalfUp), self.0)
    }
}

fn rows(report: &PaybackReport) -> Vec<Vec<String>> {
    let head = [
        "kind",
        "benefit",
        "tier",
        "method",
        "with_customers",
        "with_brought",
        "with_mean",
        "with_discount_cost",
        "with_capital_cost",
        "without_customers",
        "without_brought",
        "without_mean",
        "without_capital_cost",
        "difference",
        "low",
        "high",
        "verdict",
    ];
    let told = |value: &Option<String>| value.clone().unwrap_or_default();
    let rows = report.rows.iter().map(|row| {
        vec![
            row.kind.clone(),
            row.benefit.clone(),
            row.tier.clone(),
            row.method.clone(),
            row.with.customers.to_string(),
            row.with.brought.clone(),
            told(&row.with.mean),
            row.with.discount_cost.clone(),
            row.with.capital_cost.clone(),
            row.without.customers.to_string(),
            row.without.brought.clone(),
            told(&row.without.mean),
            row.without.capital_cost.clone(),
            told(&row.difference),
            told(&row.low),
            told(&row.high),
            row.verdict.clone(),
        ]
    });
    let head = head.map(str::to_owned).to_vec();
    std::iter::once(head).chain(rows).collect()
}
