//! An erased customer: everything that was ever told of it is gone from the database, whichever way
//! it came in, and what others rely on still holds.

use super::facts::fact;
use crate::dump::{connect, names, tables};
use crate::support::{Api, Database, Server, both, job_ended};
use reqwest::Method;
use sea_orm::DbBackend;
use serde_json::{Value, json};

/// Parts of everything that is told of the customer.
const CANARIES: [&str; 3] = ["anari", "5558231", "5558232"];

const MAPPING: &str = r#"
[source]
system = "shop"
[defaults]
date = ["%Y-%m-%d"]
[[customer]]
external_id = { column = "id" }
name = { column = "name" }
kind = { constant = "person" }
[[fact]]
kind = "complaint"
external_id = { row_number = true }
customer = { column = "id" }
occurred_on = { column = "day" }
status = { constant = "open" }
note = { column = "note" }
"#;

async fn keyed(api: &Api, method: Method, path: &str, body: Value, key: &str) -> Value {
    let key = [("idempotency-key", key), ("if-match", "*")];
    let key = match method {
        Method::POST => &key[..],
        _ => &key[1..],
    };
    let reply = api.send(method, path, Some(body), key).await;
    assert!(reply.status < 300, "{path}: {}", reply.text);
    reply.json
}

/// Tells of the customer in every way there is; returns its path.
async fn told(api: &Api) -> String {
    let define = json!({"code": "nickname", "type": "text", "label": "Nickname", "personal": true});
    keyed(api, Method::POST, "/v1/attribute-definitions", define, "1").await;
    let body = json!({"kind": "person", "name": "Kanarienvogel", "email": "kanari@vogel.example",
        "note": "Kanari singt", "phones": [{"number": "0170 5558231"}],
        "external_ids": [{"system": "erp", "id": "C-1"}],
        "attributes": {"nickname": "Kanari"}});
    let made = keyed(api, Method::POST, "/v1/customers", body, "2").await;
    let path = format!("/v1/customers/{}", made["id"].as_str().unwrap());
    let renamed = json!({"name": "Kanarienvogel II", "attributes": {"nickname": "Kanarie"}});
    keyed(api, Method::PATCH, &path, renamed, "").await;
    let put = "/v1/customers/by-external/erp/C-1";
    keyed(
        api,
        Method::PUT,
        put,
        json!({"name": "Kanarienvogel III"}),
        "",
    )
    .await;
    let contacts = format!("{path}/contacts");
    let contact = json!({"name": "Kanarina", "email": "k@anari.example", "phones": [{"number": "0170 5558232"}]});
    let contact = keyed(api, Method::POST, &contacts, contact, "3").await;
    let contact = format!("{contacts}/{}", contact["id"].as_str().unwrap());
    keyed(
        api,
        Method::PATCH,
        &contact,
        json!({"name": "Kanarina II"}),
        "",
    )
    .await;
    let noted = fact("1", json!({"note": "Kanari singt"}));
    keyed(api, Method::POST, "/v1/facts", noted, "4").await;
    let noted = json!({"facts": [fact("1", json!({"note": "Kanari pfeift"})), fact("2", json!({"note": "Kanari"}))]});
    keyed(api, Method::POST, "/v1/facts/batch", noted, "5").await;
    imported(api).await;
    path
}

