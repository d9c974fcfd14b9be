//! The command line: what can be asked of `tiercel`.

use crate::commands::evaluate::EvaluateArgs;
use crate::commands::import::ImportArgs;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// The headless CRM that decides how to treat every customer.
#[derive(Debug, Parser)]
#[command(name = "tiercel", version, propagate_version = true)]
pub struct Cli {
    /// Configuration file (TOML); also TIERCEL_CONFIG.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub place: Place,
    #[command(subcommand)]
    pub command: Command,
}

/// Which database; overrides the configuration.
#[derive(Debug, Args)]
pub struct Place {
    /// `postgres://…` or `sqlite://…` [env: TIERCEL_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Directory of the embedded database and the keys [env: TIERCEL_DATA]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer over HTTP until told to stop
    Serve {
        /// Address and port [env: TIERCEL_BIND] [default: 127.0.0.1:8080]
        #[arg(long)]
        bind: Option<String>,
    },
    /// Serve a generated company, with look-ups ready to paste
    Demo {
        /// Address and port [env: TIERCEL_BIND] [default: 127.0.0.1:8080]
        #[arg(long)]
        bind: Option<String>,
        /// How many customers to generate
        #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        customers: u32,
    },
    /// Bring the schema up to this version
    Migrate {
        /// Print the SQL instead of running it
        #[arg(long)]
        dry_run: bool,
    },
    /// Import a file into the database
    Import(ImportArgs),
    /// Evaluate every customer
    Evaluate(EvaluateArgs),
    /// Programs that may call the API
    Client {
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// The keys that sign tokens
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Print a bearer token for this database
    Token {
        /// Scopes, separated by commas
        #[arg(long)]
        scopes: String,
        /// How long the token lives
        #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(i64).range(1..=86_400))]
        seconds: i64,
    },
    /// Copy the embedded database while it is in use
    Backup {
        /// A new file, or a directory for a file named after the moment
        target: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Put a copy in place, once it is proved to be whole
    Restore {
        /// What `backup` wrote
        source: PathBuf,
        /// Put the database that is there aside
        #[arg(long)]
        replace: bool,
        /// Also walk the whole journal, under the master key
        #[arg(long)]
        verify: bool,
    },
    /// Look whether everything is as a server needs it
    Doctor {
        #[arg(long)]
        json: bool,
        /// Fail on warnings too
        #[arg(long)]
        strict: bool,
    },
    /// Print completions for a shell
    Completions { shell: Shell },
    /// Print the OpenAPI document
    Openapi,
    /// Check the journal
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// The effective configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Make the first credential, once per database
    Bootstrap {
        #[arg(long)]
        json: bool,
    },
    /// Make a client
    Create {
        #[arg(long)]
        name: String,
        /// Scopes, separated by commas
        #[arg(long)]
        scopes: String,
        #[arg(long)]
        json: bool,
    },
    /// List the clients
    List {
        #[arg(long)]
        json: bool,
    },
    /// Give a client a new secret, by id or name
    Rotate {
        client: String,
        /// How long the former secret stays valid
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(0..=2_160))]
        overlap_hours: i64,
        #[arg(long)]
        json: bool,
    },
    /// End a client, by id or name
    Revoke { client: String },
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the published keys, the newest first
    List {
        #[arg(long)]
        json: bool,
    },
    /// Make a new key: published now, signing in ten minutes; the former one stays until its tokens end
    Rotate {
        /// Sign with the new key at once
        #[arg(long)]
        now: bool,
        /// Also refuse all tokens signed before
        #[arg(long)]
        compromised: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Find every edited, removed, reordered or truncated entry
    Verify {
        /// A head exported earlier with `audit head`
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Print the sealed end of the chain, to be kept elsewhere
    Head,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check it as `serve` does and print it with secrets hidden
    Print {
        #[arg(long)]
        json: bool,
    },
}
