//! The end of a server in the middle of work: it says goodbye, and the next one goes on.

use crate::support::{Watched, block_on, each_database};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_server_ends_cleanly_in_the_middle_of_jobs() {
    each_database(|database| {
        block_on(async {
            let mut jobs = Vec::new();
            for round in 0..3_u64 {
                let mut watched = Watched::start(&database, &[]);
                let api = watched.bearing(&database.token("admin"));
                for number in 0..20 {
                    let path = format!("/v1/customers/by-external/erp/C-{round}-{number}");
                    api.put(&path, json!({"kind": "person"})).await.expect(201);
                }
                let queued = api.post("/v1/evaluations", json!({})).await.expect(202);
                jobs.push(queued.header("location").to_owned());
                tokio::time::sleep(Duration::from_millis(150 * round)).await;
                watched.signal("-TERM");
                let ended = watched.ended(Duration::from_secs(20)).await;
                assert!(ended.success(), "round {round}: {ended}");
            }
            let watched = Watched::start(&database, &[]);
            let api = watched.bearing(&database.token("admin"));
            for job in &jobs {
                // Done, or waiting for the lease to run out.
                assert_ne!(api.get(job).await.expect(200).json["state"], "failed");
            }
        });
    });
}
