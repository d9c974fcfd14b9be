//! The schema, one file per step. Steps only ever get added: expand, backfill, contract.
//!
//! A step is data, not code: one SQL text with place-holders for the few things on which the
//! engines differ, so that `migrate --dry-run` can print exactly what would run.

pub use sea_orm_migration;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// One step: its name is its identity in the database.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub name: &'static str,
    sql: &'static str,
}

macro_rules! steps {
    ($($name:literal),* $(,)?) => {
        &[$(Step { name: $name, sql: include_str!(concat!("../steps/", $name, ".sql")) }),*]
    };
}

/// All steps, oldest first.
pub const STEPS: &[Step] = steps![
    "m0001_journal",
    "m0002_access",
    "m0003_customers",
    "m0004_products",
    "m0005_facts",
    "m0006_documents",
    "m0007_jobs",
    "m0008_revaluations",
    "m0009_past",
    "m0010_access",
    "m0011_credit",
    "m0012_histories",
    "m0015_lists",
    "m0016_append_only",
    "m0019_lifecycle",
    "m0020_publication",
    "m0021_tier_overrides",
    "m0022_simulations",
    "m0023_schedules",
    "m0024_context",
    "m0025_quotes",
    "m0026_erasable_reasons",
    "m0027_price_approvals",
    "m0028_contracts",
    "m0029_finance",
    "m0030_limit_proposals",
    "m0031_policy_simulations",
];

impl Step {
    /// The statements of this step for one engine, in order.
    pub fn statements(&self, backend: DbBackend) -> Vec<String> {
        let (this, other) = match backend {
            DbBackend::Postgres => ("-- only: postgres", "-- only: sqlite"),
            _ => ("-- only: sqlite", "-- only: postgres"),
        };
        self.sql
            .split("\n----\n")
            .filter(|text| !text.starts_with(other))
            .map(|text| fill_in(text.strip_prefix(this).unwrap_or(text).trim(), backend))
            .collect()
    }
}

fn fill_in(text: &str, backend: DbBackend) -> String {
    // STRICT makes SQLite refuse a float in an integer column instead of keeping it.
    let words: [(&str, &str, &str); 8] = [
        ("{uuid}", "BLOB", "uuid"),
        ("{integer}", "INTEGER", "bigint"),
        ("{text}", "TEXT", "text COLLATE \"C\""),
        ("{bytes}", "BLOB", "bytea"),
        ("{date}", "TEXT", "date"),
        ("{boolean}", "INTEGER", "boolean"),
        (" {strict}", " STRICT", ""),
        ("{true}", "1", "true"),
    ];
    let mut filled = text.replace(
        "{false}",
        if backend == DbBackend::Postgres {
            "false"
        } else {
            "0"
        },
    );
    for (place, sqlite, postgres) in words {
        filled = filled.replace(
            place,
            if backend == DbBackend::Postgres {
                postgres
            } else {
                sqlite
            },
        );
    }
    filled
}

struct Runnable(Step);

impl MigrationName for Runnable {
    fn name(&self) -> &str {
        self.0.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Runnable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in self.0.statements(manager.get_database_backend()) {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}

/// Applies the steps that are missing; run it inside one transaction, under the caller's lock.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS
            .iter()
            .map(|step| Box::new(Runnable(*step)) as Box<dyn MigrationTrait>)
            .collect()
    }
}
