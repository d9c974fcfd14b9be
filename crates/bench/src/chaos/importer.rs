//! Somebody who imports a file in every cycle and waits for the end of its job.

use super::scene::{BUYERS, Scene};
use crate::failure::{Failure, Outcome};
use std::fmt::Write;
use std::time::{Duration, Instant};

pub const MAPPING: &str = r#"
[source]
system = "chaos"
[defaults]
date = ["%Y-%m-%d"]
[[fact]]
kind = "contact"
external_id = { column = "id" }
customer = { column = "customer" }
occurred_on = { column = "day" }
status = { constant = "closed" }
"#;

/// One row in so many has a day that is none.
const WRONG: u64 = 25;
/// One row in so many says the row before once more.
const REPEATED: u64 = 40;
/// A killed instance's job waits for its lease to end.
const PATIENCE: Duration = Duration::from_secs(180);

/// A file, and what must become of its rows.
struct File {
    text: String,
    rows: i64,
    created: i64,
    unchanged: i64,
    rejected: i64,
}

pub async fn import(scene: &Scene, cycle: u64) -> Outcome<()> {
    let mut client = scene.client(cycle, 3);
    let file = file(cycle, scene.campaign.rows);
    let key = format!("chaos-import-{cycle}");
    let headers = [("Idempotency-Key", key.as_str())];
    let body = Some(("text/csv", file.text.as_str()));
    let queued = client.insist("POST", "/v1/imports?mapping=chaos", &headers, body);
    let queued = queued.await?.expect(&[202], "import")?;
    let location = queued.location.ok_or_else(|| Failure::new("no Location"))?;
    let begun = Instant::now();
    let job = loop {
        let job = client.get(&location).await?.expect(&[200], "job")?.json();
        if job["state"] == "done" || job["state"] == "failed" {
            break job;
        }
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new(format!("the import does not end: {job}")));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let counted = |name: &str| job["counts"][name].as_i64();
    let expected = [
        ("rows", file.rows),
        ("created", file.created),
        ("updated", 0),
        ("unchanged", file.unchanged),
        ("rejected", file.rejected),
    ];
    let right = expected
        .iter()
        .all(|(name, count)| counted(name) == Some(*count));
    if job["state"] != "done" || !right {
        return Err(Failure::new(format!("{expected:?} expected: {job}")));
    }
    let mut told = scene.told.borrow_mut();
    told.imported += file.created.unsigned_abs();
    told.keys.push(key);
    Ok(())
}

fn file(cycle: u64, rows: u64) -> File {
    let mut file = File {
        text: "id,customer,day\n".to_owned(),
        rows: 0,
        created: 0,
        unchanged: 0,
        rejected: 0,
    };
    for row in 0..rows {
        let customer = BUYERS[row as usize % BUYERS.len()];
        let (month, day) = (row % 10 + 1, row % 28 + 1);
        file.rows += 1;
        if row % WRONG == 7 {
            file.rejected += 1;
            let _ = writeln!(file.text, "w-{cycle}-{row},{customer},2026-13-{day:02}");
            continue;
        }
        file.created += 1;
        let line = format!("r-{cycle}-{row},{customer},2026-{month:02}-{day:02}\n");
        file.text.push_str(&line);
        if row % REPEATED == 11 {
            file.rows += 1;
            file.unchanged += 1;
            file.text.push_str(&line);
        }
    }
    file
}