/// A file of a second system knows the customer too; one of its rows is rejected.
async fn imported(api: &Api) {
    let ids = json!({"system": "shop", "id": "7"});
    let found = api
        .get("/v1/customers/by-external/erp/C-1")
        .await
        .expect(200);
    let own = format!(
        "/v1/customers/{}/external-ids",
        found.json["id"].as_str().unwrap()
    );
    keyed(api, Method::POST, &own, ids, "6").await;
    let toml = [("content-type", "application/toml")];
    let path = "/v1/import-mappings/people";
    api.raw(Method::PUT, path, MAPPING, &toml).await.expect(201);
    let csv = [("content-type", "text/csv"), ("idempotency-key", "7")];
    let rows = "id,name,day,note\n7,Kanarienvogel IV,2026-01-02,Kanari klagt\n\
                7,Kanarienvogel IV,yesterday,nothing\n";
    let from = "/v1/imports?mapping=people";
    let queued = api.raw(Method::POST, from, rows, &csv).await.expect(202);
    let job = job_ended(api, queued.header("location")).await;
    let counts = (
        &job["counts"]["created"],
        &job["counts"]["updated"],
        &job["counts"]["rejected"],
    );
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(counts.2, &json!(1), "{job}");
    let errors = api.get(job["result"].as_str().unwrap()).await.expect(200);
    assert!(errors.text.contains("anari"), "the canary is real");
}

/// Every row of every table of PostgreSQL as text, bytes in hexadecimal digits; of SQLite the
/// bytes of its files.
async fn everything(database: &Database) -> Vec<(String, Vec<u8>)> {
    let connection = connect(database).await;
    if sea_orm::ConnectionTrait::get_database_backend(&connection) != DbBackend::Postgres {
        let files = std::fs::read_dir(database.data()).unwrap();
        let files = files.map(|file| file.unwrap().path());
        return files
            .map(|file| {
                (
                    file.display().to_string(),
                    std::fs::read(&file).unwrap_or_default(),
                )
            })
            .collect();
    }
    let mut all = Vec::new();
    for table in names(&connection, tables(&connection)).await {
        let sql = format!("SELECT {table}::text AS name FROM {table}");
        let rows = names(&connection, sql).await.join("\n");
        all.push((table, rows.into_bytes()));
    }
    assert!(all.len() > 20, "{}", all.len());
    all
}

/// Where a canary is found, in letters or in hexadecimal digits.
fn found(places: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    for canary in CANARIES {
        let digits: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
        for word in [canary.as_bytes(), digits.as_bytes()] {
            let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|window| window == word);
            let places = places.iter().filter(|(_, bytes)| holds(bytes));
            found.extend(places.map(|(name, _)| format!("{canary} in {name}")));
        }
    }
    found
}

both!(
    whatever_way_it_came_in_nothing_is_left_of_a_customer,
    async |server: &Server| {
        let api = server.admin();
        let path = told(&api).await;
        let before = everything(&server.database).await;
        let before = found(&before).concat();
        for canary in CANARIES {
            assert!(before.contains(canary), "{canary} is real: {before}");
        }
        api.delete(&path).await.expect(204);
        assert_eq!(found(&everything(&server.database).await), [""; 0]);

        for list in [
            "/v1/events?limit=200",
            "/v1/audit?limit=200",
            "/v1/phones",
            "/v1/customers",
            "/v1/facts",
            "/v1/jobs",
        ] {
            let text = api.get(list).await.expect(200).text;
            assert!(
                !CANARIES.iter().any(|canary| text.contains(canary)),
                "{list}: {text}"
            );
        }
        // A retry learns that it was done, not what it said.
        let body = json!({"facts": [fact("1", json!({"note": "Kanari pfeift"})), fact("2", json!({"note": "Kanari"}))]});
        let key = [("idempotency-key", "5")];
        let again = api
            .send(Method::POST, "/v1/facts/batch", Some(body), &key)
            .await;
        assert!(!again.text.contains("anari"), "{}", again.text);
        let gone = api
            .get("/v1/routing/lookup?caller=01705558231")
            .await
            .expect(200);
        assert_eq!(gone.json["matched"], false);

        // The chain holds, and so do the sums.
        server.database.tiercel(&["audit", "verify"]);
        let sums = api
            .get("/v1/reports/portfolio?as_of=2026-03-01")
            .await
            .expect(200);
        assert_eq!(sums.json["sales"]["revenue"], "200.00", "{}", sums.text);
    }
);
