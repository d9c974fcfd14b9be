//! The command line: exit codes, streams, first starts, and a journal that shows tampering.

use crate::support::importing::SHOP_ORDERS;
use crate::support::{Database, Server, block_on, each_database};
use sea_orm::ConnectionTrait;

#[test]
fn calls_that_are_wrong_end_with_2_and_say_why_on_stderr() {
    let database = Database::sqlite();
    database.tiercel(&["migrate"]);
    for call in [
        &["token", "--scopes", "all"][..],
        &["nonsense"],
        &["audit", "verify", "--head", "absent.json"],
    ] {
        let output = database.run(call);
        assert_eq!(output.status.code(), Some(2), "{call:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{call:?}"
        );
    }
    let unknown_key = database
        .command(&["config", "print"])
        .env("TIERCEL_BNID", "x")
        .output()
        .unwrap();
    assert_eq!(unknown_key.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown_key.stderr).contains("bnid"));
    assert!(database.tiercel(&["--version"]).starts_with("tiercel "));
}

#[test]
fn config_print_hides_secrets() {
    let database = Database::sqlite();
    let output = database
        .command(&[
            "config",
            "print",
            "--database-url",
            "postgres://ann:canary@db/x",
        ])
        .env("TIERCEL_MASTER_KEY", "cafe".repeat(16))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    assert!(
        text.contains("ann:***@db") && !text.contains("canary"),
        "{text}"
    );
    assert!(
        text.contains("master_key = \"***\"") && !text.contains("cafe"),
        "{text}"
    );
    let json = database.tiercel(&["config", "print", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["zone"], &json["master_key"]),
        (&"UTC".into(), &serde_json::Value::Null)
    );
}

#[test]
fn config_print_refuses_what_serve_would() {
    let database = Database::sqlite();
    for (name, value) in [
        ("DEFAULT_REGION", "XX"),
        ("DEFAULT_REGION", "de"),
        ("ZONE", "Mars/Olympus"),
        ("BASE_CURRENCY", "XAU"),
        ("MASTER_KEY", "cafe"),
        ("WORKERS", "0"),
        ("BIND", "localhost"),
        ("LOG", "tiercel=loud"),
    ] {
        for call in [&["config", "print"][..], &["serve"]] {
            let mut command = database.command(call);
            let output = command
                .env(format!("TIERCEL_{name}"), value)
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{name} {call:?}: {told}");
            assert!(
                told.contains(&format!("{}: ", name.to_lowercase())),
                "{told}"
            );
        }
    }
}

