//! The real binary, serving a database of its own.

use super::api::Api;
use super::postgres;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// The program under test.
pub const TIERCEL: &str = env!("CARGO_BIN_EXE_tiercel");

/// Where a server keeps its data.
pub struct Database {
    pub directory: TempDir,
    /// Absent: the embedded database in `directory`.
    pub url: Option<String>,
}

impl Database {
    pub fn sqlite() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            url: None,
        }
    }

    pub fn postgres() -> Option<Self> {
        let url = postgres::fresh_database()?;
        Some(Self {
            directory: tempfile::tempdir().unwrap(),
            url: Some(url),
        })
    }

    pub fn data(&self) -> &Path {
        self.directory.path()
    }

    /// A command line on this database, free of the caller's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(TIERCEL);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TIERCEL_")) {
            command.env_remove(name);
        }
        command
            .env("RUST_BACKTRACE", "0")
            .args(arguments)
            .arg("--data")
            .arg(self.data());
        if let Some(url) = &self.url {
            command.args(["--database-url", url]);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed and returns what it prints.
    pub fn tiercel(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tiercel {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn token(&self, scopes: &str) -> String {
        self.tiercel(&["token", "--scopes", scopes])
    }
}

/// A running server; killed when the test ends.
pub struct Server {
    pub database: Database,
    process: Child,
    base: String,
}

impl Server {
    pub async fn start(database: Database) -> Self {
        let (process, base) = spawn(&database);
        Self {
            database,
            process,
            base,
        }
    }

    /// Where the server listens, such as `http://127.0.0.1:40000`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The API with a token for some scopes.
    pub fn with(&self, scopes: &str) -> Api {
        Api::new(&self.base, Some(self.database.token(scopes)))
    }

    /// The API with every scope.
    pub fn admin(&self) -> Api {
        self.with("admin")
    }

    pub fn without_token(&self) -> Api {
        Api::new(&self.base, None)
    }

    pub fn bearing(&self, token: &str) -> Api {
        Api::new(&self.base, Some(token.to_owned()))
    }

    /// Another server on the same database.
    pub fn another(&self) -> Instance {
        self.another_with(&[])
    }

    /// Another server on the same database, configured by these variables.
    pub fn another_with(&self, environment: &[(&str, &str)]) -> Instance {
        let mut command = self.database.command(&SERVE);
        command.envs(environment.iter().copied());
        let (process, base) = start(command);
        Instance { process, base }
    }

    /// SIGKILL, and up again on the same data.
    pub fn crash_and_restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        (self.process, self.base) = spawn(&self.database);
    }

    /// SIGTERM; returns whether the server ended well.
    pub fn stop(&mut self) -> bool {
        let pid = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.process.wait().unwrap().success()
    }
}

/// A second server on somebody else's database; killed when dropped.
pub struct Instance {
    process: Child,
    base: String,
}

impl Instance {
    /// Where the instance listens.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn bearing(&self, token: &str) -> Api {
        Api::new(&self.base, Some(token.to_owned()))
    }

    pub fn without_token(&self) -> Api {
        Api::new(&self.base, None)
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) {
        let pid = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.unwrap().success() && self.process.wait().unwrap().success());
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// On a port that the system chooses.
const SERVE: [&str; 3] = ["serve", "--bind", "127.0.0.1:0"];

pub fn spawn(database: &Database) -> (Child, String) {
    start(database.command(&SERVE))
}

fn start(mut command: Command) -> (Child, String) {
    let mut process = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let base = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let rest = line.strip_prefix("tiercel listens on ")?;
        Some(rest.split_whitespace().next()?.to_owned())
    });
    // What the server says later is shown with the failure of the test it belongs to.
    std::thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .for_each(|line| eprintln!("{line}"))
    });
    (process, base.expect("the server starts"))
}

/// A port nobody uses right now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
