//! `evaluate`: everyone, as of a date; prints how the tiers are filled.

use crate::config::Config;
use crate::failure::Failure;
use crate::opening;
use crate::output;
use chrono::NaiveDate;
use clap::Args;
use tiercel_http::flows::model;
use tiercel_http::token::OPERATOR;
use tiercel_persistence::refresh::{Basis, RefreshError};
use tiercel_persistence::{evaluations, journal};

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
    let zone: chrono_tz::Tz = opened.settings.zone.parse().map_err(|_| {
        Failure::new(format!("`{}` is not a time zone", opened.settings.zone))
    })?;
    let today = opened.store.clock().now().with_timezone(&zone).date_naive();
    let as_of = args.as_of.unwrap_or(today);
    let model = model::on(&opened.store, as_of).await?;
    let model = model.ok_or_else(|| {
        Failure::new(format!("no evaluation model is in force on {as_of}"))
    })?;
    let basis = Basis {
        settings: &opened.settings,
        today,
        model: Some(model.in_force()),
    };
    let done = evaluations::run_all(&opened.store, OPERATOR, &basis, as_of, |_, _| {}).await;
    let done = done.map_err(failed)?;
    while journal::sequence(&opened.store, &opened.keys.sealing).await? > 0 {}
    print(&opened, as_of, done, args.json).await
}
