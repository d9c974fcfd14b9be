//! Asterisk: `CURL()` with `hashcompat`, as the shipped dialplan calls it.

use super::{Centre, VIP, VIP_LINE, between, body, escaped, shipped};
use crate::support::{Server, both};
use std::collections::BTreeMap;

/// The lines of the dialplan's one extension.
fn dialplan() -> String {
    shipped("asterisk/extensions.conf")
}

/// What `CURL()` gets and `HASH()` holds afterwards.
async fn route(centre: &Centre, caller: &str, called: &str) -> BTreeMap<String, String> {
    let dialplan = dialplan();
    let curl = between(&dialplan, "Set(HASH(ROUTE)=${CURL(", ")})\n");
    let url = curl
        .replace("${TIERCEL}", &centre.base)
        .replace("${URIENCODE(${CALLERID(num)})}", &escaped(caller))
        .replace("${URIENCODE(${EXTEN})}", &escaped(called));
    assert!(!url.contains('$'), "{url}");
    let header = between(&dialplan, "CURLOPT(httpheader)=", ")");
    let (name, value) = header.split_once(": ").unwrap();
    let request = centre
        .get(&url)
        .header("user-agent", "asterisk-libcurl-agent/1.0");
    let request = request.header(name, value.replace("${TIERCEL_KEY}", &centre.key()));
    let (media, text) = body(request).await;
    assert!(
        media.starts_with("application/x-www-form-urlencoded"),
        "{media}"
    );
    assert!(dialplan.contains("Set(CURLOPT(hashcompat)=yes)"));
    hash(&text)
}

/// As func_curl.c does it: names and values between `&` and `=`, escapes undone, `+` left alone.
fn hash(text: &str) -> BTreeMap<String, String> {
    let undone = |text: &str| {
        let mut pieces = text.split('%');
        let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
        for piece in pieces {
            bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
            bytes.extend(&piece.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = text
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (undone(name), undone(value)))
        .collect()
}

/// What the dialplan puts the call into.
fn queue(route: &BTreeMap<String, String>) -> &str {
    let told = |name: &str| route.get(name).filter(|it| !it.is_empty());
    let to = told("reroute_to").or(told("queue"));
    to.map_or("standard", String::as_str)
}

both!(a_dialplan_reads_its_route, async |server: &Server| {
    let centre = Centre::open(server).await;
    let vip = route(&centre, VIP, VIP_LINE).await;
    assert_eq!((queue(&vip), vip["prio"].as_str()), ("vip", "10"));
    assert_eq!(vip["language"], "de");
    assert_eq!(vip["preferred_agent"], "agent42");
    assert_eq!(vip["dedicated_line"], VIP_LINE);
    assert_eq!(vip["skills"], "drives,german");
    let dialplan = dialplan();
    let used = dialplan.split("${HASH(ROUTE,").skip(1);
    let used: Vec<&str> = used.filter_map(|rest| rest.split(')').next()).collect();
    assert!(used.len() > 5);
    for key in used {
        assert!(vip.contains_key(key), "{key} is not answered");
    }

    let stranger = route(&centre, "anonymous", "4000").await;
    assert_eq!(
        (queue(&stranger), stranger["prio"].as_str()),
        ("standard", "0")
    );
    assert_eq!(stranger["reroute_to"], "");
    let stranger = route(&centre, "030 1234567", VIP_LINE).await;
    assert_eq!(stranger["line_entitled"], "false");
    assert_eq!(
        (queue(&stranger), stranger["reroute_to"].as_str()),
        ("standard", "standard")
    );
    assert_eq!(queue(&hash("")), "standard", "no answer at all");
});
