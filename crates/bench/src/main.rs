//! `tiercel-bench`: what is claimed of speed and strictness, as commands.

use clap::{Args, Parser, Subcommand};
use mimalloc::MiMalloc;
use std::path::PathBuf;
use std::process::ExitCode;
use tiercel_bench::chaos::Campaign;
use tiercel_bench::{Bare, Credit, Evaluate, Import, Lookups, Outcome, Place};

/// The allocator of the server, so that the bare framework has no other.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "tiercel-bench", version)]
struct Cli {
    #[command(flatten)]
    place: Where,
    #[command(subcommand)]
    command: Command,
}

/// Which database, and which program.
#[derive(Debug, Args)]
struct Where {
    /// Directory of databases and keys, used again where it fits; a temporary one where absent
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A PostgreSQL database for this alone; the embedded database where absent
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// The `tiercel` to measure; the one of this build where absent
    #[arg(long, global = true, value_name = "FILE")]
    tiercel: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look-ups beside the bare framework; memory; start
    Lookups(Lookups),
    /// Import beside the database's own bulk load
    Import(Import),
    /// Evaluating everyone beside reading the same rows; from a fact to a decision
    Evaluate(Evaluate),
    /// Credit beside a hand-written transaction
    Credit(Credit),
    /// Crashes and races, and what must hold after them
    Chaos(Campaign),
    /// The bare framework, as `lookups` starts it
    #[command(hide = true)]
    Bare(Bare),
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tiercel_bench::note(format!("tiercel-bench: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Outcome<()> {
    let temporary = tempfile::Builder::new()
        .prefix("tiercel-bench-")
        .tempdir()?;
    let data = cli
        .place
        .data
        .unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&data)?;
    let mut place = Place {
        program: PathBuf::new(),
        data,
        url: cli.place.database_url,
    };
    if let Command::Bare(bare) = &cli.command {
        return actix_web::rt::System::new().block_on(tiercel_bench::answer_barely(&place, bare));
    }
    place.program = match cli.place.tiercel {
        Some(program) => program,
        None => tiercel_bench::built_program()?,
    };
    if matches!(cli.command, Command::Lookups(_)) {
        tiercel_bench::pin_driver();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        match &cli.command {
            Command::Lookups(args) => tiercel_bench::measure_lookups(&place, args).await,
            Command::Import(args) => tiercel_bench::measure_import(&place, args).await,
            Command::Evaluate(args) => tiercel_bench::measure_evaluation(&place, args).await,
            Command::Credit(args) => tiercel_bench::measure_credit(&place, args).await,
            Command::Chaos(campaign) => tiercel_bench::chaos::run(&place, campaign).await,
            Command::Bare(_) => Ok(()),
        }
    });
    if done.is_err() {
        // What it stumbled over.
        let _ = temporary.keep();
    }
    done
}
