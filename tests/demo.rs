//! `tiercel demo`: a company in one command, in a directory of its own and in no other.

use crate::support::server::TIERCEL;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn demo(data: &Path) -> Command {
    let mut command = Command::new(TIERCEL);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TIERCEL_")) {
        command.env_remove(name);
    }
    command
        .args([
            "demo",
            "--bind",
            "127.0.0.1:0",
            "--customers",
            "40",
            "--data",
        ])
        .arg(data);
    command
}

/// A running demo and what it printed; killed when dropped.
struct Demo {
    process: Child,
    page: Vec<String>,
}

impl Demo {
    fn start(data: &Path) -> Self {
        let mut command = demo(data);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut page = Vec::new();
        for line in lines.map_while(Result::ok) {
            page.push(line);
            if page.last().unwrap().contains("/docs") {
                break;
            }
        }
        assert!(
            page.last().is_some_and(|line| line.contains("/docs")),
            "{page:?}"
        );
        Self { process, page }
    }

    /// The three look-ups as they stand there.
    fn answers(&self) -> Vec<serde_json::Value> {
        let lines = self
            .page
            .iter()
            .filter(|line| line.trim().starts_with("curl "));
        let ask = |line: &String| {
            let call = line.replacen("curl ", "curl -sS --fail ", 1);
            let answer = Command::new("bash").args(["-c", &call]).output().unwrap();
            assert!(answer.status.success(), "{line}: {answer:?}");
            serde_json::from_slice(&answer.stdout).unwrap()
        };
        lines.map(ask).collect()
    }

    /// The lines about the tiers.
    fn tiers(&self) -> Vec<&String> {
        self.page
            .iter()
            .filter(|line| line.ends_with('%'))
            .collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_company_is_served_and_its_look_ups_answer() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("company");
    let first = Demo::start(&data);
    let answers = first.answers();
    assert_eq!(answers.len(), 3, "{:?}", first.page);
    assert_eq!(answers[0]["customer_matched"], "true");
    assert!(
        answers[1]["payment_term"]["code"].is_string(),
        "{}",
        answers[1]
    );
    assert_eq!(answers[2]["matched"], true, "{}", answers[2]);
    let tiers = first.tiers().into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(tiers.len(), 3, "{tiers:?}");
    drop(first);

    // Nothing is loaded twice, and another directory holds the same company.
    let second = Demo::start(&data);
    assert_eq!(second.tiers(), tiers.iter().collect::<Vec<_>>());
    drop(second);
    let elsewhere = Demo::start(&place.path().join("twin"));
    assert_eq!(elsewhere.tiers(), tiers.iter().collect::<Vec<_>>());
    for one in elsewhere.answers() {
        assert!(one.is_object());
    }
}

#[test]
fn a_directory_of_somebody_else_is_not_touched() {
    let place = tempfile::tempdir().unwrap();
    let letter = place.path().join("letter.txt");
    std::fs::write(&letter, "dear").unwrap();
    let refused = |output: &Output, code: i32, why: &str| {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains(why) && output.stdout.is_empty(), "{told}");
    };
    let output = demo(place.path()).output().unwrap();
    refused(&output, 1, "is not a demo directory");
    let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(std::fs::read_to_string(&letter).unwrap(), "dear");
    refused(&demo(&letter).output().unwrap(), 1, "letter.txt");

    // A database of the real business is somebody else's too.
    let business = tempfile::tempdir().unwrap();
    let migrate = ["migrate", "--data", business.path().to_str().unwrap()];
    let made = Command::new(TIERCEL).args(migrate).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let database = std::fs::read(business.path().join("tiercel.db")).unwrap();
    refused(
        &demo(business.path()).output().unwrap(),
        1,
        "is not a demo directory",
    );
    assert_eq!(
        std::fs::read(business.path().join("tiercel.db")).unwrap(),
        database
    );

    let empty = tempfile::tempdir().unwrap();
    let mut elsewhere = demo(empty.path());
    let url = ["--database-url", "sqlite://other.db"];
    refused(
        &elsewhere.args(url).output().unwrap(),
        2,
        "embedded database of its own",
    );
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}
