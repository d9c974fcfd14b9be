//! Imports beside the database's own bulk load of the same rows into the same tables, with the same
//! indexes.

use crate::company::{self, Sheet};
use crate::failure::{Failure, Outcome};
use crate::ground;
use crate::output::{self, against};
use crate::place::Place;
use crate::sql::Sql;
use clap::Args;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How much to import.
#[derive(Debug, Args)]
pub struct Import {
    /// Customers, imported first
    #[arg(long, default_value_t = 20_000)]
    pub customers: u64,
    /// Order lines, in order of day: neighbours are of different customers
    #[arg(long, default_value_t = 200_000)]
    pub rows: u64,
}

/// Rows of every table.
type Counts = BTreeMap<String, i64>;

/// Imports on the command line, then loads what that has written once more by the database alone.
pub async fn run(place: &Place, args: &Import) -> Outcome<()> {
    ground::refuse_strangers(place).await?;
    let folder = tempfile::tempdir()?;
    let (folder, today) = (folder.path(), ground::today());
    output::line(format!(
        "{}, {} customers, {} order lines",
        place.engine(),
        args.customers,
        args.rows
    ));
    company::products(folder)?.import(place)?;
    let customers = company::customers(folder, args.customers, today)?;
    measure(place, "customers", &customers, "customer_profile").await?;
    let lines = company::orders(folder, args.customers, args.rows, today, false)?;
    measure(place, "order lines", &lines, "fact").await
}

async fn measure(place: &Place, name: &str, sheet: &Sheet, main: &str) -> Outcome<()> {
    let before = counts(place).await?;
    let begun = Instant::now();
    sheet.import(place)?;
    let took = begun.elapsed();
    let after = counts(place).await?;
    let grown = |table: &&String| after.get(*table) > before.get(*table);
    let grown: Vec<&str> = after.keys().filter(grown).map(String::as_str).collect();
    let loads = bulk_load(place, &grown).await?;
    let whole: Duration = loads.values().sum();
    let of_main = loads.get(main).copied().unwrap_or_default();
    let rate = |took: Duration| sheet.rows as f64 / took.as_secs_f64();
    output::line(format!(
        "{name}: {:.0} rows/s; the database alone: {:.0} rows/s into `{main}`, {:.0} into every table that grew ({})",
        rate(took),
        rate(of_main),
        rate(whole),
        grown.join(", ")
    ));
    output::line(format!(
        "  {} of bulk load into every table that grew; {:.2} of `{main}` alone",
        against(rate(took) / rate(whole), 0.25, true),
        rate(took) / rate(of_main)
    ));
    Ok(())
}

async fn counts(place: &Place) -> Outcome<Counts> {
    let mut sql = Sql::connect(place).await?;
    let mut counts = Counts::new();
    for (table, _) in sql.columns().await? {
        let internal = table.starts_with("sqlite_") || table.starts_with("bulk_");
        if !internal && !counts.contains_key(&table) {
            let count = sql.number(&format!("SELECT COUNT(*) FROM {table}")).await?;
            counts.insert(table, count);
        }
    }
    Ok(counts)
}

/// How long each table's rows take: one statement in one transaction, into an empty table.
async fn bulk_load(place: &Place, tables: &[&str]) -> Outcome<BTreeMap<String, Duration>> {
    match Sql::connect(place).await? {
        Sql::Sqlite(_) => insert_selected(place, tables).await,
        postgres @ Sql::Postgres(_) => copy(postgres, tables).await,
    }
}

/// SQLite: `INSERT … SELECT` from the imported file into a fresh one.
async fn insert_selected(place: &Place, tables: &[&str]) -> Outcome<BTreeMap<String, Duration>> {
    let folder = tempfile::tempdir()?;
    let fresh = place.beside(folder.path());
    fresh.tiercel(&["migrate"])?;
    let mut sql = Sql::connect(&fresh).await?;
    let source = place.data.join("tiercel.db");
    sql.run(format!("ATTACH '{}' AS source", source.display()))
        .await?;
    let mut loads = BTreeMap::new();
    for table in tables {
        // Rows that every fresh database has.
        let _ = sql.run(format!("DELETE FROM {table}")).await;
        let begun = Instant::now();
        sql.run(format!("INSERT INTO {table} SELECT * FROM source.{table}"))
            .await?;
        loads.insert((*table).to_owned(), begun.elapsed());
    }
    Ok(loads)
}

/// PostgreSQL: `COPY` from memory into a table made like the other.
async fn copy(sql: Sql, tables: &[&str]) -> Outcome<BTreeMap<String, Duration>> {
    let Sql::Postgres(mut one) = sql else {
        return Err(Failure::new("not PostgreSQL"));
    };
    let mut loads = BTreeMap::new();
    for table in tables {
        let text = format!("COPY {table} TO STDOUT (FORMAT binary)");
        let rows = one.copy_out_raw(&text).await?;
        let rows: Vec<_> = rows.try_collect().await?;
        let text = format!(
            "DROP TABLE IF EXISTS bulk_{table}; CREATE TABLE bulk_{table} (LIKE {table} INCLUDING ALL)"
        );
        sqlx::Executor::execute(&mut one, sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await?;
        let begun = Instant::now();
        let text = format!("COPY bulk_{table} FROM STDIN (FORMAT binary)");
        let mut into = one.copy_in_raw(&text).await?;
        for part in rows {
            into.send(part).await?;
        }
        into.finish().await?;
        loads.insert((*table).to_owned(), begun.elapsed());
        let text = format!("DROP TABLE bulk_{table}");
        sqlx::Executor::execute(&mut one, sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await?;
    }
    Ok(loads)
}
