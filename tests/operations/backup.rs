//! Copies of the embedded database: whole under load, proved before they replace anything.

use crate::support::{Api, Database, Server, Watched, block_on};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A copy of the database under load, and how many products were acknowledged before it was begun.
async fn copy_under_load(server: &Server, target: &Path) -> usize {
    let api = server.admin();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (api, stop) = (api.clone(), stop.clone());
            tokio::task::spawn(async move {
                let mut written = 0;
                while !stop.load(Ordering::Relaxed) {
                    let path = format!("/v1/products/by-sku/P-{writer}-{written}");
                    api.put(&path, json!({"name": "x"})).await.expect(201);
                    written += 1;
                }
                written
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let before = total(&api).await;
    let target = target.to_str().unwrap().to_owned();
    let mut command = server.database.command(&["backup", &target, "--json"]);
    let copied = tokio::task::spawn_blocking(move || command.output().unwrap());
    let copied = copied.await.unwrap();
    let errors = String::from_utf8_lossy(&copied.stderr);
    assert!(copied.status.success(), "{errors}");
    let report: Value = serde_json::from_slice(&copied.stdout).unwrap();
    assert!(report["bytes"].as_u64().unwrap() > 10_000, "{report}");
    stop.store(true, Ordering::Relaxed);
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    assert!(
        before > 4 && written > before,
        "writers went on: {before} of {written}"
    );
    before
}

async fn total(api: &Api) -> usize {
    let page = api.get("/v1/products?count=true&limit=1").await.expect(200);
    page.json["total"].as_u64().unwrap().try_into().unwrap()
}

/// A directory with the master key of another.
fn beside(database: &Database) -> Database {
    let other = Database::sqlite();
    fs::copy(
        database.data().join("master.key"),
        other.data().join("master.key"),
    )
    .unwrap();
    other
}

fn restore(database: &Database, file: &Path, more: &[&str]) -> std::process::Output {
    let file = file.to_str().unwrap();
    database.run(&[&["restore", file][..], more].concat())
}

fn told(output: &std::process::Output) -> String {
    let (out, errors) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(errors)
}

#[test]
fn a_copy_made_under_load_is_whole_and_serves() {
    block_on(async {
        let server = Server::start(Database::sqlite()).await;
        let copies = tempfile::tempdir().unwrap();
        let before = copy_under_load(&server, copies.path()).await;
        let files: Vec<PathBuf> = fs::read_dir(copies.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let copy = &files[0];
        assert_eq!(
            fs::metadata(copy).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let again = server.database.run(&["backup", copy.to_str().unwrap()]);
        assert_eq!(again.status.code(), Some(1), "no copy is overwritten");

        let place = beside(&server.database);
        // What a crash left of another database must not be taken for this one's.
        for name in ["tiercel.db-wal", "tiercel.db-shm"] {
            fs::write(place.data().join(name), "stale").unwrap();
        }
        let restored = restore(&place, copy, &["--verify"]);
        assert!(restored.status.success(), "{}", told(&restored));
        assert!(
            told(&restored).contains("entries holds"),
            "{}",
            told(&restored)
        );
        place.tiercel(&["audit", "verify"]);
        let live = server.admin();
        let old = server.database.token("admin");
        let serving = Watched::start(&place, &[]);
        // The same keys: whoever had a token still has it.
        let api = serving.bearing(&old);
        let kept = total(&api).await;
        assert!(
            kept >= before && kept < total(&live).await,
            "{before} {kept}"
        );
        api.put("/v1/products/by-sku/after", json!({}))
            .await
            .expect(201);
        let gone = api.get("/v1/customers/by-external/erp/none").await;
        assert!(gone.status < 500);
    });
}

#[test]
fn what_is_there_is_put_aside_and_only_when_nobody_uses_it() {
    block_on(async {
        let mut server = Server::start(Database::sqlite()).await;
        server
            .admin()
            .put("/v1/products/by-sku/one", json!({}))
            .await
            .expect(201);
        let copy = server.database.data().join("copy.db");
        server.database.tiercel(&["backup", copy.to_str().unwrap()]);
        server
            .admin()
            .put("/v1/products/by-sku/two", json!({}))
            .await
            .expect(201);

        let refused = restore(&server.database, &copy, &[]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(told(&refused).contains("--replace"), "{}", told(&refused));
        let refused = restore(&server.database, &copy, &["--replace"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(told(&refused).contains("in use"), "{}", told(&refused));
        server
            .admin()
            .put("/v1/products/by-sku/three", json!({}))
            .await
            .expect(201);
        assert_eq!(
            total(&server.admin()).await,
            3,
            "the server goes on unharmed"
        );

        assert!(server.stop());
        let done = restore(&server.database, &copy, &["--replace", "--verify"]);
        assert!(done.status.success(), "{}", told(&done));
        let names: Vec<String> = fs::read_dir(server.database.data())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let aside = names.iter().filter(|name| name.contains(".replaced-"));
        assert_eq!(aside.count(), 1, "{names:?}");
        assert!(
            !names.iter().any(|name| name.contains("draft")),
            "{names:?}"
        );
        let serving = Watched::start(&server.database, &[]);
        let api = serving.bearing(&server.database.token("admin"));
        assert_eq!(total(&api).await, 1);
    });
}

#[test]
fn a_copy_that_is_not_whole_replaces_nothing() {
    let database = Database::sqlite();
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
    let copy = database.data().join("copy.db");
    database.tiercel(&["backup", copy.to_str().unwrap()]);
    let whole = fs::read(&copy).unwrap();

    let place = beside(&database);
    let bad = place.data().join("bad.db");
    let cut = &whole[..whole.len() / 2];
    let mut torn = whole.clone();
    torn[8_192..12_288].fill(0x5a);
    for (content, what) in [
        (cut, "cut off"),
        (&torn, "torn"),
        (b"nothing", "text"),
        (b"", "empty"),
    ] {
        fs::write(&bad, content).unwrap();
        let refused = restore(&place, &bad, &[]);
        assert_eq!(refused.status.code(), Some(1), "{what}: {}", told(&refused));
        assert!(!place.data().join("tiercel.db").exists(), "{what}");
    }
    // Whole as a file, but not as it was written: only the journal tells.
    block_on(async {
        fs::write(&bad, &whole).unwrap();
        let url = format!("sqlite://{}", bad.display());
        let connection = sea_orm::Database::connect(url).await.unwrap();
        for sql in [
            "DROP TRIGGER journal_is_append_only",
            "UPDATE journal SET principal = 'somebody' WHERE position = 1",
        ] {
            sea_orm::ConnectionTrait::execute_unprepared(&connection, sql)
                .await
                .unwrap();
        }
        connection.close().await.unwrap();
    });
    let refused = restore(&place, &bad, &["--verify"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told(&refused).contains("journal"), "{}", told(&refused));
    // Under another master key nothing of it could be used.
    fs::write(place.data().join("master.key"), "ab".repeat(32)).unwrap();
    let refused = restore(&place, &copy, &["--verify"]);
    assert!(
        told(&refused).contains("master key opens none"),
        "{}",
        told(&refused)
    );
    let left = fs::read_dir(place.data()).unwrap();
    assert_eq!(left.count(), 2, "the key and the bad copy");

    if let Some(postgres) = Database::postgres() {
        let told_how = postgres.run(&["backup", bad.to_str().unwrap()]);
        assert_eq!(told_how.status.code(), Some(2));
        assert!(told(&told_how).contains("pg_dump"), "{}", told(&told_how));
    }
}
