//! Jobs: progress as server-sent events, from any instance, until the job or the server ends.

use crate::support::{Api, Database, Server, block_on, both, importing};
use reqwest::Method;
use serde_json::Value;
use std::fmt::Write;
use std::time::{Duration, Instant};

const MAPPING: &str = r#"
[source]
system = "shop"
[[customer]]
external_id = { column = "id" }
name = { column = "name" }
"#;

/// Starts an import of so many customers and returns where its job is.
async fn start(api: &Api, rows: usize) -> String {
    importing::put_mapping(api, "people", MAPPING).await;
    let mut file = "id,name\n".to_owned();
    for row in 0..rows {
        writeln!(file, "c{row},N{row}").unwrap();
    }
    importing::start(api, "people", file).await
}

/// The jobs of a stream of events, in order, with the ids of the events.
fn events(text: &str) -> Vec<(String, Value)> {
    let blocks = text.split("\n\n").filter(|block| !block.is_empty());
    let events = blocks.filter(|block| !block.starts_with(':'));
    events
        .map(|block| {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            assert_eq!(field("event: "), Some("job"), "{block}");
            let job = serde_json::from_str(field("data: ").unwrap()).unwrap();
            (field("id: ").unwrap().to_owned(), job)
        })
        .collect()
}

both!(
    a_job_is_followed_to_its_end_on_any_instance,
    async |server: &Server| {
        let token = server.database.token("imports:write");
        let api = server.bearing(&token);
        let location = start(&api, 3_000).await;
        let path = format!("{location}/events");
        let elsewhere = server.another();
        let other = elsewhere.bearing(&token);
        let (here, there) = tokio::join!(api.get(&path), other.get(&path));
        let job = api.get(&location).await.expect(200).json;
        for reply in [here.expect(200), there.expect(200)] {
            assert_eq!(reply.header("content-type"), "text/event-stream");
            let events = events(&reply.text);
            let done: Vec<_> = events.iter().map(|(_, job)| job["done"].as_i64()).collect();
            assert!(done.is_sorted(), "{done:?}");
            assert_eq!(events.last().map(|(_, job)| job), Some(&job));
        }
        assert_eq!(
            (&job["state"], &job["counts"]["created"]),
            (&"done".into(), &3_000.into())
        );
        // Followed afterwards: the last event at once, and nothing to follow for who has it.
        let late = events(&api.get(&path).await.expect(200).text);
        assert_eq!(late.len(), 1);
        let seen = [("last-event-id", late[0].0.as_str())];
        api.send(Method::GET, &path, None, &seen).await.expect(204);
        server
            .with("customers:read")
            .get(&path)
            .await
            .expect_problem(403, "forbidden", &[]);
        api.get("/v1/jobs/job_00000000000000000000000000/events")
            .await
            .expect_problem(404, "not-found", &[]);
    }
);

async fn stop_while_followed(mut server: Server) {
    let api = server.with("imports:write");
    let path = format!("{}/events", start(&api, 20_000).await);
    let follower = tokio::spawn(async move { api.get(&path).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stopping = tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        (server.stop(), begun.elapsed())
    });
    let stream = follower.await.unwrap().expect(200);
    let (last, _) = (events(&stream.text).pop()).expect("an event at once");
    assert!(!last.is_empty());
    let (ended_well, took) = stopping.await.unwrap();
    assert!(ended_well && took < Duration::from_secs(25), "{took:?}");
}

#[test]
fn a_server_that_stops_ends_the_streams_sqlite() {
    block_on(async { stop_while_followed(Server::start(Database::sqlite()).await).await });
}

#[test]
fn a_server_that_stops_ends_the_streams_postgres() {
    if let Some(database) = Database::postgres() {
        block_on(async { stop_while_followed(Server::start(database).await).await });
    }
}
