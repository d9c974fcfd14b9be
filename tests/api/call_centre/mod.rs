//! What each telephone system sends, and how it reads the answer: by the files that customers install.

mod asterisk;
mod freeswitch;
mod near;
mod other_systems;
mod snapshot;
mod stale;

use super::receipts::publish;
use crate::support::{Api, Server, both, data};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const VIP: &str = "+14155550100";
pub const VIP_LINE: &str = "+18005550111";

/// A call centre with one customer, whose tier has the best route and a line of its own.
pub struct Centre {
    pub base: String,
    pub id: String,
    pub secret: String,
    pub customer: String,
    client: Client,
}

impl Centre {
    pub async fn open(server: &Server) -> Self {
        let admin = server.admin();
        let customer = vip(&admin).await;
        let made = [
            "client",
            "create",
            "--name",
            "pbx",
            "--scopes",
            "routing:read",
            "--json",
        ];
        let made: Value = serde_json::from_str(&server.database.tiercel(&made)).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            base: server.base().to_owned(),
            id: text("client_id"),
            secret: text("client_secret"),
            customer,
            client: Client::builder().tls_certs_only([]).build().unwrap(),
        }
    }

    pub fn key(&self) -> String {
        format!("{}.{}", self.id, self.secret)
    }

    /// A GET of an address as it stands, with whatever escapes it has.
    pub fn get(&self, url: &str) -> RequestBuilder {
        self.client.get(url)
    }

    pub fn post(&self, url: &str) -> RequestBuilder {
        self.client.post(url)
    }
}

/// The body of a good answer.
pub async fn body(request: RequestBuilder) -> (String, String) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let media = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    (media, answer.text().await.unwrap())
}

/// The customer, by a policy that has all there is.
async fn vip(admin: &Api) -> String {
    publish(admin, "routing", "2026-01-01", |document| {
        let route = json!({"queue": "vip", "routing_profile": "vip-de", "segment": "vip", "priority": 1,
            "advantage_seconds": 600, "greeting": "vip", "language": "de", "skills": ["drives", "german"]});
        document["tiers"] =
            json!([{"tier": "low", "rank": 1, "route": route, "dedicated_line": VIP_LINE}]);
        document["max_wait_boost_seconds"] = json!(1_200);
    })
    .await;
    let customer = json!({"kind": "organisation", "name": "Meyer & Söhne", "owner": "agent42",
        "phones": [{"number": VIP}]});
    let made = admin.post("/v1/customers", customer).await.expect(201);
    made.json["id"].as_str().unwrap().to_owned()
}

/// A file that customers install.
pub fn shipped(path: &str) -> String {
    let path = data::root().join("examples/call-centre").join(path);
    std::fs::read_to_string(path).unwrap()
}

/// What stands between two texts.
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before}"))
        .1;
    rest.split_once(after)
        .unwrap_or_else(|| panic!("{after}"))
        .0
}

/// As forms and addresses escape it.
pub fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

pub fn flat(text: &str) -> BTreeMap<String, String> {
    serde_json::from_str(text).unwrap()
}

const DIALECTS: [&str; 7] = [
    "amazon_connect",
    "genesys",
    "twilio",
    "asterisk",
    "freeswitch",
    "threecx",
    "uccx",
];

