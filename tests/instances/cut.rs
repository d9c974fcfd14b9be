//! How long it takes until others answer by a change, and that it takes no longer when connections
//! are cut: instances follow the journal, and hang on no notification.

use crate::support::{Api, Database, Watched, block_on};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(1);
/// No change is longer away, whatever happens.
const AT_LAST: Duration = Duration::from_secs(5);

/// Writes through one; how long until the other answers by it.
async fn change(one: &Api, other: &Api, phone: &str) -> Duration {
    let path = format!("/v1/customers/by-external/erp/{phone}");
    let number = format!("+4930{phone}");
    let body = json!({"kind": "organisation", "phones": [{"number": number}]});
    // A connection that was cut shows itself once.
    let mut tries = 0;
    while one.put(&path, body.clone()).await.status >= 300 {
        tries += 1;
        assert!(tries < 40, "no write comes through");
    }
    let written = Instant::now();
    let asked = format!("/v1/routing/lookup?caller=%2B4930{phone}");
    while other.get(&asked).await.expect(200).json["matched"] != true {
        assert!(
            written.elapsed() < AT_LAST,
            "{phone} is not known after {AT_LAST:?}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    written.elapsed()
}

#[test]
fn changes_are_everywhere_within_a_second() {
    let Some(database) = Database::postgres() else {
        return;
    };
    block_on(async {
        let (first, second) = (
            Watched::start(&database, &[]),
            Watched::start(&database, &[]),
        );
        let token = database.token("admin");
        let (one, other) = (first.bearing(&token), second.bearing(&token));
        let mut took = Vec::new();
        for number in 0..20 {
            took.push(change(&one, &other, &format!("9018{number:02}")).await);
            took.push(change(&other, &one, &format!("9019{number:02}")).await);
        }
        took.sort_unstable();
        assert!(took[38] < SOON, "{took:?}");

        let url = database.url.clone().unwrap();
        let administrator = sea_orm::Database::connect(url).await.unwrap();
        for round in 0..3 {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
            administrator.execute_unprepared(cut).await.unwrap();
            let took = change(&one, &other, &format!("90200{round}")).await;
            assert!(took < SOON * 2, "round {round}: {took:?}");
        }
    });
}
