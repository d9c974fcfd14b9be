//! `tiercel doctor`: says what is wrong, ends accordingly, and changes nothing.

use crate::support::{Database, Server, block_on, each_database};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn examined(database: &Database, more: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["doctor", "--json"][..], more].concat();
    let output = database.run(&arguments);
    let text = String::from_utf8_lossy(&output.stdout);
    let report = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code(), report)
}

/// State and detail of the findings of one check.
fn found(report: &Value, check: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let of_it = findings.filter(|finding| finding["check"] == check);
    of_it
        .map(|finding| (text(&finding["state"]), text(&finding["detail"])))
        .collect()
}

#[test]
fn a_sound_server_is_called_sound() {
    each_database(|database| {
        block_on(async {
            let server = Server::start(database).await;
            let head = server.database.tiercel(&["audit", "head"]);
            let (code, report) = examined(&server.database, &[]);
            assert_eq!(
                (code, &report["sound"]),
                (Some(0), &Value::Bool(true)),
                "{report:#}"
            );
            for check in [
                "directory",
                "disk",
                "open files",
                "database",
                "schema",
                "durability",
                "clock",
                "keys",
                "settings",
                "journal",
                "jobs",
            ] {
                assert!(!found(&report, check).is_empty(), "{check}: {report:#}");
            }
            let durability = found(&report, "durability");
            let says = |text: &str| durability.iter().any(|(_, detail)| detail == text);
            if server.database.url.is_none() {
                assert!(
                    says("journal_mode = wal") && says("synchronous = 2"),
                    "{report:#}"
                );
            } else {
                // The database of the tests is fast and not durable, and that is found.
                let off = ("warning".to_owned(), "fsync = off".to_owned());
                assert!(durability.contains(&off), "{report:#}");
            }
            assert_eq!(found(&report, "keys")[0].0, "fine");
            // The first credential was never taken away.
            assert_eq!(found(&report, "credential")[0].0, "warning");
            assert_eq!(examined(&server.database, &["--strict"]).0, Some(1));
            let text = server.database.run(&["doctor"]);
            let text = String::from_utf8(text.stdout).unwrap();
            assert!(text.contains("fine     schema"), "{text}");
            assert_eq!(
                server.database.tiercel(&["audit", "head"]),
                head,
                "nothing was written"
            );
        });
    });
}

#[test]
fn what_is_missing_is_told_and_not_made() {
    let database = Database::sqlite();
    let (code, report) = examined(&database, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(found(&report, "database")[0].0, "failed", "{report:#}");
    let left: Vec<_> = fs::read_dir(database.data()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");

    each_database(|database| {
        database.tiercel(&["migrate"]);
        block_on(async {
            let sql =
                "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 0)";
            execute(&database, sql).await;
        });
        let (code, report) = examined(&database, &[]);
        assert_eq!(code, Some(1));
        let schema = &found(&report, "schema")[0];
        assert!(
            schema.0 == "failed" && schema.1.contains("m9999_future"),
            "{report:#}"
        );
    });
    if let Some(mut away) = Database::postgres() {
        away.url = Some("postgres://tiercel@127.0.0.1:1/none".to_owned());
        let (code, report) = examined(&away, &[]);
        assert_eq!(
            (code, found(&report, "database")[0].0.as_str()),
            (Some(1), "failed")
        );
    }
}

#[test]
fn wrong_keys_modes_and_clocks_are_found() {
    each_database(|database| {
        let client = [
            "client",
            "create",
            "--name",
            "a",
            "--scopes",
            "routing:read",
        ];
        database.tiercel(&client);
        database.tiercel(&["audit", "verify"]);
        assert_eq!(examined(&database, &[]).0, Some(0));

        let key = database.data().join("master.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(database.data(), fs::Permissions::from_mode(0o755)).unwrap();
        let (code, report) = examined(&database, &[]);
        assert_eq!(code, Some(0));
        assert_eq!(found(&report, "keys")[0].0, "warning", "{report:#}");
        assert_eq!(found(&report, "directory")[0].0, "warning", "{report:#}");

        let other = database
            .command(&["doctor", "--json"])
            .env("TIERCEL_MASTER_KEY", "ab".repeat(32))
            .env("TIERCEL_ZONE", "Asia/Tokyo")
            .output()
            .unwrap();
        assert_eq!(other.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&other.stdout).unwrap();
        let keys = &found(&report, "keys")[0];
        assert!(
            keys.0 == "failed" && keys.1.contains("opens 0 of"),
            "{report:#}"
        );
        assert_eq!(found(&report, "settings")[0].0, "warning", "{report:#}");

        fs::remove_file(&key).unwrap();
        let (code, report) = examined(&database, &[]);
        assert_eq!(
            (code, found(&report, "keys")[0].0.as_str()),
            (Some(1), "failed")
        );
        assert!(!key.exists(), "none is made");
    });
}

async fn execute(database: &Database, sql: &str) {
    let file = format!("sqlite://{}", database.data().join("tiercel.db").display());
    let url = database.url.clone().unwrap_or(file);
    let connection = sea_orm::Database::connect(url).await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&connection, sql)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
