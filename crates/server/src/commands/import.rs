//! `import`: a file goes into the database at hand; no server is needed.

use crate::config::Config;
use crate::failure::Failure;
use crate::opening;
use crate::output;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tiercel_documents::fault::DocumentFault;
use tiercel_documents::import::{ErrorFile, Plan, RowRejection, SurveyReport, compile, read_toml};
use tiercel_http::flows::imports::{
    self as flow, Data, Ended, ImportCounts, ImportError, Opener, Run, jobs,
};
use tiercel_http::flows::revaluations::{self, Place};
use tiercel_http::token::OPERATOR;
use tiercel_persistence::journal;

/// What to import and how.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file: CSV, or NDJSON, as the mapping declares; or a corrected error file
    pub file: PathBuf,
    /// What the columns mean (TOML); second files are found beside the file
    #[arg(long, value_name = "FILE")]
    pub map: PathBuf,
    /// Read, check and validate, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Write the rejected rows to this file, to be corrected and imported again
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
}

/// The rejected rows, written while they come.
struct Errors<'a> {
    path: Option<&'a Path>,
    file: Option<ErrorFile<BufWriter<File>>>,
}

/// Imports a file and prints what became of its rows.
pub async fn run(config: &Config, args: &ImportArgs) -> Result<(), Failure> {
    let plan = read_plan(&args.map)?;
    let open = opener(&plan, &args.file)?;
    let data = Data::load(plan, open).await.map_err(failed)?;
    let mut errors = Errors {
        path: args.errors.as_deref(),
        file: None,
    };
    let done = if args.dry_run {
        try_out(config, &data, args.json, &mut errors).await
    } else {
        import(config, &data, args.json, &mut errors).await
    };
    errors.finish()?;
    done
}

async fn import(
    config: &Config,
    data: &Data,
    json: bool,
    errors: &mut Errors<'_>,
) -> Result<(), Failure> {
    let opened = opening::open(config).await?;
    let zone: chrono_tz::Tz = opened
        .settings
        .zone
        .parse()
        .map_err(|_| Failure::new(format!("`{}` is not a time zone", opened.settings.zone)))?;
    let now = opened.store.clock().now();
    let scene = Run {
        store: &opened.store,
        settings: &opened.settings,
        today: now.with_timezone(&zone).date_naive(),
        principal: OPERATOR,
        job: None,
    };
    let bar = progress_bar();
    let ended = flow::run(&scene, data, async |seen| {
        bar.set_length(seen.total);
        bar.set_position(seen.counts.rows);
        for (_, rejection) in seen.rejections {
            errors.add(seen.header, rejection)?;
        }
        Ok(())
    })
    .await;
    bar.finish_and_clear();
    revaluations::settle(Place {
        store: &opened.store,
        settings: &opened.settings,
        today: scene.today,
    })
    .await?;
    while journal::sequence(&opened.store, &opened.keys.sealing).await? > 0 {}
    match ended.map_err(failed)? {
        Ended::Taken(counts) => {
            print_counts(&counts, json);
            Ok(())
        }
        Ended::Refused(report) => Err(refused(&report, json)),
    }
}

async fn try_out(
    config: &Config,
    data: &Data,
    json: bool,
    errors: &mut Errors<'_>,
) -> Result<(), Failure> {
    let (store, settings) = opening::for_trial(config).await?;
    let keep = |header: &[String], rejection: &RowRejection| errors.add(header, rejection);
    let trial = flow::trial(&store, &settings, data, keep);
    let trial = trial.await.map_err(failed)?;
    if trial.survey.is_refused() {
        return Err(refused(&trial.survey, json));
    }
    if json {
        output::line(serde_json::json!(trial).to_string());
    } else {
        let (rows, accepted, rejected) = (trial.rows, trial.accepted, trial.rejected);
        output::line(format!(
            "{rows} rows: {accepted} can be imported, {rejected} would be rejected; nothing was written"
        ));
    }
    Ok(())
}

fn print_counts(counts: &ImportCounts, json: bool) {
    if json {
        let mut body = serde_json::json!(counts);
        body["refused"] = serde_json::Value::Null;
        return output::line(body.to_string());
    }
    let ImportCounts {
        rows,
        created,
        updated,
        unchanged,
        rejected,
    } = counts;
    output::line(format!(
        "{rows} rows: {created} created, {updated} updated, {unchanged} unchanged, {rejected} rejected"
    ));
}

/// The evidence goes to stdout where a program reads it, the sentence to stderr.
fn refused(report: &SurveyReport, json: bool) -> Failure {
    if json {
        let mut body = serde_json::json!(ImportCounts::default());
        body["rows"] = report.rows.into();
        body["refused"] = serde_json::json!(report);
        output::line(body.to_string());
    }
    Failure::new(jobs::refusal(report))
}

fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let plan = read_toml(&text).and_then(|document| compile(&document));
    plan.map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(told).collect();
        let shown = path.display();
        Failure::usage(format!("{shown} cannot be used:\n{}", faults.join("\n")))
    })
}

fn told(fault: &DocumentFault) -> String {
    let DocumentFault {
        pointer,
        code,
        detail,
    } = fault;
    format!("  {pointer}: {detail} ({code})")
}

/// Opens the data and, beside it, the second files; those that are missing are named at once.
fn opener(plan: &Plan, file: &Path) -> Result<Opener, Failure> {
    let beside = file.parent().unwrap_or_else(|| Path::new(""));
    let second: std::collections::BTreeMap<String, PathBuf> = plan
        .lookups()
        .map(|lookup| (lookup.name, beside.join(lookup.file)))
        .collect();
    for path in second.values().map(PathBuf::as_path).chain([file]) {
        File::open(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    }
    let file = file.to_owned();
    Ok(Arc::new(move |name: Option<&str>| {
        let path = match name {
            None => &file,
            Some(name) => second.get(name).ok_or(io::ErrorKind::NotFound)?,
        };
        Ok(Box::new(File::open(path)?) as Box<dyn Read + Send>)
    }))
}

/// A bar on stderr; hidden by itself where stderr is not a terminal.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let template = "{bar:40} {pos}/{len} rows, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn failed(error: ImportError) -> Failure {
    match error {
        ImportError::Db(error) => error.into(),
        ImportError::File(_) | ImportError::Interrupted => Failure::new(error.to_string()),
    }
}

impl Errors<'_> {
    fn add(&mut self, header: &[String], rejection: &RowRejection) -> Result<(), ImportError> {
        let file = |error: io::Error| ImportError::File(error.into());
        if self.file.is_none() {
            let Some(path) = self.path else {
                return Ok(());
            };
            let out = BufWriter::new(File::create(path).map_err(file)?);
            self.file = Some(ErrorFile::new(out, header).map_err(file)?);
        }
        match &mut self.file {
            Some(errors) => errors.write(rejection).map_err(file),
            None => Ok(()),
        }
    }

    fn finish(self) -> Result<(), Failure> {
        if let Some(errors) = self.file {
            let out = errors.finish()?;
            out.into_inner().map_err(io::IntoInnerError::into_error)?;
        }
        Ok(())
    }
}
