//! A throw-away PostgreSQL cluster, started once for the whole run, also as root.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

struct Cluster {
    bin: PathBuf,
    port: u16,
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The URL of a fresh, empty database; `None` where no server binaries are installed.
pub fn fresh_database() -> Option<String> {
    let cluster = CLUSTER.get_or_init(start).as_ref()?;
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    assert!(
        cluster
            .sql("postgres", &format!("CREATE DATABASE {name}"))
            .is_some()
    );
    Some(format!(
        "postgres://tiercel@127.0.0.1:{}/{name}",
        cluster.port
    ))
}

impl Cluster {
    fn sql(&self, database: &str, sql: &str) -> Option<String> {
        let port = self.port.to_string();
        let call = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            "tiercel",
            "-d",
            database,
            "-Atqc",
            sql,
        ];
        let output = Command::new(self.bin.join("psql"))
            .args(call)
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

fn start() -> Option<Cluster> {
    let Some(bin) = find_binaries() else {
        super::skipped("PostgreSQL: no server binaries (initdb, postgres, psql) are installed");
        return None;
    };
    let home = tempfile::Builder::new()
        .prefix("tiercel-pg-")
        .tempdir()
        .unwrap()
        .keep();
    let unprivileged = unprivileged_user(&home);
    let data = home.join("data");
    let init = [
        "--username=tiercel",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
        "-D",
    ];
    let made = as_user(unprivileged, &bin.join("initdb"))
        .args(init)
        .arg(&data)
        .current_dir(&home)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let port = super::server::free_port();
    run_until_we_end(unprivileged, bin.join("postgres"), &data, port);
    let cluster = Cluster { bin, port };
    for _ in 0..300 {
        if cluster.sql("postgres", "SELECT 1").is_some() {
            return Some(cluster);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the throw-away PostgreSQL did not start");
}

/// Starts the server from a thread that lives as long as the tests, because the kernel is asked to
/// end it when its parent thread ends.
fn run_until_we_end(user: Option<u32>, postgres: PathBuf, data: &Path, port: u16) {
    let data = data.to_owned();
    std::thread::spawn(move || {
        let mut server = as_user(user, &postgres)
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k", ""])
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "max_connections=400",
            ])
            .args(["-c", "fsync=off", "-c", "shared_buffers=64MB"])
            .current_dir(data.parent().unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let _ = server.wait();
    });
}

/// `initdb` and `postgres` refuse to run as root: then some other user owns the directory.
fn unprivileged_user(home: &Path) -> Option<u32> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return None;
    }
    let nobody = 65534;
    chown(home, Some(nobody), Some(nobody)).unwrap();
    Some(nobody)
}

fn as_user(user: Option<u32>, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if let Some(user) = user {
        command.args([
            &format!("--reuid={user}"),
            &format!("--regid={user}"),
            "--clear-groups",
        ]);
    }
    command.arg(program);
    command
}

fn find_binaries() -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        places.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    places.into_iter().find(|place| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|name| place.join(name).exists())
    })
}
