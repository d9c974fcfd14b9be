//! Where a server keeps its data, and the program under test.

use crate::failure::{Failure, Outcome};
use crate::output;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A database and the program that serves it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The `tiercel` under test.
    pub program: PathBuf,
    /// Keys, logs, and the embedded database where there is no URL.
    pub data: PathBuf,
    pub url: Option<String>,
}

impl Place {
    /// The address of the database.
    pub fn database(&self) -> String {
        let file = self.data.join("tiercel.db");
        let embedded = || format!("sqlite://{}", file.display());
        self.url.clone().unwrap_or_else(embedded)
    }

    pub fn engine(&self) -> &'static str {
        match self.url {
            Some(_) => "PostgreSQL",
            None => "SQLite",
        }
    }

    /// A command line on this database, free of the caller's environment; on one core where told.
    pub fn command(&self, core: Option<usize>, arguments: &[&str]) -> Command {
        let mut command = on_core(core, &self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TIERCEL_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).arg("--data").arg(&self.data);
        if let Some(url) = &self.url {
            command.args(["--database-url", url]);
        }
        command
    }

    /// Runs a command that must succeed; what it prints.
    pub fn tiercel(&self, arguments: &[&str]) -> Outcome<String> {
        let output = self.command(None, arguments).output()?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::new(format!("tiercel {arguments:?}: {errors}")));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// A token of the operator for everything, for a day.
    pub fn token(&self) -> Outcome<String> {
        self.tiercel(&["token", "--scopes", "admin", "--seconds", "86400"])
    }

    /// The same program with a directory of its own.
    pub fn beside(&self, data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            url: None,
            ..self.clone()
        }
    }
}

/// A program, pinned to a core where one is named and the machine can.
pub fn on_core(core: Option<usize>, program: &Path) -> Command {
    match core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &core.to_string()]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// Cores for server and driver: one each, where there are two and `taskset` to choose them.
pub fn cores() -> Option<(usize, usize)> {
    let works = |core: usize| {
        let mut probe = on_core(Some(core), Path::new("true"));
        let status = probe.stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    (works(0) && works(1)).then_some((0, 1))
}

/// Pins this process to the driver's core; call it before there are other threads.
pub fn pin_driver() {
    if let Some((_, core)) = cores() {
        let process = std::process::id().to_string();
        let pinned = Command::new("taskset")
            .args(["-cp", &core.to_string(), &process])
            .stdout(Stdio::null())
            .status();
        if pinned.is_err() {
            output::note("the driver is not pinned");
        }
    }
}

/// The program of this build, brought up to date where cargo runs us.
pub fn built_program() -> Outcome<PathBuf> {
    let mut folder = std::env::current_exe()?;
    folder.pop();
    let program = folder.join("tiercel");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", "tiercel"]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        if !build.current_dir(root).status()?.success() {
            return Err(Failure::new("tiercel does not build"));
        }
    }
    if program.exists() {
        return Ok(program);
    }
    let shown = program.display();
    Err(Failure::new(format!(
        "{shown} is missing: build it, or name it with --tiercel"
    )))
}
