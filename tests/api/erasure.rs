//! An erased customer: everything that was ever told of it is gone from the database, whichever way
//! it came in, and what others rely on still holds.

use super::facts::fact;
use super::tier_overrides::by_hand;
use crate::dump::{connect, names, tables};
use crate::support::{Api, Database, Server, both, data, importing, job_ended};
use reqwest::Method;
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

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
    reasons(api, &path).await;
    path
}

/// Why a tier was set, a limit and a budget were given, an order was let go, reminders wait, and a
/// price was asked for.
async fn reasons(api: &Api, path: &str) {
    let mut tier = by_hand("high", 3);
    tier["reason"] = json!("Kanari is a friend");
    keyed(api, Method::POST, &format!("{path}/overrides"), tier, "8").await;
    let customer = json!({"external": {"system": "erp", "id": "C-1"}});
    let account = json!({"customer": customer, "currency": "EUR"});
    let account = keyed(api, Method::POST, "/v1/credit/accounts", account, "9").await;
    let account = format!("/v1/credit/accounts/{}", account["id"].as_str().unwrap());
    let limit = json!({"kind": "base", "amount": "1.00", "approver": "cfo",
        "reason": "Kanari pays late"});
    keyed(api, Method::POST, &format!("{account}/limits"), limit, "10").await;
    let budget = json!({"amount": "5.00", "reason": "Kanari called", "expires_in_seconds": 600});
    let to = format!("{account}/overrides");
    keyed(api, Method::POST, &to, budget, "11").await;
    let order = json!({"customer": customer, "amount": "90.00", "currency": "EUR",
        "document": {"system": "erp", "type": "sales_order", "id": "SO-1"}});
    let held = keyed(api, Method::POST, "/v1/credit/authorizations", order, "12").await;
    let hold = format!("/v1/credit/holds/{}", held["hold_id"].as_str().unwrap());
    let why = json!({"reason": "Kanari cancelled"});
    keyed(api, Method::POST, &format!("{hold}/release"), why, "13").await;
    let level = json!({"level": 1, "reason": "Kanari pays by instalments"});
    keyed(api, Method::POST, &format!("{path}/dunning"), level, "14").await;
    let wanted = json!({"customer": customer, "currency": "EUR", "reason": "Kanari haggles",
        "lines": [{"line_id": "1", "quantity": "1", "list_unit_price": "100", "unit_cost": "90",
                   "requested_unit_price": "50"}]});
    let asked = keyed(api, Method::POST, "/v1/price-approvals", wanted, "15").await;
    let asked = asked["items"][0]["id"]
        .as_str()
        .expect("a request")
        .to_owned();
    let why = json!({"reason": "Kanari changed her mind"});
    let withdraw = format!("/v1/price-approvals/{asked}/withdraw");
    keyed(api, Method::POST, &withdraw, why, "16").await;
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
    importing::put_mapping(api, "people", MAPPING).await;
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
    if connection.get_database_backend() != DbBackend::Postgres {
        return files(database.data());
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

/// Every file of a directory with its bytes.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(directory).unwrap();
    let files = files.map(|file| file.unwrap().path());
    files
        .map(|file| {
            (
                file.display().to_string(),
                std::fs::read(&file).unwrap_or_default(),
            )
        })
        .collect()
}

/// The files of a database of PostgreSQL after what the operators' page says ends the bytes that
/// deleted rows leave in free space.
async fn rewritten(database: &Database) -> Vec<(String, Vec<u8>)> {
    let connection = connect(database).await;
    let page = std::fs::read_to_string(data::root().join("docs/operators.md")).unwrap();
    let statement = "VACUUM (FULL, ANALYZE)";
    assert!(page.contains(statement), "the page tells of it");
    // The server works on meanwhile; where the two lock each other out, it is done again.
    for _ in 0..5 {
        if connection.execute_unprepared(statement).await.is_ok() {
            break;
        }
    }
    connection.execute_unprepared("CHECKPOINT").await.unwrap();
    let sql = "SELECT current_setting('data_directory') || '/base/' || oid AS name \
               FROM pg_database WHERE datname = current_database()";
    let place = names(&connection, sql.to_owned()).await;
    let files = files(Path::new(&place[0]));
    assert!(files.len() > 100, "{}", files.len());
    files
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
        if server.database.url.is_some() {
            assert_eq!(found(&rewritten(&server.database).await), [""; 0]);
        }

        for list in [
            "/v1/events?limit=200",
            "/v1/audit?limit=200",
            "/v1/phones",
            "/v1/customers",
            "/v1/facts",
            "/v1/jobs",
            "/v1/credit/holds",
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

/// Free words of requests that may be about a customer; all of them are told in `told`.
const ABOUT_CUSTOMERS: [&str; 17] = [
    "ChangeLimitRequest.reason",
    "ContactRequest.email",
    "ContactRequest.name",
    "CreateCustomerRequest.email",
    "CreateCustomerRequest.name",
    "CreateCustomerRequest.note",
    "DecideLimitProposalRequest.reason",
    "DecidePriceApprovalRequest.reason",
    "GiveOverrideRequest.reason",
    "PatchCustomerRequest.email",
    "PatchCustomerRequest.name",
    "PatchCustomerRequest.note",
    "RecordFactRequest.note",
    "ReleaseHoldRequest.reason",
    "RequestPriceApprovalsRequest.reason",
    "SetDunningRequest.reason",
    "SetTierOverrideRequest.reason",
];

/// The others: about products, models, clients, groups.
const ABOUT_OTHERS: [&str; 17] = [
    "ContactRequest.position",
    "CreateAttributeDefinitionRequest.label",
    "CreateClientRequest.name",
    "CreateCustomerGroupRequest.name",
    "CreateProductRequest.name",
    "CreditPolicyDocument.name",
    "CriterionDocument.label",
    "DiscountPolicyDocument.name",
    "EvaluationModelDocument.name",
    "GroupDocument.label",
    "MappingCheck.name",
    "OpenCreditAccountRequest.name",
    "PatchCustomerGroupRequest.name",
    "PatchProductRequest.name",
    "RoutingPolicyDocument.name",
    "TierDocument.label",
    "VetoDocument.label",
];

/// Fields of these names are free words.
const NAMES: [&str; 12] = [
    "comment",
    "description",
    "email",
    "label",
    "message",
    "name",
    "note",
    "position",
    "reason",
    "remark",
    "text",
    "title",
];

/// Whoever adds a text that may be about a customer finds here that erasing must reach it: plant
/// the canary in `told` and take the words in `erase.rs`.
#[test]
fn every_free_word_of_the_contract_is_known_here() {
    let contract = std::fs::read_to_string(data::root().join("openapi/v1.json")).unwrap();
    let contract: Value = serde_json::from_str(&contract).unwrap();
    let mut asked = BTreeSet::new();
    for operations in contract["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            schemas(&contract, &operation["requestBody"], &mut asked);
        }
    }
    let mut words = BTreeSet::new();
    for schema in &asked {
        let properties = &contract["components"]["schemas"][schema]["properties"];
        for (name, property) in properties.as_object().into_iter().flatten() {
            if NAMES.contains(&name.as_str()) && property["type"].to_string().contains("string") {
                words.insert(format!("{schema}.{name}"));
            }
        }
    }
    let known = ABOUT_CUSTOMERS.iter().chain(&ABOUT_OTHERS);
    assert_eq!(words, known.map(|it| (*it).to_owned()).collect());
}

/// The names of the schemas that a part of the contract stands on.
fn schemas(contract: &Value, part: &Value, found: &mut BTreeSet<String>) {
    let parts: Vec<&Value> = match part {
        Value::Object(object) => object.values().collect(),
        Value::Array(array) => array.iter().collect(),
        _ => return,
    };
    if let Some(name) = part["$ref"].as_str().and_then(|it| it.rsplit('/').next())
        && found.insert(name.to_owned())
    {
        schemas(contract, &contract["components"]["schemas"][name], found);
    }
    parts
        .into_iter()
        .for_each(|part| schemas(contract, part, found));
}
