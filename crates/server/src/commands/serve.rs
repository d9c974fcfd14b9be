//! `serve`: answers until it is told to stop, then finishes what it has.

use crate::access_rules;
use crate::background::Background;
use crate::bounds;
use crate::commands::access;
use crate::config::Config;
use crate::failure::Failure;
use crate::files;
use crate::opening::{self, Opened};
use crate::output;
use crate::supervisor;
use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, rt, web};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tiercel_http::instance::Instance;
use tiercel_http::tenant::Hosted;
use tiercel_http::traces::Traces;
use tiercel_http::{app, metrics, uses};

/// Connections waiting to be accepted.
const BACKLOG: u32 = 1024;
/// Seconds that requests under way get to end.
const GRACE: u64 = 30;
/// How long the last traces may take to leave.
const FAREWELL: Duration = Duration::from_secs(6);

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
    let aside = config.metrics_bind.as_ref().map(|bind| {
        let named = |error| Failure::new(format!("{bind}: {error}"));
        TcpListener::bind(bind).map_err(named)
    });
    let aside = aside.transpose()?;
    let mut hosted = opened.host(access_rules::read(config)?).await?;
    hosted.require_simulation = config.require_simulation;
    let hosted = web::Data::new(hosted);
    let (traces, export) = match &config.otlp_endpoint {
        Some(endpoint) => {
            Traces::to(endpoint).map(|(traces, export)| (Some(traces), Some(export)))?
        }
        None => (None, None),
    };
    let export = export.map(|export| rt::spawn(export.run()));
    let instance = Instance::new(bounds::bounds(config), bounds::sampling(config), traces);
    let instance = web::Data::new(instance);
    let background = Background::start(&hosted, config)?;
    let address = listener.local_addr()?;
    let server = public(config, listener, hosted.clone(), instance.clone())?;
    let aside = aside.map(|listener| beside(listener, hosted.clone(), instance.clone()));
    let aside = aside.transpose()?;
    let aside_handle = aside.map(|server| {
        let handle = server.handle();
        rt::spawn(server);
        handle
    });
    let manager = config.notify_socket.clone();
    let stopping = stop_when_told(config, instance.clone(), server.handle());
    rt::spawn(stopping);
    supervisor::tell(manager.as_ref(), supervisor::READY);
    ready(address);
    server.await?;
    if let Some(handle) = aside_handle {
        handle.stop(false).await;
    }
    background.stop().await;
    uses::finish(&hosted).await?;
    drop(instance);
    if let Some(export) = export {
        let _ = tokio::time::timeout(FAREWELL, export).await;
    }
    Ok(())
}

/// The server of the API.
fn public(
    config: &Config,
    listener: TcpListener,
    hosted: web::Data<Hosted>,
    instance: web::Data<Instance>,
) -> Result<Server, Failure> {
    listener.set_nonblocking(true)?;
    let workers = config.workers.unwrap_or_else(cores);
    let connections = bounds::connections(config).div_ceil(workers.max(1));
    let server = HttpServer::new(move || app::build(hosted.clone(), instance.clone()))
        .backlog(BACKLOG)
        .workers(workers)
        .max_connections(connections)
        .client_request_timeout(bounds::seconds(config.head_timeout_seconds))
        .keep_alive(bounds::seconds(config.idle_timeout_seconds))
        .shutdown_timeout(GRACE)
        .disable_signals();
    Ok(server.listen(listener)?.run())
}

/// As many workers as there are cores, unless told otherwise.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// The server of `/metrics` alone.
fn beside(
    listener: TcpListener,
    hosted: web::Data<Hosted>,
    instance: web::Data<Instance>,
) -> Result<Server, Failure> {
    listener.set_nonblocking(true)?;
    let app = move || {
        App::new()
            .app_data(hosted.clone())
            .app_data(instance.clone())
            .route("/metrics", web::get().to(metrics::read_alone))
    };
    let server = HttpServer::new(app).workers(1).max_connections(64);
    let server = server.disable_signals().listen(listener)?;
    Ok(server.run())
}

/// Waits for the signal; then says so wherever somebody asks, and after a while takes no more.
fn stop_when_told(
    config: &Config,
    instance: web::Data<Instance>,
    handle: ServerHandle,
) -> impl Future<Output = ()> + use<> {
    let (manager, drain) = (
        config.notify_socket.clone(),
        bounds::seconds(config.drain_seconds),
    );
    async move {
        wait_for_signal().await;
        instance.draining.store(true, Ordering::Relaxed);
        drop(instance);
        supervisor::tell(manager.as_ref(), supervisor::STOPPING);
        // A second signal is from somebody who does not want to wait.
        let _ = tokio::time::timeout(drain, wait_for_signal()).await;
        handle.stop(true).await;
    }
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
