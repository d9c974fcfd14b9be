//! Imports over HTTP: mappings, second files, outcomes of rows, refusals, retries, resuming.

use crate::support::importing::{import, put_mapping, start};
use crate::support::{Api, Database, Server, block_on, both, job_ended};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

const CSV: (&str, &str) = ("content-type", "text/csv");

/// Customers, and what they bought if anything.
const ORDERS: &str = r#"
[source]
system = "shop"

[defaults]
date = ["%Y-%m-%d"]

[[check]]
name = "ship_lag"
as = "date"
left = { column = "ordered" }
right = { column = "shipped" }
order = "not_after"
max_share = "0.5"

[[customer]]
external_id = { column = "customer" }
name = { column = "name" }
kind = { constant = "person" }

[[fact]]
kind = "order_line"
external_id = { row_number = true }
customer = { column = "buyer" }
occurred_on = { column = "ordered" }
status = { constant = "closed" }
sku = { column = "sku" }
quantity = { constant = "1" }
amount = { column = "amount" }
"#;

const HEADER: &str = "customer,name,buyer,ordered,shipped,sku,amount\n";

/// Customers whose names stand in a second file.
const PEOPLE: &str = r#"
[source]
system = "shop"
[lookups.names]
file = "names.csv"
key = "id"
[[customer]]
external_id = { column = "id" }
name = { lookup = { table = "names", key = { column = "id" }, column = "name" } }
"#;

async fn errors(api: &Api, job: &Value) -> String {
    let path = job["result"].as_str().unwrap();
    api.get(path).await.expect(200).text
}

fn counts(created: u64, updated: u64, unchanged: u64, rejected: u64) -> Value {
    let rows = created + updated + unchanged + rejected;
    json!({"rows": rows, "created": created, "updated": updated, "unchanged": unchanged, "rejected": rejected})
}

both!(every_row_ends_as_one_of_four, async |server: &Server| {
    let api = server.with("imports:write");
    put_mapping(&api, "orders", ORDERS).await;
    let file = |name: &str| {
        format!(
            "{HEADER}c1,{name},c1,2024-01-02,2024-01-03,,10\n\
             c1,{name},c1,2024-01-02,2024-01-03,,11\n\
             c2,=cmd(),c2,2024-01-02,2024-01-03,,ten\n\
             c3,Carla,c3,2024-01-02,2024-01-03,none,12\n\
             c4,Dora,c3,2024-01-02,2024-01-03,,13\n"
        )
    };
    let first = import(&api, "orders", file("Anna")).await;
    assert_eq!(
        (&first["state"], &first["counts"]),
        (&json!("done"), &counts(2, 0, 0, 3))
    );
    // The third cannot be read; the fourth names an unknown product; the fifth needs the fourth.
    let rejected = errors(&api, &first).await;
    let lines: Vec<&str> = rejected.lines().collect();
    assert_eq!(lines[0], format!("_row,_line,_errors,{}", HEADER.trim()));
    assert!(
        lines[1].starts_with("3,4,") && lines[1].contains("'=cmd()"),
        "{rejected}"
    );
    assert!(
        lines[2].starts_with("4,5,") && lines[2].contains("(unknown_sku)"),
        "{rejected}"
    );
    assert!(
        lines[3].starts_with("5,6,") && lines[3].contains("(unknown_customer)"),
        "{rejected}"
    );
    let again = import(&api, "orders", file("Anna")).await;
    assert_eq!(again["counts"], counts(0, 0, 2, 3));
    let renamed = import(&api, "orders", file("Anne")).await;
    assert_eq!(renamed["counts"], counts(0, 1, 1, 3));
    let corrected = rejected.replace(",ten", ",10").replace(",none,", ",,");
    let resent = import(&api, "orders", corrected).await;
    assert_eq!(resent["counts"], counts(3, 0, 0, 0));
});

both!(
    a_file_that_breaks_a_check_is_refused_whole,
    async |server: &Server| {
        let api = server.with("imports:write");
        put_mapping(&api, "orders", ORDERS).await;
        let row = |day: u32| format!("c,C,c,2024-01-05,2024-01-0{day},,1\n");
        let bad: String = [1, 2, 6].map(row).concat();
        let job = import(&api, "orders", format!("{HEADER}{bad}")).await;
        assert_eq!(job["state"], "failed");
        let why = job["error"].as_str().unwrap();
        assert!(
            why.contains("2 of 3 rows break it") && why.contains("row 1: "),
            "{why}"
        );
        assert_eq!(job["counts"]["rows"], 0);
        let good: String = [1, 6, 7].map(row).concat();
        let job = import(&api, "orders", format!("{HEADER}{good}")).await;
        assert_eq!(job["counts"], counts(2, 0, 0, 1));
    }
);

