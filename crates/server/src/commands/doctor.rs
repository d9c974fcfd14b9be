//! `doctor`: looks at everything a server needs, and changes nothing.

use crate::bounds;
use crate::config::Config;
use crate::failure::Failure;
use crate::files;
use crate::output;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;
use tiercel_persistence::{Clock, DbError, Store, journal, keys, migrate, settings, vitals};

/// Less free room than this is worth a word, in MiB.
const SCARCE: u64 = 1_024;
/// With less than this a server would soon stop.
const TOO_LITTLE: u64 = 64;
/// The oldest PostgreSQL that is supported.
const OLDEST_POSTGRES: u32 = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    Warning,
    Failed,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// Everything that was looked at.
#[derive(Default)]
struct Findings(Vec<(&'static str, State, String)>);

impl Findings {
    fn add(&mut self, check: &'static str, state: State, detail: impl Into<String>) {
        self.0.push((check, state, detail.into()));
    }

    /// Fine where it holds, else a warning.
    fn expect(&mut self, check: &'static str, holds: bool, detail: impl Into<String>) {
        let state = if holds { State::Fine } else { State::Warning };
        self.add(check, state, detail);
    }

    fn has(&self, state: State) -> bool {
        self.0.iter().any(|(_, found, _)| *found == state)
    }
}

/// Prints what was found. Fails where something is wrong; with `strict`, also on warnings.
pub async fn run(config: &Config, json: bool, strict: bool) -> Result<(), Failure> {
    let mut findings = Findings::default();
    look_at_files(config, &mut findings);
    match connect(config).await {
        Ok(store) => look_at_database(config, &store, &mut findings).await,
        Err(why) => findings.add("database", State::Failed, why),
    }
    let failed = findings.has(State::Failed);
    let unsound = failed || (strict && findings.has(State::Warning));
    if json {
        let shown = findings.0.iter().map(|(check, state, detail)| {
            serde_json::json!({"check": check, "state": state.word(), "detail": detail})
        });
        let shown: Vec<_> = shown.collect();
        output::line(serde_json::json!({"sound": !unsound, "findings": shown}).to_string());
    } else {
        for (check, state, detail) in &findings.0 {
            output::line(format!("{:<8} {check:<11} {detail}", state.word()));
        }
    }
    if unsound {
        return Err(Failure::new("not everything is as it should be"));
    }
    Ok(())
}

fn look_at_files(config: &Config, findings: &mut Findings) {
    let data = &config.data;
    match std::fs::metadata(data) {
        Ok(found) => {
            let private = found.permissions().mode() & 0o077 == 0;
            let others = if private {
                ""
            } else {
                ", and others than its owner may enter"
            };
            findings.expect("directory", private, format!("{}{others}", data.display()));
            look_at_disk(data, findings);
        }
        Err(error) => findings.add(
            "directory",
            State::Warning,
            format!("{}: {error}", data.display()),
        ),
    }
    if data.join("bootstrap-credential.json").exists() {
        let detail = "bootstrap-credential.json is still there: take the credential and delete it";
        findings.add("credential", State::Warning, detail);
    }
    let wanted = u64::from(config.max_connections);
    let most = bounds::most_connections();
    let enough = most.is_none_or(|most| most >= wanted);
    let shown = most.map_or_else(|| "any number of".to_owned(), |most| most.to_string());
    let detail = format!("for {shown} connections; {wanted} are configured");
    findings.expect("open files", enough, detail);
}

fn look_at_disk(data: &Path, findings: &mut Findings) {
    let Ok(disk) = rustix::fs::statvfs(data) else {
        findings.add("disk", State::Warning, "the free room is not known");
        return;
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024);
    let state = match free {
        0..TOO_LITTLE => State::Failed,
        TOO_LITTLE..SCARCE => State::Warning,
        _ => State::Fine,
    };
    findings.add("disk", state, format!("{free} MiB are free"));
}

/// Connects to what is there; makes nothing.
async fn connect(config: &Config) -> Result<Store, String> {
    let file = config.data.join("tiercel.db");
    if config.database_url.is_none() && !file.exists() {
        return Err(format!("{} holds no database", config.data.display()));
    }
    let url = config.url();
    Store::connect(&url, Clock::System)
        .await
        .map_err(|error| error.to_string())
}

async fn look_at_database(config: &Config, store: &Store, findings: &mut Findings) {
    let began = Instant::now();
    if let Err(error) = store.ping().await {
        findings.add("database", State::Failed, error.to_string());
        return;
    }
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    if let Err(error) = look_at_engine(store, took, findings).await {
        findings.add("database", State::Failed, error.to_string());
    }
    match migrate::pending(store).await {
        Err(error) => findings.add("schema", State::Failed, error.to_string()),
        Ok(missing) if missing.is_empty() => findings.add("schema", State::Fine, "up to date"),
        Ok(missing) => {
            let detail = format!(
                "{} steps are missing: `tiercel migrate` or the next start applies them",
                missing.len()
            );
            findings.add("schema", State::Warning, detail);
            return;
        }
    }
    if let Err(error) = look_at_content(config, store, findings).await {
        findings.add("content", State::Failed, error.to_string());
    }
}

async fn look_at_engine(store: &Store, took: f64, findings: &mut Findings) -> Result<(), DbError> {
    let engine = vitals::engine(store).await?;
    let name = if store.is_postgres() {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    let major = engine.version.split(['.', ' ']).next().unwrap_or_default();
    let major: u32 = major.parse().unwrap_or(0);
    let supported = !store.is_postgres() || major >= OLDEST_POSTGRES;
    let detail = format!("{name} {} answers in {took:.1} ms", engine.version);
    findings.expect("database", supported, detail);
    for (setting, value) in &engine.settings {
        let good = match *setting {
            "journal_mode" => value == "wal",
            // 1 may lose the last acknowledged writes when the power fails.
            "synchronous" => value == "2" || value == "3",
            "foreign_keys" => value == "1",
            "synchronous_commit" => value != "off",
            "max_connections" => value.parse::<u32>().is_ok_and(|most| most >= 32),
            _ => value == "on",
        };
        findings.expect("durability", good, format!("{setting} = {value}"));
    }
    let ahead = (engine.clock - store.clock().now()).num_milliseconds();
    let state = match ahead.abs() {
        0..1_000 => State::Fine,
        1_000..30_000 => State::Warning,
        _ => State::Failed,
    };
    findings.add(
        "clock",
        state,
        format!("{ahead} ms between the database and here"),
    );
    Ok(())
}

async fn look_at_content(
    config: &Config,
    store: &Store,
    findings: &mut Findings,
) -> Result<(), DbError> {
    look_at_keys(config, store, findings).await?;
    let (kept, wanted) = (settings::read(store).await?, config.settings());
    let same = wanted.is_ok_and(|wanted| wanted == kept);
    let (currency, zone, region) = (kept.base_currency.code(), &kept.zone, &kept.default_region);
    let but = if same {
        ""
    } else {
        "; the configuration says otherwise, which has no effect"
    };
    findings.expect(
        "settings",
        same,
        format!("{currency}, {zone}, {region}{but}"),
    );

    let vitals = vitals::read(store).await?;
    let last = journal::after(store, vitals.position.saturating_sub(1), 1).await?;
    let ahead = last
        .first()
        .map(|last| last.recorded_at - store.clock().now());
    if let Some(ahead) = ahead.filter(|ahead| ahead.num_seconds() > 5) {
        let detail = format!("the last write is {} s in the future", ahead.num_seconds());
        findings.add("clock", State::Failed, detail);
    }
    let (unnumbered, waited) = (vitals.unnumbered, vitals.waited.num_seconds());
    let detail = format!(
        "{} entries, {unnumbered} without a number for up to {waited} s",
        vitals.position
    );
    findings.expect("journal", waited <= 5, detail);
    let count = |state: &str| -> i64 {
        let jobs = vitals.jobs.iter().filter(|count| count.state == state);
        jobs.map(|count| count.jobs).sum()
    };
    let detail = format!(
        "{} wait, {} run, {} failed",
        count("queued"),
        count("running"),
        count("failed")
    );
    findings.add("jobs", State::Fine, detail);
    Ok(())
}

async fn look_at_keys(
    config: &Config,
    store: &Store,
    findings: &mut Findings,
) -> Result<(), DbError> {
    let master = match files::existing_master_key(config.master_key.as_deref(), &config.data) {
        Ok(master) => master,
        Err(error) => {
            findings.add("keys", State::Failed, error.to_string());
            return Ok(());
        }
    };
    let path = config.data.join("master.key");
    if config.master_key.is_none()
        && std::fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    {
        let detail = format!("{} can be read by others than its owner", path.display());
        findings.add("keys", State::Warning, detail);
    }
    let (opened, all) = keys::opened(store, &master).await?;
    let state = match (opened, all) {
        (0, 1..) => State::Failed,
        (opened, all) if opened < all => State::Warning,
        _ => State::Fine,
    };
    findings.add(
        "keys",
        state,
        format!("the master key opens {opened} of {all}"),
    );
    Ok(())
}
