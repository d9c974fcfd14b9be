//! Makes a large database of a small one: every customer again and again, under other names.
//!
//! A copy's ids differ in the first 48 bits only, the instant of a UUIDv7, so the rows of a copy lie
//! together as those of one day would. Rows keep the writes that made their originals, so that
//! they are known at a position of the journal.

use crate::failure::Outcome;
use crate::output;
use crate::sql::Sql;
use std::collections::BTreeMap;

/// Ids that every copy has of its own.
const OWN: [&str; 8] = [
    "customer_id",
    "fact_id",
    "evaluation_id",
    "contact_id",
    "account_id",
    "authorization_id",
    "hold_id",
    "override_id",
];
/// What belongs to a customer although its table does not say so.
const BY_ACCOUNT: [&str; 2] = ["credit_limit_change", "credit_entry"];
/// Copies of one transaction.
const TOGETHER: u64 = 20;

/// Adds `copies` of the `originals` customers that are there.
pub async fn multiply(sql: &mut Sql, originals: u64, copies: u64) -> Outcome<()> {
    let tables = tables(sql).await?;
    if sql.is_postgres() {
        sql.run("SET synchronous_commit = off").await?;
    } else {
        sql.run(
            "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA cache_size = -1048576",
        )
        .await?;
    }
    for table in tables.keys() {
        let text = format!("CREATE TEMPORARY TABLE seed_{table} AS SELECT * FROM {table}");
        sql.run(text).await?;
    }
    for first in (1..=copies).step_by(TOGETHER as usize) {
        sql.run("BEGIN").await?;
        for copy in first..=copies.min(first + TOGETHER - 1) {
            for (table, columns) in &tables {
                sql.run(copying(sql, table, columns, originals, copy))
                    .await?;
            }
        }
        sql.run("COMMIT").await?;
        if first % 100 == 1 {
            output::note(format!("{} customers", (first + 1) * originals));
        }
    }
    if sql.is_postgres() {
        return sql.run("VACUUM ANALYZE").await;
    }
    sql.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        .await
}

/// The tables of customers with their columns.
async fn tables(sql: &mut Sql) -> Outcome<BTreeMap<String, Vec<String>>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in sql.columns().await? {
        tables.entry(table).or_default().push(column);
    }
    tables.retain(|table, columns| {
        BY_ACCOUNT.contains(&table.as_str()) || columns.iter().any(|it| it == "customer_id")
    });
    Ok(tables)
}

fn copying(sql: &Sql, table: &str, columns: &[String], originals: u64, copy: u64) -> String {
    let values = columns.iter();
    let values = values.map(|column| value(sql, table, column, originals, copy));
    let (columns, values) = (columns.join(", "), values.collect::<Vec<_>>().join(", "));
    format!("INSERT INTO {table} ({columns}) SELECT {values} FROM seed_{table}")
}

/// What a column of a copy holds.
fn value(sql: &Sql, table: &str, column: &str, originals: u64, copy: u64) -> String {
    let by = copy * originals;
    // Numbers within names are those of `company.rs`.
    let renumbered = |prefix: &str, digits: usize, from: usize| match sql.is_postgres() {
        true => format!(
            "'{prefix}' || lpad(CAST(CAST(substr({column}, {from}) AS bigint) + {by} AS text), {digits}, '0')"
        ),
        false => format!(
            "'{prefix}' || printf('%0{digits}d', CAST(substr({column}, {from}) AS INTEGER) + {by})"
        ),
    };
    match (table, column) {
        ("external_id", "value") => renumbered("C-", 7, 3),
        ("phone", "e164" | "raw") => renumbered("+49151", 8, 7),
        ("phone", "match_key") => renumbered("49151", 8, 6),
        ("fact", "external_id") => format!("'{copy}~' || external_id"),
        (_, id) if OWN.contains(&id) => {
            let instant = 0x0190_0000_0000 + copy;
            match sql.is_postgres() {
                true => format!(
                    "CAST('{instant:012x}' || substr({}, 13) AS uuid)",
                    sql.hex(id)
                ),
                false => format!("unhex('{instant:012x}' || substr(hex({id}), 13))"),
            }
        }
        _ => column.to_owned(),
    }
}
