//! Bad input on every operation that the contract has: what cannot be read, what cannot be, and what
//! is not there. A new operation is met by all of it without a line here.

mod bodies;
mod keys;
mod lists;
mod paths;

use crate::support::{Api, Server, job_ended};
use reqwest::Method;
use serde_json::{Value, json};

/// An operation of the contract, addressed to something that is there.
pub struct Operation {
    pub method: Method,
    /// As the contract has it, e.g. `/v1/customers/{id}`.
    pub template: String,
    /// Its parameters filled in.
    pub path: String,
    pub contract: Value,
    /// A body that is right; null where it takes no JSON.
    pub body: Value,
}

impl Operation {
    pub fn takes(&self, parameter: &str) -> bool {
        let mut all = self.contract["parameters"].as_array().into_iter().flatten();
        all.any(|it| it["name"] == parameter)
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.method, self.template)
    }
}

/// What the operations are addressed to.
pub struct Ground {
    pub api: Api,
    pub operations: Vec<Operation>,
    contract: Value,
    model: Value,
    policy: Value,
}

/// Path parameters by the part before them, and what is there.
type Places = [(&'static str, String)];

impl Ground {
    /// One of everything that has an id.
    pub async fn prepare(server: &Server) -> Self {
        let api = server.admin();
        let contract = api.get("/openapi/v1.json").await.expect(200).json;
        let model = "/v1/evaluation-models/default/versions/1";
        let model = api.get(model).await.expect(200).json["document"].clone();
        let policy = "/v1/service-policies/credit/versions/1";
        let policy = api.get(policy).await.expect(200).json["document"].clone();
        let mut ground = Self {
            operations: Vec::new(),
            api,
            contract,
            model,
            policy,
        };
        let places = ground.places().await;
        ground.operations = ground.addressed(&places);
        ground
    }

    async fn made(&self, path: &str, body: Value) -> String {
        let key = match path.starts_with("/v1/credit/") {
            true => &[("idempotency-key", "prepared")][..],
            false => &[],
        };
        let made = self.api.send(Method::POST, path, Some(body), key).await;
        let made = made.expect(201);
        let location = made.header("location").to_owned();
        location.rsplit('/').next().unwrap().to_owned()
    }

    async fn places(&self) -> Vec<(&'static str, String)> {
        let external = json!({"system": "erp1", "id": "C-1042"});
        let body = json!({"kind": "organisation", "external_ids": [external]});
        let customer = self.made("/v1/customers", body).await;
        let contacts = format!("/v1/customers/{customer}/contacts");
        let fact = json!({"source": "s", "external_id": "1", "kind": "order_line", "amount": "1",
            "customer": {"id": customer}, "occurred_on": "2026-01-15"});
        let account = json!({"customer": {"id": customer}, "currency": "EUR"});
        let policy = self.policy.clone();
        let models = "/v1/evaluation-models/default/versions";
        let drafted = self.made(models, self.model.clone()).await;
        let policies = "/v1/service-policies/credit/versions";
        assert_eq!(
            drafted,
            self.made(policies, policy).await,
            "one version in any path"
        );
        let client = json!({"name": "somebody", "scopes": ["routing:read"]});
        let simulated = json!({"model": {"id": "default", "version": 2}, "as_of": "2026-03-01"});
        let queued = self
            .api
            .post("/v1/simulations", simulated)
            .await
            .expect(202);
        let job = job_ended(&self.api, queued.header("location")).await;
        let simulation = job["result"].as_str().unwrap().rsplit('/').next().unwrap();
        let body = json!({"policies": {"credit": 2}, "from": "2026-01-01"});
        let queued = self.api.post("/v1/policy-simulations", body).await;
        let job = job_ended(&self.api, queued.expect(202).header("location")).await;
        let policies = job["result"].as_str().unwrap().rsplit('/').next().unwrap();
        let contract = json!({"code": "K-1", "customer": {"id": customer}, "currency": "EUR",
            "valid_from": "2026-01-01", "terms": [{"percent": "5"}]});
        vec![
            ("contracts", self.made("/v1/contracts", contract).await),
            ("simulations", simulation.to_owned()),
            ("policy-simulations", policies.to_owned()),
            (
                "contacts",
                self.made(&contacts, json!({"name": "Erika"})).await,
            ),
            ("customers", customer),
            (
                "customer-groups",
                self.made("/v1/customer-groups", json!({"code": "g", "name": "G"}))
                    .await,
            ),
            (
                "products",
                self.made("/v1/products", json!({"sku": "SRV-200"})).await,
            ),
            ("facts", self.made("/v1/facts", fact).await),
            ("accounts", self.made("/v1/credit/accounts", account).await),
            ("clients", self.made("/v1/clients", client).await),
            ("versions", drafted),
            ("evaluation-models", "default".to_owned()),
            ("service-policies", "credit".to_owned()),
        ]
    }

    fn addressed(&self, places: &Places) -> Vec<Operation> {
        let mut found = Vec::new();
        for (template, item) in self.contract["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().iter();
            for (method, contract) in methods.filter(|_| template.starts_with("/v1/")) {
                found.push(Operation {
                    method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                    path: filled(template, places),
                    body: self.body(contract),
                    template: template.clone(),
                    contract: contract.clone(),
                });
            }
        }
        assert!(found.len() > 90, "{}", found.len());
        found
    }

    /// The body that the contract gives as an example; documents are those in force.
    fn body(&self, contract: &Value) -> Value {
        let schema = &contract["requestBody"]["content"]["application/json"]["schema"];
        let named = schema["$ref"].as_str().unwrap_or_default();
        let whole = self.contract.pointer(named.trim_start_matches('#'));
        match named.rsplit('/').next().unwrap_or_default() {
            "EvaluationModelDocument" => self.model.clone(),
            "CreateModelRequest" => json!({"code": "spare-parts", "document": self.model}),
            "ServicePolicyDocument" => self.policy.clone(),
            // The example begins on a day that has passed.
            "SetTierOverrideRequest" => {
                let ends = chrono::Utc::now().date_naive() + chrono::Days::new(30);
                json!({"tier": "high", "reason": "r", "approver": "a", "valid_until": ends.to_string()})
            }
            "ImportMapping" => json!({"source": {"system": "s"}, "product": [
                {"sku": {"column": "sku"}, "name": {"constant": "n"}}]}),
            _ => whole.unwrap_or(schema)["example"].clone(),
        }
    }

    /// Sends an operation with this body under any entity tag.
    pub async fn send(&self, operation: &Operation, body: String) -> crate::support::Reply {
        let headers = [("content-type", "application/json"), ("if-match", "*")];
        let method = operation.method.clone();
        self.api.raw(method, &operation.path, body, &headers).await
    }

    /// The end of the journal, once everything written so far is numbered.
    pub async fn settled(&self) -> i64 {
        let mark = json!({"name": "mark"});
        self.api.put("/v1/products/by-sku/mark", mark).await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let head = self.api.get("/v1/audit/head").await.expect(200).json;
        head["position"].as_i64().unwrap()
    }

    /// Nobody but the server itself has written since.
    pub async fn assert_nothing_written_since(&self, position: i64) {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let path = format!("/v1/audit?after={position}&limit=200");
        let trail = self.api.get(&path).await.expect(200).json;
        let entries = trail["items"].as_array().unwrap().iter();
        let ours: Vec<_> = entries.filter(|it| it["principal"] == "operator").collect();
        assert!(ours.is_empty(), "{ours:#?}");
    }
}

/// The path with something that is there in place of its parameters.
fn filled(template: &str, places: &Places) -> String {
    let mut before = "";
    let mut parts = Vec::new();
    for part in template.split('/') {
        if part.starts_with('{') {
            let place = places.iter().find(|(kind, _)| *kind == before);
            parts.push(place.map_or_else(|| example(before), |(_, id)| id.clone()));
        } else {
            parts.push(part.to_owned());
        }
        before = part;
    }
    parts.join("/")
}

/// A name, or an id of the right kind that nothing has.
fn example(before: &str) -> String {
    let prefix = match before {
        "authorizations" => "aut",
        "holds" => "hld",
        "price-approvals" => "apr",
        "limit-proposals" => "lpr",
        "snapshots" => "snp",
        "imports" | "jobs" => "job",
        _ => return "erp1".to_owned(),
    };
    format!("{prefix}_00000000000000000000000001")
}
