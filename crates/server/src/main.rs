//! The binary `tiercel`: command line, configuration, wiring.

mod access_rules;
mod background;
mod bounds;
mod cli;
mod commands;
mod company;
mod config;
mod failure;
mod files;
mod log_writer;
mod opening;
mod output;
mod supervisor;

use clap::{CommandFactory, Parser};
use cli::{AuditCommand, Cli, ClientCommand, Command, ConfigCommand, KeysCommand};
use commands::{access, audit, backup, demo, doctor, evaluate, import, keys, migrate, serve};
use config::Config;
use failure::Failure;
use log_writer::Writer;
use mimalloc::MiMalloc;
use opening::{open, open_existing};
use std::process::ExitCode;

/// An answer of many lines is thousands of small texts, and the book is millions of them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(format!("tiercel: {failure}"));
            failure.exit_code()
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    if let Command::Completions { shell } = cli.command {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "tiercel", &mut text);
        output::line(String::from_utf8_lossy(&text).trim_end());
        return Ok(());
    }
    let mut config = Config::read(cli.config.as_deref())?;
    if let Some(url) = cli.place.database_url {
        config.database_url = Some(url);
    }
    if let Some(data) = cli.place.data {
        config.data = data;
    }
    let serves = matches!(cli.command, Command::Serve { .. } | Command::Demo { .. });
    let _log = start_logging(&config, serves)?;
    config.check()?;
    obey(config, cli.command).await
}

async fn obey(mut config: Config, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve { bind } => {
            config.bind = bind.unwrap_or(config.bind);
            serve::run(&config).await
        }
        Command::Demo { bind, customers } => {
            config.bind = bind.unwrap_or(config.bind);
            if config.data == Config::default().data {
                config.data = demo::DIRECTORY.into();
            }
            demo::run(config, usize::try_from(customers).unwrap_or(usize::MAX)).await
        }
        Command::Migrate { dry_run } => migrate::run(&config, dry_run).await,
        Command::Import(args) => import::run(&config, &args).await,
        Command::Evaluate(args) => evaluate::run(&config, &args).await,
        Command::Client { command } => client(&config, command).await,
        Command::Keys { command } => keys(&config, command).await,
        Command::Token { scopes, seconds } => {
            access::parse_scopes(&scopes)?;
            access::print_token(&open(&config).await?, &scopes, seconds)
        }
        Command::Backup { target, json } => backup::write(&config, &target, json).await,
        Command::Restore {
            source,
            replace,
            verify,
        } => backup::restore(&config, &source, backup::Restoring { replace, verify }).await,
        Command::Doctor { json, strict } => doctor::run(&config, json, strict).await,
        // Printed before anything is read: it needs no configuration.
        Command::Completions { .. } => Ok(()),
        Command::Openapi => {
            output::line(format!("{:#}", tiercel_http::app::document()));
            Ok(())
        }
        Command::Audit {
            command: AuditCommand::Verify { head, json },
        } => audit::verify(&open_existing(&config).await?, head.as_deref(), json).await,
        Command::Audit {
            command: AuditCommand::Head,
        } => audit::print_head(&open_existing(&config).await?).await,
        Command::Config {
            command: ConfigCommand::Print { json },
        } => print(&config.shown(), json),
    }
}

fn print(config: &Config, json: bool) -> Result<(), Failure> {
    let text = match json {
        true => serde_json::to_string(config).map_err(|error| error.to_string()),
        false => toml::to_string(config).map_err(|error| error.to_string()),
    };
    output::line(text.map_err(Failure::new)?.trim_end());
    Ok(())
}

async fn client(config: &Config, command: ClientCommand) -> Result<(), Failure> {
    match command {
        ClientCommand::Bootstrap { json } => {
            let opened = open(config).await?;
            let (client, secret) = access::bootstrap(&opened)
                .await?
                .ok_or_else(|| Failure::new("the first credential was made before"))?;
            access::print_credential(&client, &secret, json);
            Ok(())
        }
        ClientCommand::Create { name, scopes, json } => {
            let scopes = access::parse_scopes(&scopes)?;
            let (client, secret) = access::create(&open(config).await?, &name, &scopes).await?;
            access::print_credential(&client, &secret, json);
            Ok(())
        }
        ClientCommand::List { json } => access::list(&open_existing(config).await?, json).await,
        ClientCommand::Rotate {
            client,
            overlap_hours,
            json,
        } => {
            let opened = open_existing(config).await?;
            let (client, secret) = access::rotate(&opened, &client, overlap_hours).await?;
            access::print_credential(&client, &secret, json);
            Ok(())
        }
        ClientCommand::Revoke { client } => {
            access::revoke(&open_existing(config).await?, &client).await
        }
    }
}

async fn keys(config: &Config, command: KeysCommand) -> Result<(), Failure> {
    let opened = open_existing(config).await?;
    match command {
        KeysCommand::List { json } => keys::list(&opened, json).await,
        KeysCommand::Rotate { now, compromised } => {
            let urgency = match (compromised, now) {
                (true, _) => keys::Urgency::Compromised,
                (false, true) => keys::Urgency::Now,
                (false, false) => keys::Urgency::Planned,
            };
            keys::rotate(&opened, urgency).await
        }
    }
}

/// A server logs through a thread of its own, which ends with what is returned; a command at once.
fn start_logging(config: &Config, serves: bool) -> Result<Option<Writer>, Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .map_err(|error| Failure::usage(format!("log: {error}")))?;
    let lines = tracing_subscriber::fmt().json().with_env_filter(filter);
    if serves {
        let writer = Writer::start()?;
        lines.with_writer(writer.lines()).init();
        return Ok(Some(writer));
    }
    lines.with_writer(std::io::stderr).init();
    Ok(None)
}
