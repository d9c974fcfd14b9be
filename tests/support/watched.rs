//! A server whose log, memory and end are watched.

use super::api::Api;
use super::server::Database;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A running server; killed when dropped.
pub struct Watched {
    process: Child,
    base: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    /// Serves a database, configured by these variables, on a port that the system chooses.
    pub fn start(database: &Database, environment: &[(&str, &str)]) -> Self {
        let mut command = database.command(&["serve", "--bind", "127.0.0.1:0"]);
        command.envs(environment.iter().copied());
        Self::of(command)
    }

    /// Runs a command that serves.
    pub fn of(mut command: Command) -> Self {
        let mut process = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut read = BufReader::new(process.stderr.take().unwrap()).lines();
        let told = read.by_ref().map_while(Result::ok).find_map(|line| {
            let rest = line.strip_prefix("tiercel listens on ")?;
            Some(rest.split_whitespace().next()?.to_owned())
        });
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in read.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self {
            process,
            base: told.expect("the server starts"),
            lines,
        }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.base.strip_prefix("http://").unwrap()
    }

    pub fn bearing(&self, token: &str) -> Api {
        Api::new(&self.base, Some(token.to_owned()))
    }

    pub fn without_token(&self) -> Api {
        Api::new(&self.base, None)
    }

    /// What was logged so far, line by line as it came.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The entries of the log. Whatever is no entry fails the test.
    pub fn entries(&self) -> Vec<Value> {
        let lines = self.lines();
        let read = |line: &String| {
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no entry: {line}"))
        };
        lines.iter().map(read).collect()
    }

    /// The first entry that fits, once it is written.
    pub async fn entry(&self, fits: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..200 {
            if let Some(found) = self.entries().into_iter().find(&fits) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not logged: {:#?}", self.lines());
    }

    /// Memory in use, in KiB.
    pub fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most memory that was in use so far, in KiB.
    pub fn peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse().unwrap()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let told = Command::new("kill").args([name, &pid]).status();
        assert!(told.unwrap().success());
    }

    /// SIGKILL: nothing is finished.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits for the end.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < within, "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
