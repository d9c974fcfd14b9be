//! Damaged files, through the command line and over HTTP, on both databases: what is refused, and
//! what goes in right under a rule that says how.

use crate::figures::run_import;
use crate::imports::{import, told};
use crate::support::{Api, Database, Server, block_on, both, data};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Wherever both readings are dates, this file has day and month exchanged.
const MIXED: &str = "dirty_ingest/superstore_mixed_date_formats.csv";
const CLEAN: &str = "superstore/Superstore_iso_dates.csv";
const REFUSING: &str = "superstore_mixed_dates";
const LOOKING_UP: &str = "superstore_mixed_dates_looked_up";
/// Ends its lines with a lone CR.
const CR_ONLY: &str = "dirty_ingest/ibm_customer_value_cr_line_endings.csv";
const ROWS: usize = 9_994;

/// The day of every order line as the undamaged file has it, by the number of its row.
fn true_days() -> BTreeMap<String, String> {
    let mut file = csv::Reader::from_path(data::file(CLEAN).unwrap()).unwrap();
    let header = file.headers().unwrap().clone();
    let day = header.iter().position(|name| name == "Order Date").unwrap();
    let rows = file.records().map(Result::unwrap);
    rows.map(|row| (row[0].to_owned(), row[day].to_owned()))
        .collect()
}

/// The same as it was recorded.
async fn recorded_days(api: &Api) -> BTreeMap<String, String> {
    let path = "/v1/facts?kind=order_line&source=superstore";
    let text = |fact: &Value, name: &str| fact[name].as_str().unwrap().to_owned();
    let facts = api.all(path).await;
    facts
        .iter()
        .map(|fact| (text(fact, "external_id"), text(fact, "occurred_on")))
        .collect()
}

fn compare(found: &BTreeMap<String, String>) {
    let days = true_days();
    assert_eq!((found.len(), days.len()), (ROWS, ROWS));
    let wrong = days.iter().find(|(row, day)| found.get(*row) != Some(*day));
    assert_eq!(wrong, None, "this row has another day in the clean file");
}

async fn nothing_was_written(api: &Api) {
    for list in ["facts", "customers", "products"] {
        let path = format!("/v1/{list}");
        let page = api.get(&path).await.expect(200).json;
        assert_eq!(page["items"], json!([]), "{list}");
    }
}

/// The command line: refused with the evidence, nothing written; then loaded with the days looked up.
fn mixed_dates_on_the_command_line(database: Database) {
    let Some(file) = data::file(MIXED) else {
        return;
    };
    for more in [&["--dry-run"][..], &[]] {
        let output = import(&database, REFUSING, &file, more);
        assert_eq!(output.status.code(), Some(1));
        let evidence = &told(&output)["refused"]["checks"][0];
        assert_eq!(
            (&evidence["broken"], &evidence["refuses"]),
            (&json!(1_781), &json!(true))
        );
        assert_eq!(evidence["examples"].as_array().unwrap().len(), 10);
        assert!(String::from_utf8_lossy(&output.stderr).contains("1781 of 9994 rows"));
    }
    block_on(async {
        // The server answers while the command line works on its database.
        let server = Server::start(database).await;
        nothing_was_written(&server.admin()).await;
        let loaded = told(&import(&server.database, LOOKING_UP, &file, &[]));
        let counts = (&loaded["created"], &loaded["rejected"]);
        assert_eq!(counts, (&json!(ROWS), &json!(0)));
        compare(&recorded_days(&server.admin()).await);
    });
}

#[test]
fn mixed_dates_on_the_command_line_sqlite() {
    mixed_dates_on_the_command_line(Database::sqlite());
}

#[test]
fn mixed_dates_on_the_command_line_postgres() {
    if let Some(database) = Database::postgres() {
        mixed_dates_on_the_command_line(database);
    }
}

both!(mixed_dates_over_http, async |server: &Server| {
    let api = server.admin();
    let Some(refused) = run_import(&api, REFUSING, MIXED, &[]).await else {
        return;
    };
    assert_eq!(refused["state"], "failed");
    let why = refused["error"].as_str().unwrap();
    for evidence in [
        "`shipped_after_order`",
        "1781 of 9994 rows break it",
        "row 1",
    ] {
        assert!(why.contains(evidence), "{evidence}: {why}");
    }
    nothing_was_written(&api).await;

    let second = [("clean", CLEAN)];
    let loaded = run_import(&api, LOOKING_UP, MIXED, &second).await.unwrap();
    assert_eq!(loaded["state"], "done", "{loaded}");
    let counts = (&loaded["counts"]["created"], &loaded["counts"]["rejected"]);
    assert_eq!(counts, (&json!(ROWS), &json!(0)));
    compare(&recorded_days(&api).await);
});

both!(lone_carriage_returns_end_lines, async |server: &Server| {
    let api = server.admin();
    let Some(loaded) = run_import(&api, "ibm_customer_value", CR_ONLY, &[]).await else {
        return;
    };
    let counts = (&loaded["counts"]["created"], &loaded["counts"]["rejected"]);
    assert_eq!(counts, (&json!(9_134), &json!(0)), "{loaded}");
    // The last row of the file is there, and ends where its line ends.
    let last: &Value = &api
        .get("/v1/facts?source=ibm&external_id=claims-Y167826")
        .await
        .expect(200)
        .json;
    assert_eq!(last["items"][0]["occurred_on"], "2011-02-14", "{last}");
});
