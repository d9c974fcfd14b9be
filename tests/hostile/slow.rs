//! Thousands of connections that say nothing, or next to nothing: each is ended in its time, memory
//! stays flat, and others are answered meanwhile.

use crate::support::{Database, Raw, Watched, block_on};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::time::{Duration, Instant};

/// What a connection that says nothing may cost, in KiB.
const EACH: u64 = 24;
/// What the server grows by anyway, in KiB.
const BASE: u64 = 64 * 1024;

/// As many as the full campaign has, or a few less.
fn connections() -> usize {
    let told = std::env::var("TIERCEL_TEST_CONNECTIONS").ok();
    told.map_or(1_200, |text| text.parse().unwrap())
}

/// One file for each connection, on both sides.
fn allow_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[test]
fn slow_callers_take_nothing_from_others() {
    allow_files();
    let many = connections();
    block_on(async {
        let database = Database::sqlite();
        let environment = [
            ("TIERCEL_HEAD_TIMEOUT_SECONDS", "4"),
            ("TIERCEL_BODY_TIMEOUT_SECONDS", "4"),
        ];
        let watched = Watched::start(&database, &environment);
        let token = database.token("admin");
        let api = watched.bearing(&token);
        for _ in 0..50 {
            api.get("/v1/customers").await.expect(200);
        }
        let before = watched.resident();
        let begun = Instant::now();
        let body = format!(
            "POST /v1/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
        );
        let form = "POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n\r\ng";
        // Refused at once, and then the rest of the body trickles in.
        let chunked = "POST /v1/customers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                       FFFFFFFF\r\n";
        let mut slow: Vec<Raw> = (0..many)
            .map(|at| {
                let mut raw = Raw::connect(watched.address());
                let said = match at % 5 {
                    0 => "",
                    1 => "GET /v1/customers HTTP/1.1\r\nHost: a\r\nX: ",
                    2 => &body,
                    3 => form,
                    _ => chunked,
                };
                assert!(raw.say(said));
                raw
            })
            .collect();
        let mut answered = 0;
        let mut most = 0;
        while begun.elapsed() < Duration::from_secs(3) || answered < 50 {
            // One more byte from each of some, as slow as can be.
            let from = answered * 20 % many.max(1);
            for raw in slow.iter_mut().skip(from).take(20) {
                raw.say("x");
            }
            let asked = Instant::now();
            api.get("/v1/customers").await.expect(200);
            assert!(
                asked.elapsed() < Duration::from_secs(3),
                "{:?}",
                asked.elapsed()
            );
            answered += 1;
            most = most.max(watched.resident());
        }
        let grown = most.saturating_sub(before);
        let allowed = BASE + EACH * u64::try_from(many).unwrap();
        assert!(grown < allowed, "{grown} KiB more for {many} connections");

        for (at, raw) in slow.iter_mut().enumerate() {
            let ended = raw.hung_up(Duration::from_secs(30));
            assert!(
                ended.is_some(),
                "connection {at} of kind {} goes on",
                at % 5
            );
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{:?}",
            begun.elapsed()
        );
        drop(slow);
        let metrics = api.get("/metrics").await.expect(200).text;
        assert!(metrics.contains("tiercel_bodies_bytes 0\n"), "{metrics}");
        let page = api.get("/v1/customers?count=true").await.expect(200);
        assert_eq!(page.json["total"], 0, "{}", page.text);
    });
}

#[test]
fn a_later_head_has_its_time_too() {
    block_on(async {
        let database = Database::sqlite();
        let environment = [
            ("TIERCEL_HEAD_TIMEOUT_SECONDS", "2"),
            ("TIERCEL_IDLE_TIMEOUT_SECONDS", "2"),
        ];
        let watched = Watched::start(&database, &environment);
        let good = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut slow: Vec<Raw> = (0..50)
            .map(|_| {
                let mut raw = Raw::connect(watched.address());
                assert!(raw.say(good));
                assert!(
                    raw.hear_until("ok", Duration::from_secs(5))
                        .contains("200 OK")
                );
                assert!(raw.say("GET /livez HTTP/1.1\r\nHost:"));
                raw
            })
            .collect();
        // Whoever asks again in time keeps the connection.
        let mut kept = Raw::connect(watched.address());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(7) {
            assert!(kept.say(good));
            let heard = kept.hear_until("ok", Duration::from_secs(5));
            assert!(heard.contains("200 OK"), "{:?}: {heard}", begun.elapsed());
            slow.iter_mut().for_each(|raw| drop(raw.say("x")));
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        for raw in &mut slow {
            assert!(raw.hung_up(Duration::from_secs(10)).is_some());
        }
    });
}
