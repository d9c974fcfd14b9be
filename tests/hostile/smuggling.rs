//! Requests within requests: no way of framing one makes two of it.

use crate::support::raw::statuses;
use crate::support::{Raw, Server, both};
use std::time::Duration;

/// What must never be carried out: a write with a good credential.
fn smuggled(token: &str) -> String {
    let body = "{\"kind\":\"person\",\"name\":\"smuggled\"}";
    format!(
        "POST /v1/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Headers that leave open where the body ends, or are none.
const FRAMINGS: [&str; 42] = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Content-Length: 5\nTransfer-Encoding: chunked",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5\r\nContent-Length: 5",
    "Content-Length: 5\r\ncontent-length: 0",
    "Content-Length: +5",
    "Content-Length: -5",
    "Content-Length: 5, 5",
    "Content-Length: 5 5",
    "Content-Length: 0x5",
    "Content-Length: 5.0",
    "Content-Length: 1e1",
    "Content-Length: five",
    "Content-Length:",
    "Content-Length: 99999999999999999999",
    "Content-Length: \u{661}",
    "Content-Length : 5",
    "Content-Length\t: 5",
    "Content-Length\0: 5",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity\r\nContent-Length: 5",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding: chunked;q=1",
    "Transfer-Encoding: \u{b}chunked",
    "Transfer-Encoding:",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding\u{b}: chunked",
    "Transfer-Encoding:\r\n chunked",
    "X: y\r\n Transfer-Encoding: chunked",
    "X: y\r\n\tContent-Length: 5",
    "X: y\rTransfer-Encoding: chunked",
    "X: y\0\r\nTransfer-Encoding: chunked",
    ": empty\r\nTransfer-Encoding: chunked",
    "Host: b\r\nTransfer-Encoding: chunked",
    "X(y): z\r\nTransfer-Encoding: chunked",
];

/// Chunks that are none; each ends in what a careless reader would take for the end of the body.
const CHUNKS: [&str; 14] = [
    "0x5\r\nabcde\r\n0\r\n\r\n",
    "+5\r\nabcde\r\n0\r\n\r\n",
    "-5\r\nabcde\r\n0\r\n\r\n",
    "\r\nabcde\r\n0\r\n\r\n",
    "5\nabcde\n0\n\n",
    "5\r\nabcde0\r\n\r\n",
    "5\r\nabcdef\r\n0\r\n\r\n",
    "FFFFFFFFFFFFFFFFF\r\nabcde\r\n0\r\n\r\n",
    "10000000000000000\r\n\r\n0\r\n\r\n",
    "5\rabcde\r\n0\r\n\r\n",
    "g\r\nabcde\r\n0\r\n\r\n",
    "5;a=\nx\r\nabcde\r\n0\r\n\r\n",
    "5\0\r\nabcde\r\n0\r\n\r\n",
    "-0\r\n\r\n",
];

/// Sends it all at once, as somebody in front of us would pass it on.
fn exchange(server: &Server, request: &str) -> Vec<u16> {
    let address = server.base().strip_prefix("http://").unwrap();
    let mut raw = Raw::connect(address);
    raw.say(request);
    // A busy machine may take its time for the first answer; a second would follow at once.
    let first = raw.hear_until("HTTP/1.1 ", Duration::from_secs(10));
    statuses(&(first + &raw.hear(Duration::from_millis(250))))
}

async fn assert_nobody_came_in(server: &Server, after: &str) {
    let page = server.admin().get("/v1/customers?count=true").await;
    let page = page.expect(200);
    assert_eq!(page.json["total"], 0, "{after:?}: {}", page.text);
}

both!(
    a_body_without_one_end_is_refused,
    async |server: &Server| {
        let token = server.database.token("admin");
        let inner = smuggled(&token);
        for framing in FRAMINGS {
            let request = format!(
                "POST /v1/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\n{framing}\r\n\r\n0\r\n\r\n{inner}"
            );
            let answers = exchange(server, &request);
            assert_eq!(answers, [400], "{framing:?}");
        }
        assert_nobody_came_in(server, "framings").await;
    }
);

both!(
    chunks_that_are_none_end_the_connection,
    async |server: &Server| {
        let token = server.database.token("admin");
        let inner = smuggled(&token);
        for chunks in CHUNKS {
            let request = format!(
                "POST /v1/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{inner}"
            );
            let answers = exchange(server, &request);
            assert!(
                answers.len() <= 1 && answers.iter().all(|it| *it == 400),
                "{chunks:?}: {answers:?}"
            );
            assert_nobody_came_in(server, chunks).await;
        }
    }
);

both!(
    what_is_not_read_of_a_body_is_no_request,
    async |server: &Server| {
        let token = server.database.token("admin");
        let inner = smuggled(&token);
        let length = inner.len();
        let json = "Content-Type: application/json";
        let bearer = format!("Authorization: Bearer {token}");
        let sized = format!("Content-Length: {length}");
        // Refused before the body is looked at, or it is of no interest: it stays a body.
        for (line, headers, status) in [
            ("POST /v1/customers", format!("{json}\r\n{sized}"), 401),
            (
                "POST /v1/customers",
                format!("{bearer}\r\nContent-Type: text/plain\r\n{sized}"),
                415,
            ),
            ("POST /v1/nothing", format!("{bearer}\r\n{sized}"), 404),
            ("TRACE /v1/customers", format!("{bearer}\r\n{sized}"), 405),
            ("GET /v1/jobs", format!("{bearer}\r\n{sized}"), 200),
            ("HEAD /v1/jobs", format!("{bearer}\r\n{sized}"), 200),
            ("GET /livez", sized.clone(), 200),
            (
                "POST /v1/customers",
                format!("{bearer}\r\n{json}\r\n{sized}\r\nExpect: 100-continue"),
                400,
            ),
            (
                "POST /v1/customers",
                format!(
                    "{bearer}\r\n{json}\r\n{sized}\r\nConnection: Upgrade\r\nUpgrade: websocket"
                ),
                400,
            ),
            (
                "POST /v1/customers",
                format!("{bearer}\r\n{json}\r\n{sized}\r\nConnection: Content-Length"),
                400,
            ),
            (
                "POST /v1/customers",
                format!("{bearer}\r\n{json}\r\nX: y\n{sized}"),
                400,
            ),
        ] {
            let request = format!("{line} HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{inner}");
            let answers = exchange(server, &request);
            let last = answers.last().copied();
            let only = answers.iter().filter(|it| **it != 100).count() <= 1;
            let expected =
                last == Some(status) || headers.contains("Upgrade") || headers.contains("Expect");
            assert!(only && expected, "{line} {headers:?}: {answers:?}");
        }
        for line in [
            "POST /v1/customers HTTP/1.0\r\nTransfer-Encoding: chunked",
            "POST /v1/customers HTTP/1.2\r\nHost: a",
            "POST /v1/customers HTTP/2.0\r\nHost: a",
            "POST /v1/customers\r\nHost: a",
            "PRI * HTTP/2.0",
            "POST  /v1/customers HTTP/1.1\r\nHost: a",
            "POST /v1/customers HTTP/1.1 \r\nHost: a",
            "POST /v1/customers HTTP/1.1\r\nX: no host",
            "POST\t/v1/customers\tHTTP/1.1\r\nHost: a",
            " POST /v1/customers HTTP/1.1\r\nHost: a",
        ] {
            let request = format!("{line}\r\n\r\n0\r\n\r\n{inner}");
            let answers = exchange(server, &request);
            assert!(
                answers.len() <= 1 && answers.iter().all(|it| *it >= 400),
                "{line:?}: {answers:?}"
            );
        }
        assert_nobody_came_in(server, "bodies").await;
        // What is meant as two requests is two: the list above fails for the right reason.
        let two = format!("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n{inner}");
        assert_eq!(exchange(server, &two), [200, 201]);
    }
);