both!(
    every_dialect_has_the_same_texts_on_a_hit_and_on_a_miss,
    async |server: &Server| {
        let centre = Centre::open(server).await;
        let api = server.with("routing:read,credit:read");
        let neutral = format!("/v1/routing/lookup?caller={}", escaped(VIP));
        let neutral = api.get(&neutral).await.expect(200).json;
        assert_eq!(neutral["skills"], "drives,german");
        assert_eq!(neutral["max_wait_boost_seconds"], 1_200);
        for dialect in DIALECTS {
            let by_path = format!("/v1/routing/lookup/{dialect}");
            let by_query = format!("{}/v1/routing/lookup?dialect={dialect}", centre.base);
            let mut seen = Vec::new();
            for caller in [VIP, "+4930111111", "anonymous", "Bob"] {
                let told = api
                    .get(&format!("{by_path}?caller={}", escaped(caller)))
                    .await;
                let told = told.expect(200);
                assert!(told.text.len() < 4_096, "{dialect}: {}", told.text.len());
                let asked = format!("{by_query}&caller={}", escaped(caller));
                let (media, again) =
                    body(centre.get(&asked).header("x-api-key", centre.key())).await;
                assert_eq!(told.header("content-type"), media);
                if !media.starts_with("application/json") {
                    continue;
                }
                assert_eq!(
                    flat(&again).keys().collect::<Vec<_>>(),
                    flat(&told.text).keys().collect::<Vec<_>>()
                );
                seen.push(flat(&told.text));
            }
            for miss in &seen {
                let keys = |it: &BTreeMap<String, String>| it.keys().cloned().collect::<Vec<_>>();
                assert_eq!(keys(miss), keys(&seen[0]), "{dialect}");
                let plain =
                    |key: &String| key.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
                assert!(miss.keys().all(plain));
            }
            if let [hit, unknown, withheld, unparsable] = seen.as_slice() {
                assert_eq!(hit["queue"], "vip");
                assert_eq!(hit["credit_hold"], "none");
                let reasons = [unknown, withheld, unparsable].map(|it| it["reason"].as_str());
                assert_eq!(reasons, ["unknown_number", "withheld", "unparsable"]);
                assert_eq!(
                    (&*unknown["matched"], &*unknown["queue"]),
                    ("false", "standard")
                );
            }
        }
        api.get("/v1/routing/lookup/avaya")
            .await
            .expect_problem(404, "not-found", &[]);
        let typo = api.get("/v1/routing/lookup?dialect=avaya").await;
        typo.expect_problem(422, "invalid-input", &["dialect"]);
        let slow = api.get("/v1/routing/lookup?budget_ms=0").await;
        slow.expect_problem(422, "invalid-input", &["budget_ms"]);
    }
);

both!(
    without_the_scope_there_is_no_money_and_no_name,
    async |server: &Server| {
        let centre = Centre::open(server).await;
        let facts = json!({"all_or_none": true, "facts": [{"kind": "invoice", "source": "erp", "external_id": "i1",
            "customer": {"id": centre.customer}, "occurred_on": "2026-01-05", "amount": "98765.43",
            "currency": "EUR", "due_on": "2026-02-01"}]});
        server
            .admin()
            .post("/v1/facts/batch", facts)
            .await
            .expect(200);
        let allowed: Vec<&str> = "matched match_quality match_count ambiguous customer_ref tier tier_rank segment \
            queue routing_profile priority prio advantage_seconds age_boost_seconds max_wait_boost_seconds skills \
            dedicated_line line_entitled reroute_to preferred_agent language credit_hold greeting reason score \
            evaluated_as_of model_version stale stale_because tier_override policy_id policy_version decision_id decided_at as_of \
            position contact_name"
            .split_whitespace()
            .collect();
        let api = server.with("routing:read");
        for dialect in ["amazon_connect", "genesys", "twilio", "threecx", "uccx"] {
            let path = format!("/v1/routing/lookup/{dialect}?caller={}", escaped(VIP));
            let told = flat(&api.get(&path).await.expect(200).text);
            assert!(
                told.keys().all(|key| allowed.contains(&key.as_str())),
                "{told:?}"
            );
            assert_eq!(told["credit_hold"], "", "{dialect}");
            let text = format!("{told:?}");
            assert!(!text.contains("Meyer") && !text.contains("98765"), "{text}");
        }
        let snapshot = api.get("/v1/routing/snapshot").await.expect(200).text;
        assert!(
            !snapshot.contains("Meyer") && !snapshot.contains("98765"),
            "{snapshot}"
        );
        assert!(!snapshot.contains("credit"), "{snapshot}");
        let sees_names = server.with("routing:read,customers:read");
        let path = format!("/v1/routing/lookup/threecx?caller={}", escaped(VIP));
        let told = flat(&sees_names.get(&path).await.expect(200).text);
        assert_eq!(told["contact_name"], "Meyer & Söhne");
    }
);
