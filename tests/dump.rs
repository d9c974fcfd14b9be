//! The same scenario leaves the same data on both databases.

use crate::support::{Database, Server, block_on, job_ended};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use std::collections::BTreeMap;

/// Keys, leases and bookkeeping of the process itself: random, or nobody's data.
const NOT_DATA: [&str; 6] = [
    "key_material",
    "customer_key",
    "journal_head",
    "seaql_migrations",
    "schema_lock",
    "sqlite_sequence",
];

#[test]
fn a_dump_is_equal_on_both_engines() {
    let Some(postgres) = Database::postgres() else {
        return;
    };
    let one = block_on(scenario(Database::sqlite()));
    let other = block_on(scenario(postgres));
    for (table, rows) in &one {
        assert_eq!(rows, &other[table], "{table}");
    }
    assert_eq!(one.len(), other.len());
    assert!(one["fact"].len() > 3 && !one["evaluation"].is_empty() && !one["open_item"].is_empty());
}

async fn scenario(database: Database) -> BTreeMap<String, Vec<String>> {
    let server = Server::start(database).await;
    let api = server.admin();
    api.post(
        "/v1/exchange-rates",
        json!({"currency": "USD", "valid_from": "2026-01-01", "rate": "0.91234567"}),
    )
    .await
    .expect(201);
    let product = json!({"name": "Servo ÄÖÜ", "category": "drives/servo", "list_price": "99.123456", "currency": "EUR"});
    api.put("/v1/products/by-sku/BT023", product)
        .await
        .expect(201);
    for (id, name) in [
        ("C-1", "Zoë & Söhne"),
        ("C-2", "apple"),
        ("c-3", "Banana 株式会社"),
    ] {
        let body = json!({"kind": "organisation", "name": name, "attributes": {"listed": true, "annual_profit": "12345678901234.5678"}});
        api.put(&format!("/v1/customers/by-external/erp/{id}"), body)
            .await
            .expect(201);
    }
    let facts = json!({"facts": [
        fact("l1", "C-1", "order_line", json!({"amount": "1234.5678", "currency": "USD", "quantity": "3", "cost": "0.3"})),
        fact("i1", "C-1", "invoice", json!({"amount": "100.10", "currency": "EUR", "due_on": "2026-02-01"})),
        fact("p1", "C-1", "payment", json!({"amount": "40.0001", "currency": "EUR"})),
        fact("r1", "c-3", "staff_rating", json!({"rating": "4.5", "author": "s1"})),
    ]});
    api.post("/v1/facts/batch", facts).await.expect(200);
    let corrected = json!({"currency": "USD", "valid_from": "2026-01-01", "rate": "0.92"});
    let corrected = api.post("/v1/exchange-rates", corrected).await.expect(201);
    let job = job_ended(&api, corrected.header("revaluation-job")).await;
    assert_eq!(job["counts"]["corrected"], 1, "{job}");
    api.post(
        "/v1/facts",
        fact(
            "l1",
            "C-2",
            "order_line",
            json!({"amount": "7", "currency": "EUR"}),
        ),
    )
    .await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    of(&server).await
}

/// Every row of a server's database, by table; comparable between databases.
pub async fn of(server: &Server) -> BTreeMap<String, Vec<String>> {
    dump(&connect(&server.database).await).await
}

/// A connection to the database behind a server's back.
pub async fn connect(database: &Database) -> DatabaseConnection {
    let file = format!("sqlite://{}", database.data().join("tiercel.db").display());
    let url = database.url.clone().unwrap_or(file);
    sea_orm::Database::connect(url).await.unwrap()
}

fn fact(id: &str, customer: &str, kind: &str, more: serde_json::Value) -> serde_json::Value {
    let mut fact = json!({
        "source": "erp", "external_id": id, "kind": kind, "occurred_on": "2026-01-15", "status": "open",
        "customer": {"external": {"system": "erp", "id": customer}},
    });
    fact.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    fact
}

async fn dump(connection: &DatabaseConnection) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for table in names(connection, tables(connection)).await {
        if NOT_DATA.contains(&table.as_str()) {
            continue;
        }
        let columns = names(connection, columns(connection, &table)).await;
        let shown: Vec<String> = columns
            .iter()
            .map(|column| as_text(connection, column))
            .collect();
        let sql = format!("SELECT {} AS name FROM {table}", shown.join(" || '|' || "));
        let sql = if table == "setting" {
            format!("{sql} WHERE name <> 'bootstrapped'")
        } else {
            sql
        };
        let rows = names(connection, sql).await;
        let mut rows: Vec<String> = rows.iter().map(|row| without_identity(row)).collect();
        rows.sort();
        all.insert(table, rows);
    }
    all
}

pub fn tables(connection: &DatabaseConnection) -> String {
    match connection.get_database_backend() {
        DbBackend::Postgres => "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'".into(),
        _ => "SELECT name FROM sqlite_master WHERE type = 'table'".into(),
    }
}

fn columns(connection: &DatabaseConnection, table: &str) -> String {
    match connection.get_database_backend() {
        DbBackend::Postgres => format!(
            "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY column_name"
        ),
        _ => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY name"),
    }
}

/// A column as text: instants, ids and hashes only by whether they are there.
fn as_text(connection: &DatabaseConnection, column: &str) -> String {
    let postgres = connection.get_database_backend() == DbBackend::Postgres;
    let identity =
        column.ends_with("_id") && !matches!(column, "doc_id" | "follows_id" | "external_id");
    let hidden = identity
        || column.ends_with("_at")
        || column.ends_with("hash")
        || matches!(
            column,
            "id" | "superseded_by"
                | "published_write"
                | "retired_write"
                | "held_until"
                | "holder"
                | "sealed_for"
                | "body"
                | "bytes"
        );
    if hidden {
        return format!("CASE WHEN {column} IS NULL THEN 'null' ELSE 'some' END");
    }
    let text = if postgres {
        format!("{column}::text")
    } else {
        format!("CAST({column} AS TEXT)")
    };
    format!("'{column}=' || COALESCE({text}, 'null')")
}

/// Ids inside texts become their prefix, hashes a star; booleans are spelled alike.
fn without_identity(row: &str) -> String {
    let mut out = String::new();
    for word in row.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
    {
        let bare =
            word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let rest = &word[bare.len()..];
        let is_id = bare.len() == 30 && bare.as_bytes()[3] == b'_';
        let is_hash = bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        match bare {
            _ if is_id => out.push_str(&bare[..4]),
            _ if is_hash => out.push('*'),
            "true" => out.push('1'),
            "false" => out.push('0'),
            other => out.push_str(other),
        }
        out.push_str(rest);
    }
    out
}

pub async fn names(connection: &DatabaseConnection, sql: String) -> Vec<String> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get("", "name").unwrap())
        .collect()
}
