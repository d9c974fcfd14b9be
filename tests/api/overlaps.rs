//! Facts and corrections of their rates and costs at the same time: no fact keeps what was true
//! before, whoever commits first.

use super::revaluations::{all, cost, customer, fact, product, quiet, rate, record, value};
use crate::support::{Api, Database, Server, block_on, both};
use sea_orm::TransactionTrait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;

/// Facts of one sort while rates and costs move: no fact may keep what was true before.
async fn race(server: &Server, corrections: &[(String, String)]) -> BTreeMap<String, [String; 3]> {
    let api = server.admin();
    for number in 0..4 {
        customer(&api, &format!("C-{number}")).await;
    }
    rate(&api, "2026-01-01", "0.5").await;
    let costs = product(&api, "S").await;
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let api = api.clone();
        writers.spawn(async move {
            for round in 0..12 {
                let facts = (0..5).map(|number| {
                    let who = format!("C-{}", (writer + number) % 4);
                    let more = json!({"currency": "USD", "sku": "S", "quantity": "2"});
                    fact(&format!("{writer}-{round}-{number}"), &who, more)
                });
                record(&api, facts.collect()).await;
            }
        });
    }
    for (worth, unit_cost) in corrections {
        rate(&api, "2026-02-01", worth).await;
        cost(&api, &costs, "2026-02-01", unit_cost, "USD").await;
    }
    writers.join_all().await;
    quiet(&api).await;
    all(&api)
        .await
        .into_iter()
        .map(|(id, fact)| (id, value(&fact)))
        .collect()
}

both!(
    facts_recorded_meanwhile_end_like_facts_recorded_after,
    async |server: &Server| {
        let moving: Vec<(String, String)> = (1..=12)
            .map(|step| (format!("0.{}", 50 + step), format!("{step}")))
            .collect();
        let found = race(server, &moving).await;
        assert_eq!(found.len(), 240);
        // 100 × 0.62, and 2 × 12 × 0.62.
        for (id, value) in found {
            assert_eq!(value, ["62.00", "14.88", "product"], "{id}");
        }
    }
);

/// A server on PostgreSQL, and a connection that can get in its way.
async fn obstructed(database: Database) -> (Server, DatabaseConnection) {
    let connection = sea_orm::Database::connect(database.url.clone().unwrap());
    let connection = connection.await.unwrap();
    let server = Server::start(database).await;
    let api = server.admin();
    for id in ["C-1", "C-2"] {
        customer(&api, id).await;
    }
    rate(&api, "2026-01-01", "0.5").await;
    (server, connection)
}

async fn hold(connection: &DatabaseConnection, sql: &str) -> DatabaseTransaction {
    let held = connection.begin().await.unwrap();
    held.execute_unprepared(sql).await.unwrap();
    held
}

/// Waits until somebody waits for a lock.
async fn somebody_waits(held: &DatabaseTransaction) {
    let sql = "SELECT count(*) AS waiting FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..400 {
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = held.query_one_raw(statement).await.unwrap().unwrap();
        if row.try_get::<i64>("", "waiting").unwrap() > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits");
}

fn dollars(id: &str, customer: &str) -> serde_json::Value {
    fact(id, customer, json!({"currency": "USD"}))
}

fn recording(api: &Api, id: &'static str, customer: &'static str) -> tokio::task::JoinHandle<()> {
    let api = api.clone();
    tokio::spawn(async move { record(&api, vec![dollars(id, customer)]).await })
}

#[test]
fn a_fact_that_read_the_old_rate_and_commits_after_the_job_has_the_new_one() {
    let Some(database) = Database::postgres() else {
        return;
    };
    block_on(async {
        let (server, connection) = obstructed(database).await;
        let api = server.admin();
        record(&api, vec![dollars("first", "C-1")]).await;
        // The fact's write has read the rates when it comes to lock its customer.
        let sql = "UPDATE customer_state SET updated_at = updated_at WHERE customer_id IN \
                   (SELECT customer_id FROM external_id WHERE value = 'C-2')";
        let held = hold(&connection, sql).await;
        let late = recording(&api, "late", "C-2");
        somebody_waits(&held).await;
        assert_ne!(rate(&api, "2026-01-01", "0.75").await, "");
        quiet(&api).await;
        held.rollback().await.unwrap();
        late.await.unwrap();
        for fact in all(&api).await.values() {
            assert_eq!(value(fact), ["75.00", "-", "missing"]);
        }
    });
}

#[test]
fn a_correction_waits_for_the_facts_that_are_about_to_be_committed() {
    let Some(database) = Database::postgres() else {
        return;
    };
    block_on(async {
        let (server, connection) = obstructed(database).await;
        let api = server.admin();
        // Nobody can write the journal: the fact is proved and not committed.
        let held = hold(&connection, "LOCK TABLE journal IN SHARE MODE").await;
        let early = recording(&api, "early", "C-1");
        somebody_waits(&held).await;
        let correcting = api.clone();
        let correction = tokio::spawn(async move { rate(&correcting, "2026-01-01", "0.75").await });
        tokio::time::sleep(Duration::from_millis(700)).await;
        held.rollback().await.unwrap();
        early.await.unwrap();
        let job = correction.await.unwrap();
        assert_ne!(job, "", "the fact was there before the correction");
        quiet(&api).await;
        for fact in all(&api).await.values() {
            assert_eq!(value(fact), ["75.00", "-", "missing"]);
        }
    });
}
