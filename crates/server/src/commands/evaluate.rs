//! `evaluate`: everyone, as of a date; prints how the tiers are filled.

use crate::config::Config;
use crate::failure::Failure;
use crate::opening::{self, Opened};
use crate::output;
use chrono::NaiveDate;
use clap::Args;
use tiercel_http::flows::model::{self, PublishedModel};
use tiercel_http::token::OPERATOR;
use tiercel_persistence::refresh::Basis;
use tiercel_persistence::{distribution, evaluations, journal};

/// As of when.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The business date; today where it is absent
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<NaiveDate>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Evaluates every customer and prints the distribution.
pub async fn run(config: &Config, args: &EvaluateArgs) -> Result<(), Failure> {
    let opened = opening::open(config).await?;
    let zone: chrono_tz::Tz = opened
        .settings
        .zone
        .parse()
        .map_err(|_| Failure::new(format!("`{}` is not a time zone", opened.settings.zone)))?;
    let today = opened.store.clock().now().with_timezone(&zone).date_naive();
    let as_of = args.as_of.unwrap_or(today);
    if as_of > today {
        return Err(Failure::usage(format!(
            "--as-of {as_of}: the day is still to come"
        )));
    }
    let model = model::on(&*opened.store, as_of).await?;
    let model =
        model.ok_or_else(|| Failure::new(format!("no evaluation model is in force on {as_of}")))?;
    let basis = Basis {
        settings: &opened.settings,
        today,
        model: Some(model.in_force()),
    };
    let done = evaluations::run_all(&opened.store, OPERATOR, &basis, as_of, |_, _| {}).await?;
    while journal::sequence(&opened.store, &opened.keys.sealing).await? > 0 {}
    print(&opened, &model, as_of, done, args.json).await
}

async fn print(
    opened: &Opened,
    model: &PublishedModel,
    as_of: NaiveDate,
    evaluated: usize,
    json: bool,
) -> Result<(), Failure> {
    let mut found = distribution::tiers(&*opened.store).await?;
    let tiers: Vec<(String, u64)> = model
        .tiers()
        .map(|code| {
            (
                code.to_owned(),
                found.remove(&Some(code.to_owned())).unwrap_or(0),
            )
        })
        .collect();
    if json {
        let tiers: serde_json::Map<String, serde_json::Value> = tiers
            .into_iter()
            .map(|(code, customers)| (code, customers.into()))
            .collect();
        let body = serde_json::json!({
            "as_of": as_of.to_string(),
            "model_version": model.version(),
            "evaluated": evaluated,
            "tiers": tiers,
        });
        output::line(body.to_string());
        return Ok(());
    }
    let version = model.version();
    output::line(format!(
        "{evaluated} customers as of {as_of}, model version {version}"
    ));
    for (code, customers) in tiers {
        output::line(format!("{code:>12} {customers:>10}"));
    }
    Ok(())
}
