//! Starts what the tests need: the real server, a throw-away PostgreSQL, the data sets.

pub mod api;
mod contract;
pub mod data;
pub mod importing;
pub mod postgres;
pub mod proxy;
pub mod raw;
pub mod server;
pub mod tools;
pub mod watched;

pub use api::{Api, Reply};
pub use raw::Raw;
pub use server::{Database, Server};
pub use watched::Watched;

use std::io::Write;

/// Says that something could not be tested, past the capture of the test harness; CI fails on it.
pub fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// A test on both databases: `both!(name, async |server: &Server| { … });`
macro_rules! both {
    ($name:ident, $body:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[test]
            fn sqlite() {
                $crate::support::on(Some($crate::support::Database::sqlite()), $body);
            }

            #[test]
            fn postgres() {
                $crate::support::on($crate::support::Database::postgres(), $body);
            }
        }
    };
}
pub(crate) use both;

/// Runs a test against a fresh server on a database; where there is none, it was skipped visibly.
pub fn on(database: Option<Database>, test: impl AsyncFn(&Server)) {
    let Some(database) = database else { return };
    block_on(async {
        let server = Server::start(database).await;
        test(&server).await;
    });
}

/// The same where the test starts its own servers.
pub fn each_database(test: impl Fn(Database)) {
    test(Database::sqlite());
    if let Some(database) = Database::postgres() {
        test(database);
    }
}

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Waits for a job and returns it once it has ended, well or not.
pub async fn job_ended(api: &Api, location: &str) -> serde_json::Value {
    for _ in 0..6_000 {
        let job = api.get(location).await.expect(200).json;
        if job["state"] == "done" || job["state"] == "failed" {
            return job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{location} does not end");
}
