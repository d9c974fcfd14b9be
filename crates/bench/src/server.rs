//! A process that serves: how it is started, signalled and looked at.

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What every server says when it answers.
const READY: &str = "listens on http://";
/// A million customers are in memory long before.
const PATIENCE: Duration = Duration::from_secs(600);
/// Clock ticks of `/proc` in a second.
const TICKS: f64 = 100.0;

/// A running server; killed when dropped.
pub struct Server {
    process: Child,
    pub address: String,
    /// From the start to the first request that can be answered.
    pub took: Duration,
}

impl Server {
    /// Serves a database, on one core where told.
    pub async fn start(place: &Place, bind: &str, core: Option<usize>) -> Outcome<Self> {
        let mut command = place.command(core, &["serve", "--bind", bind]);
        if core.is_some() {
            command.env("TIERCEL_WORKERS", "1");
        }
        Self::of(command, &place.data.join("server.log")).await
    }

    /// Runs a command until it says that it listens; what it says goes to the end of a file.
    pub async fn of(mut command: Command, log: &Path) -> Outcome<Self> {
        let out = OpenOptions::new().create(true).append(true).open(log)?;
        let mut said = File::open(log)?;
        said.seek(SeekFrom::End(0))?;
        let begun = Instant::now();
        let process = command.stdout(Stdio::null()).stderr(out).spawn()?;
        let mut server = Self {
            process,
            address: String::new(),
            took: Duration::ZERO,
        };
        let mut text = String::new();
        loop {
            said.read_to_string(&mut text)?;
            if let Some((_, rest)) = text.split_once(READY)
                && let Some((address, _)) = rest.split_once([' ', '\n'])
            {
                address.clone_into(&mut server.address);
                server.took = begun.elapsed();
                return Ok(server);
            }
            let ended = server.process.try_wait()?.is_some();
            if ended || begun.elapsed() > PATIENCE {
                return Err(Failure::new(format!("the server did not start: {text}")));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) -> Outcome<()> {
        let process = self.process.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &process])
            .status()?;
        if sent.success() {
            return Ok(());
        }
        Err(Failure::new(format!("kill -{name} {process} failed")))
    }

    /// Waits for the end.
    pub async fn ended(&mut self) -> Outcome<()> {
        while self.process.try_wait()?.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Seconds of processor time so far.
    pub fn processor_seconds(&self) -> Outcome<f64> {
        let stat = self.proc("stat")?;
        // The name in parentheses may hold blanks; user and system time follow twelve fields later.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = fields.split_whitespace().skip(11).take(2);
        Ok(ticks.filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / TICKS)
    }

    /// Resident memory in megabytes: now, or the most there ever was (`VmRSS`, `VmHWM`).
    pub fn megabytes(&self, name: &str) -> Outcome<f64> {
        let status = self.proc("status")?;
        let mut lines = status.lines();
        let kilobytes = lines.find_map(|line| {
            let rest = line.strip_prefix(name)?.strip_prefix(':')?;
            rest.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()
        });
        kilobytes
            .map(|it| it / 1024.0)
            .ok_or_else(|| Failure::new(format!("no {name}")))
    }

    fn proc(&self, name: &str) -> Outcome<String> {
        let path = format!("/proc/{}/{name}", self.process.id());
        Ok(std::fs::read_to_string(path)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