async fn kill_and_resume(mut server: Server) {
    let mut file = HEADER.to_owned();
    for row in 0..6_000 {
        let (customer, day) = (row % 900, row % 28 + 1);
        writeln!(
            file,
            "c{customer},N{customer},c{customer},2024-01-{day:02},2024-02-01,,1"
        )
        .unwrap();
    }
    let api = server.with("imports:write");
    put_mapping(&api, "orders", ORDERS).await;
    let job = start(&api, "orders", file.clone()).await;
    while api.get(&job).await.json["done"].as_i64() < Some(1_000) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.crash_and_restart();
    let api = server.with("imports:write");
    let done = job_ended(&api, &job).await;
    assert_eq!(done["state"], "done");
    assert_eq!(done["counts"], counts(6_000, 0, 0, 0));
    let again = import(&api, "orders", file).await;
    assert_eq!(again["counts"], counts(0, 0, 6_000, 0));
}

#[test]
fn a_killed_import_resumes_and_counts_once_sqlite() {
    block_on(async { kill_and_resume(Server::start(Database::sqlite()).await).await });
}

#[test]
fn a_killed_import_resumes_and_counts_once_postgres() {
    if let Some(database) = Database::postgres() {
        block_on(async { kill_and_resume(Server::start(database).await).await });
    }
}

both!(
    a_chunk_is_one_entry_and_one_evaluation_of_each_customer,
    async |server: &Server| {
        let api = server.admin();
        put_mapping(&api, "orders", ORDERS).await;
        let mut file = HEADER.to_owned();
        for row in 0..2_500 {
            let customer = row % 3;
            writeln!(
                file,
                "c{customer},N,c{customer},2026-01-02,2026-01-03,,{row}"
            )
            .unwrap();
        }
        let job = import(&api, "orders", file).await;
        assert_eq!(job["counts"], counts(2_500, 0, 0, 0));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let events = api.get("/v1/events?limit=200").await.expect(200).json;
        let events = events["items"].as_array().unwrap().iter();
        let chunks: Vec<&Value> = events.filter(|it| it["type"] == "import.chunk").collect();
        assert_eq!(chunks.len(), 3, "1,000 rows each");
        let (mut facts, mut evaluated) = (0, 0);
        for chunk in chunks {
            let changes = chunk["changes"].as_array().unwrap();
            let of = |entity: &'static str| changes.iter().filter(move |it| it["entity"] == entity);
            facts += of("fact").count();
            let customers: Vec<&Value> = of("evaluation").map(|it| &it["customer"]).collect();
            let once: std::collections::BTreeSet<_> =
                customers.iter().map(|it| it.to_string()).collect();
            assert_eq!(
                once.len(),
                customers.len(),
                "a customer is evaluated once: {customers:?}"
            );
            evaluated += customers.len();
        }
        assert!(
            facts == 2_500 && (3..=9).contains(&evaluated),
            "{facts} {evaluated}"
        );
    }
);

both!(
    second_files_are_supplied_by_name,
    async |server: &Server| {
        let api = server.with("imports:write");
        put_mapping(&api, "people", PEOPLE).await;
        let path = "/v1/imports?mapping=people";
        api.raw(Method::POST, path, "id\n1\n", &[CSV])
            .await
            .expect_problem(422, "invalid-input", &["mapping"]);
        api.raw(
            Method::PUT,
            "/v1/import-files/names",
            "id,name\n1,Anna\n",
            &[CSV],
        )
        .await
        .expect(200);
        let job = import(&api, "people", "id\n1\n2\n".to_owned()).await;
        assert_eq!(job["counts"], counts(1, 0, 0, 1));
    }
);

