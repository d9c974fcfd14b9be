//! Under a service manager: the unit file starts the real binary, which says when it is ready; and
//! what shells complete.

use crate::support::server::TIERCEL;
use crate::support::{Database, Watched, block_on, data};
use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

const UNIT: &str = "examples/operators/tiercel.service";

fn unit() -> String {
    std::fs::read_to_string(data::root().join(UNIT)).unwrap()
}

/// The settings of `[Service]`.
fn settings(text: &str) -> BTreeMap<&str, &str> {
    let (_, rest) = text.split_once("[Service]\n").unwrap();
    let section = rest.split("\n[").next().unwrap();
    let lines = section
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let pairs: Vec<(&str, &str)> = lines.map(|line| line.split_once('=').unwrap()).collect();
    let settings: BTreeMap<&str, &str> = pairs.iter().copied().collect();
    assert_eq!(settings.len(), pairs.len(), "a setting stands there twice");
    settings
}

#[test]
fn the_unit_starts_a_server_that_says_when_it_is_ready() {
    let text = unit();
    let settings = settings(&text);
    assert_eq!(settings["Type"], "notify");
    let line = settings["ExecStart"];
    let mut words = line.split(' ');
    assert_eq!(words.next(), Some("/usr/local/bin/tiercel"));
    let database = Database::sqlite();
    let home = database.data().to_str().unwrap().to_owned();
    std::fs::write(
        database.data().join("tiercel.toml"),
        "bind = \"127.0.0.1:0\"\ndrain_seconds = 1\n",
    )
    .unwrap();
    let (name, directory) = settings["Environment"].split_once('=').unwrap();
    assert_eq!((name, directory), ("TIERCEL_DATA", "/var/lib/tiercel"));
    assert_eq!(
        directory,
        format!("/var/lib/{}", settings["StateDirectory"])
    );

    let socket = database.data().join("notify.sock");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let hear = || {
        let mut bytes = [0; 64];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let mut command = Command::new(TIERCEL);
    command
        .env_clear()
        .args(words.map(|word| word.replace("/etc/tiercel.toml", &format!("{home}/tiercel.toml"))))
        .env(name, &home)
        .env("NOTIFY_SOCKET", &socket);
    block_on(async {
        let mut service = Watched::of(command);
        assert_eq!(hear(), "READY=1");
        let api = service.without_token();
        api.get("/readyz").await.expect(200);
        service.signal("-TERM");
        assert_eq!(hear(), "STOPPING=1");
        // While the balancer notices, what comes is still answered, and its connection closed.
        assert_eq!(
            api.get("/readyz").await.expect(503).json["status"],
            "draining"
        );
        let answer = api.get("/livez").await.expect(200);
        assert_eq!(answer.header("connection"), "close");
        let patience = settings["TimeoutStopSec"].parse().unwrap();
        assert!(service.ended(Duration::from_secs(patience)).await.success());
    });
}

#[test]
fn systemd_accepts_the_unit() {
    if Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        crate::support::skipped("systemd-analyze is not installed");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("tiercel.service");
    std::fs::write(&file, unit().replace("/usr/local/bin/tiercel", TIERCEL)).unwrap();
    let verdict = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&file)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&verdict.stderr);
    assert!(
        verdict.status.success() && !errors.contains("tiercel.service"),
        "{errors}"
    );
}

#[test]
fn shells_complete_every_command() {
    let place = tempfile::tempdir().unwrap();
    for (shell, begin) in [
        ("bash", "_tiercel()"),
        ("zsh", "#compdef tiercel"),
        ("fish", ""),
    ] {
        let mut command = Command::new(TIERCEL);
        // A configuration that cannot be read must not keep a shell from starting.
        let output = command
            .args(["completions", shell])
            .env("TIERCEL_CONFIG", "/nowhere")
            .current_dir(place.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(begin), "{shell}");
        for word in [
            "serve",
            "backup",
            "restore",
            "doctor",
            "bootstrap",
            "--replace",
        ] {
            let word = word.trim_start_matches("--");
            assert!(text.contains(word), "{shell} does not know {word}");
        }
        if shell == "bash" {
            let file = place.path().join("tiercel.bash");
            std::fs::write(&file, text).unwrap();
            let script = format!(
                "source {}; COMP_WORDS=(tiercel do); COMP_CWORD=1; _tiercel tiercel do tiercel; echo \"${{COMPREPLY[*]}}\"",
                file.display()
            );
            let completed = Command::new("bash").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "doctor");
        }
    }
    let unknown = Command::new(TIERCEL)
        .args(["completions", "cmd.exe"])
        .output();
    assert_eq!(unknown.unwrap().status.code(), Some(2));
}