#[test]
fn ten_instances_on_an_empty_database_migrate_once() {
    each_database(|database| {
        let starting: Vec<_> = (0..10)
            .map(|_| {
                database
                    .command(&["migrate"])
                    .stderr(std::process::Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in starting {
            let output = child.wait_with_output().unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        assert!(database.tiercel(&["migrate", "--dry-run"]).is_empty());
    });
}

#[test]
fn a_dry_run_prints_the_sql_and_changes_nothing() {
    each_database(|database| {
        let sql = database.tiercel(&["migrate", "--dry-run"]);
        assert!(
            sql.contains("CREATE TABLE journal") && !sql.contains('{'),
            "{sql}"
        );
        assert_eq!(database.tiercel(&["migrate", "--dry-run"]), sql);
    });
}

#[test]
fn a_newer_schema_is_refused() {
    each_database(|database| {
        database.tiercel(&["migrate"]);
        execute(
            &database,
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 0)",
        );
        let output = database.run(&["migrate"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("m9999_future"));
    });
}

#[test]
fn a_tampered_journal_is_found() {
    each_database(|database| {
        for name in ["a", "b", "c", "d"] {
            database.tiercel(&[
                "client",
                "create",
                "--name",
                name,
                "--scopes",
                "routing:read",
            ]);
        }
        let head = database.data().join("head.json");
        std::fs::write(&head, database.tiercel(&["audit", "head"])).unwrap();
        database.tiercel(&["audit", "verify", "--head", head.to_str().unwrap()]);
        execute(&database, drop_guards(&database));
        for (tamper, mend) in [
            (
                "UPDATE journal SET principal = principal || 'x' WHERE position = 2",
                "UPDATE journal SET principal = SUBSTR(principal, 1, LENGTH(principal) - 1) WHERE position = 2",
            ),
            (
                "UPDATE journal SET position = 99 WHERE position = 3",
                "UPDATE journal SET position = 3 WHERE position = 99",
            ),
        ] {
            execute(&database, tamper);
            assert_eq!(
                database.run(&["audit", "verify"]).status.code(),
                Some(1),
                "{tamper}"
            );
            execute(&database, mend);
            database.tiercel(&["audit", "verify"]);
        }
        // Cut off the end and mend the head as well as one without the key can: the seal tells.
        execute(
            &database,
            "DELETE FROM journal WHERE position = (SELECT MAX(position) FROM journal)",
        );
        assert_eq!(database.run(&["audit", "verify"]).status.code(), Some(1));
        execute(
            &database,
            "UPDATE journal_head SET position = position - 1, chain_hash = (SELECT chain_hash FROM journal WHERE position = (SELECT MAX(position) FROM journal))",
        );
        assert_eq!(database.run(&["audit", "verify"]).status.code(), Some(1));
        let with_head = database.run(&["audit", "verify", "--head", head.to_str().unwrap()]);
        assert!(
            String::from_utf8_lossy(&with_head.stderr).contains("ends before the exported head")
        );
    });
}

#[test]
fn a_server_that_is_told_to_stop_ends_well() {
    each_database(|database| {
        block_on(async {
            let mut server = Server::start(database).await;
            server.without_token().get("/readyz").await.expect(200);
            assert!(server.stop());
        });
    });
}

fn drop_guards(database: &Database) -> &'static str {
    match database.url {
        None => "DROP TRIGGER journal_is_append_only; DROP TRIGGER journal_keeps_everything",
        Some(_) => {
            "DROP TRIGGER journal_is_append_only ON journal; DROP TRIGGER journal_keeps_everything ON journal"
        }
    }
}

/// Does what an administrator of the database could do behind our back.
fn execute(database: &Database, sql: &str) {
    block_on(async {
        let file = format!("sqlite://{}", database.data().join("tiercel.db").display());
        let url = database.url.clone().unwrap_or(file);
        let connection = sea_orm::Database::connect(url).await.unwrap();
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_mistyped_directory_is_no_database() {
    let database = Database::sqlite();
    let absent = database.data().join("absent");
    for call in [&["audit", "verify"][..], &["client", "list"]] {
        let output = std::process::Command::new(crate::support::server::TIERCEL)
            .args(call)
            .args(["--data", absent.to_str().unwrap()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{call:?}");
    }
    database.tiercel(&["migrate", "--dry-run"]);
    let left: Vec<_> = std::fs::read_dir(database.data()).unwrap().collect();
    assert!(!absent.exists() && left.is_empty(), "{left:?}");
}

#[test]
fn a_trial_makes_no_database() {
    let (database, files) = (Database::sqlite(), tempfile::tempdir().unwrap());
    let (map, file) = (files.path().join("m.toml"), files.path().join("f.csv"));
    std::fs::write(&map, SHOP_ORDERS).unwrap();
    let rows = "customer,ordered,amount\nC-1,2026-01-02,1.00\nC-1,yesterday,1.00\n";
    std::fs::write(&file, rows).unwrap();
    let (map, file) = (map.to_str().unwrap(), file.to_str().unwrap());
    let call = ["import", file, "--map", map, "--json"];
    let tried = database.tiercel(&[&call[..], &["--dry-run"]].concat());
    let tried: serde_json::Value = serde_json::from_str(&tried).unwrap();
    assert_eq!((&tried["rows"], &tried["accepted"]), (&2.into(), &1.into()));
    let made = std::fs::read_dir(database.data()).unwrap().count();
    assert_eq!(made, 0, "nothing is made");
    // The same call without the trial makes one.
    let done: serde_json::Value = serde_json::from_str(&database.tiercel(&call)).unwrap();
    assert_eq!(
        (&done["created"], &done["rejected"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn data_is_json_where_it_is_asked_for_and_failures_end_with_1() {
    each_database(|database| {
        for call in [
            &["client", "bootstrap"][..],
            &["client", "create", "--name", "erp", "--scopes", "admin"],
            &["client", "list"],
            &["evaluate", "--as-of", "2026-03-01"],
            &["audit", "verify"],
            &["config", "print"],
        ] {
            let told = database.tiercel(&[call, &["--json"]].concat());
            let lines: Vec<serde_json::Value> = told
                .lines()
                .map(|line| {
                    serde_json::from_str(line).unwrap_or_else(|_| panic!("{call:?}: {line}"))
                })
                .collect();
            assert!(lines.iter().all(serde_json::Value::is_object), "{told}");
            assert!(!lines.is_empty(), "{call:?}");
        }
        database.tiercel(&["client", "revoke", "erp"]);
        for call in [
            &["client", "bootstrap", "--json"][..],
            &["client", "revoke", "nobody"],
            &["import", "absent.csv", "--map", "absent.toml", "--json"],
        ] {
            let output = database.run(call);
            let code = if call[0] == "import" { 2 } else { 1 };
            assert_eq!(output.status.code(), Some(code), "{call:?}");
            assert!(output.stdout.is_empty(), "{call:?}");
            assert!(!output.stderr.is_empty(), "{call:?}");
        }
    });
}