both!(a_retried_upload_is_one_import, async |server: &Server| {
    let api = server.with("imports:write");
    put_mapping(&api, "orders", ORDERS).await;
    let path = "/v1/imports?mapping=orders";
    let headers = [CSV, ("idempotency-key", "k1")];
    let file = format!("{HEADER}c1,Anna,c1,2024-01-02,2024-01-03,,10\n");
    let first = api
        .raw(Method::POST, path, file.clone(), &headers)
        .await
        .expect(202);
    let second = api
        .raw(Method::POST, path, file, &headers)
        .await
        .expect(202);
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(first.header("location"), second.header("location"));
    api.raw(Method::POST, path, HEADER, &headers)
        .await
        .expect_problem(422, "idempotency-key-reused", &[]);
});

both!(bad_requests_are_told_apart, async |server: &Server| {
    let api = server.with("imports:write");
    let json = [("content-type", "application/json")];
    let path = "/v1/import-mappings/m";
    api.raw(Method::PUT, path, "{\"source\":{\"sytem\":\"x\"}}", &json)
        .await
        .expect_problem(400, "unreadable", &["/source/sytem"]);
    let empty = json!({"source": {"system": ""}, "customer": [{"external_id": {}}]});
    api.put(path, empty).await.expect_problem(
        422,
        "invalid-input",
        &["/source/system", "/customer/0/external_id"],
    );
    api.put(
        "/v1/import-mappings/a%20b",
        json!({"source": {"system": "s"}}),
    )
    .await
    .expect_problem(422, "invalid-input", &["name"]);
    api.get(path).await.expect_problem(404, "not-found", &[]);
    api.raw(Method::POST, "/v1/imports?mapping=m", "a\n", &[CSV])
        .await
        .expect_problem(422, "invalid-input", &["mapping"]);
    api.raw(Method::POST, "/v1/imports", "a\n", &[CSV])
        .await
        .expect_problem(400, "unknown-parameter", &[]);
    api.raw(Method::POST, "/v1/imports?mapping=m", "a\n", &json)
        .await
        .expect_problem(415, "unsupported-media-type", &[]);
    api.get("/v1/imports/job_00000000000000000000000000/errors")
        .await
        .expect_problem(404, "not-found", &[]);
    put_mapping(&api, "orders", ORDERS).await;
    let job = import(&api, "orders", "no,such,columns\n".to_owned()).await;
    assert_eq!(job["state"], "failed");
    assert!(
        job["error"].as_str().unwrap().contains("no column `"),
        "{job}"
    );
    server
        .with("facts:write")
        .get(path)
        .await
        .expect_problem(403, "forbidden", &[]);
});

both!(a_second_file_can_be_taken_away, async |server: &Server| {
    let api = server.with("imports:write");
    put_mapping(&api, "people", PEOPLE).await;
    let second = "id,name\n1,Anna\n";
    let path = "/v1/import-files/names";
    for file in ["id,name\n1,Berta\n", second] {
        let put = api.raw(Method::PUT, path, file, &[CSV]).await.expect(200);
        let listed = api.get("/v1/import-files").await.expect(200).json;
        assert_eq!(listed["items"], json!([put.json]));
        assert_eq!(put.json["bytes"], file.len());
        assert_eq!(put.json["sha256"].as_str().map(str::len), Some(64));
    }
    // The job was queued with the file and keeps it, even where it begins later.
    let mut rows = "id\n".to_owned();
    for row in 1..2_000 {
        writeln!(rows, "{row}").unwrap();
    }
    let queued = start(&api, "people", rows).await;
    api.delete(path).await.expect(204);
    api.delete(path).await.expect_problem(404, "not-found", &[]);
    let listed = api.get("/v1/import-files").await.expect(200).json;
    assert_eq!(listed["items"], json!([]));
    let job = job_ended(&api, &queued).await;
    assert_eq!(job["counts"]["created"], 1, "{job}");
    api.raw(
        Method::POST,
        "/v1/imports?mapping=people",
        "id\n1\n",
        &[CSV],
    )
    .await
    .expect_problem(422, "invalid-input", &["mapping"]);
    let left = spooled(server).await;
    assert_eq!(left, 0, "the content went with the last job that read it");
});

/// How many pieces of files the database holds.
async fn spooled(server: &Server) -> i64 {
    use sea_orm::{ConnectionTrait, Statement};
    let database = &server.database;
    let file = format!("sqlite://{}", database.data().join("tiercel.db").display());
    let url = database.url.clone().unwrap_or(file);
    let connection = sea_orm::Database::connect(url).await.unwrap();
    let text = "SELECT COUNT(*) AS found FROM import_spool";
    let statement = Statement::from_string(connection.get_database_backend(), text);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "found").unwrap()
}
