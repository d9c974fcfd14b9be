//! `serve`: answers until it is told to stop, then finishes what it has.

use crate::access_rules;
use crate::commands::{access, keys};
use crate::config::Config;
use crate::failure::Failure;
use crate::files;
use crate::opening::{self, Opened};
use crate::output;
use actix_web::{HttpServer, rt, web};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::Ordering;
use tiercel_http::health::Draining;
use tiercel_http::tenant::Hosted;
use tiercel_http::{app, flows, follow, uses};
use tiercel_persistence::journal;

/// Connections waiting to be accepted.
const BACKLOG: u32 = 1024;
/// Seconds that requests under way get to end.
const GRACE: u64 = 30;

pub async fn run(config: &Config) -> Result<(), Failure> {
    access_rules::read(config)?;
    // The port first: a second start fails before it touches anything.
    let listener = TcpListener::bind(&config.bind)
        .map_err(|error| Failure::new(format!("{}: {error}", config.bind)))?;
    let opened = opening::open(config).await?;
    leave_first_credential(&opened, &config.data).await?;
    serve(config, opened, listener, |address| {
        output::note(format!(
            "tiercel listens on http://{address} (docs: http://{address}/docs)"
        ));
    })
    .await
}

/// Serves a database until SIGTERM or SIGINT.
pub async fn serve(
    config: &Config,
    opened: Opened,
    listener: TcpListener,
    ready: impl FnOnce(std::net::SocketAddr),
) -> Result<(), Failure> {
    let mut hosted = opened.host(access_rules::read(config)?).await?;
    hosted.require_simulation = config.require_simulation;
    let hosted = web::Data::new(hosted);
    let draining = web::Data::new(Draining::default());
    start_background(&hosted);
    start_schedule(&hosted, config)?;
    start_access(&hosted, config.signing_key_days);
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let shared = (hosted.clone(), draining.clone());
    let mut server = HttpServer::new(move || app::build(shared.0.clone(), shared.1.clone()))
        .backlog(BACKLOG)
        .shutdown_timeout(GRACE)
        .disable_signals();
    if let Some(workers) = config.workers {
        server = server.workers(workers);
    }
    let server = server.listen(listener)?.run();
    let handle = server.handle();
    rt::spawn(async move {
        wait_for_signal().await;
        draining.0.store(true, Ordering::Relaxed);
        handle.stop(true).await;
    });
    ready(address);
    server.await?;
    Ok(uses::finish(&hosted).await?)
}

fn start_background(hosted: &web::Data<Hosted>) {
    let follower = hosted.clone();
    rt::spawn(async move { follow::run(&follower).await });
    let sequencer = hosted.clone();
    rt::spawn(async move {
        journal::run_sequencer(&sequencer.store, &sequencer.keys.sealing).await;
    });
    let importer = hosted.clone();
    rt::spawn(async move { flows::imports::jobs::work(&importer).await });
    let revaluer = hosted.clone();
    rt::spawn(async move { flows::revaluations::work(&revaluer).await });
    let evaluator = hosted.clone();
    rt::spawn(async move { flows::evaluations::work(&evaluator).await });
    let simulator = hosted.clone();
    rt::spawn(async move { flows::simulations::work(&simulator).await });
    let creditor = hosted.clone();
    rt::spawn(async move { flows::credit::upkeep::work(&creditor).await });
}

/// Evaluates everyone at the times that the configuration names.
fn start_schedule(hosted: &web::Data<Hosted>, config: &Config) -> Result<(), Failure> {
    let Some(schedule) = config.schedule()? else {
        return Ok(());
    };
    let (hosted, days) = (hosted.clone(), config.downgrade_warning_days);
    rt::spawn(async move { flows::schedule::work(&hosted, &schedule, days).await });
    Ok(())
}

/// What keeps credentials current: issuers' keys, our own keys' age, when clients were last seen.
fn start_access(hosted: &web::Data<Hosted>, signing_key_days: u32) {
    let issuers = hosted.clone();
    rt::spawn(async move { issuers.verifier.issuers.run(|| issuers.now()).await });
    let keys = hosted.clone();
    rt::spawn(async move { keys::rotate_by_age(&keys, signing_key_days).await });
    let uses = hosted.clone();
    rt::spawn(async move { uses::run(&uses).await });
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) {
        (Ok(mut term), Ok(mut int)) => {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        }
        _ => std::future::pending().await,
    }
}

/// On an empty database the first credential is left in a file that only its owner can read.
async fn leave_first_credential(opened: &Opened, data: &Path) -> Result<(), Failure> {
    if let Some((client, secret)) = access::bootstrap(opened).await? {
        files::create_directory(data)?;
        let path = data.join("bootstrap-credential.json");
        let text = access::credential(&client, &secret).to_string();
        if !files::create_private(&path, text.as_bytes())? {
            let suffix = format!("bootstrap-credential-{}.json", client.id);
            files::create_private(&data.join(&suffix), text.as_bytes())?;
            output::note(format!(
                "the first credential is in {}",
                data.join(suffix).display()
            ));
            return Ok(());
        }
        output::note(format!("the first credential is in {}", path.display()));
    }
    Ok(())
}
