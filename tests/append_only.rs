//! What never changes: the database itself refuses, whoever holds the connection.

use crate::api::credit;
use crate::api::facts::fact;
use crate::dump::connect;
use crate::support::{Server, both};
use sea_orm::ConnectionTrait;
use serde_json::json;

/// What somebody with a connection might try, on rows that are there.
const ATTACKS: [&str; 24] = [
    "UPDATE fact SET kind = 'payment'",
    "UPDATE fact SET external_id = external_id || 'x'",
    "UPDATE fact SET quantity = quantity + 1",
    "UPDATE fact SET amount = amount + 1",
    "UPDATE fact SET currency = 'USD'",
    "UPDATE fact SET cost_source = 'given'",
    "UPDATE fact SET doc_id = 'other'",
    "UPDATE fact SET due_on = occurred_on",
    "UPDATE fact SET recorded_at = 0",
    "UPDATE fact SET version = version + 7",
    "DELETE FROM fact",
    "UPDATE evaluation SET score = score + 1",
    "UPDATE evaluation SET tier = 'platinum'",
    "UPDATE evaluation SET points = '[]'",
    "DELETE FROM evaluation",
    "UPDATE document SET body = '{}' WHERE status = 'published'",
    "DELETE FROM document WHERE status = 'published'",
    "UPDATE document SET status = 'draft' WHERE status = 'published'",
    "UPDATE journal SET principal = 'nobody' WHERE position IS NOT NULL",
    "DELETE FROM journal",
    "UPDATE credit_limit_change SET new_amount = new_amount + 1",
    "UPDATE credit_limit_change SET reason = 'another'",
    "UPDATE credit_limit_change SET reason = '', approver = 'nobody'",
    "DELETE FROM credit_limit_change",
];

both!(
    the_database_refuses_to_change_the_past,
    async |server: &Server| {
        let api = server.admin();
        credit::customer(&api, "C-1", "100").await;
        let told = fact("1", json!({"quantity": "2"}));
        let made = api.post("/v1/facts", told).await.expect(201);
        let evaluations = api.get("/v1/evaluations").await.expect(200);
        assert!(!evaluations.json["items"].as_array().unwrap().is_empty());
        let connection = connect(&server.database).await;
        for attack in ATTACKS {
            let refused = connection.execute_unprepared(attack).await;
            let why = refused.map_err(|error| error.to_string());
            let why = why.expect_err(attack);
            let ours = ["append-only", "never changes", "keeps"];
            assert!(
                ours.iter().any(|word| why.contains(word)),
                "{attack}: {why}"
            );
        }
        let left = api.get(made.header("location")).await.expect(200);
        assert_eq!(left.json, made.json);
        assert_eq!(
            api.get("/v1/evaluations").await.expect(200).json,
            evaluations.json
        );
        // What is meant to happen still does.
        let corrected = fact("1", json!({"quantity": "3"}));
        api.post("/v1/facts", corrected).await.expect(200);
    }
);
