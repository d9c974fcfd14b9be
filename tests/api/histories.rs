//! Runs read sums by month and a history per customer; explanations read every fact. They agree.

use super::evaluations::{evaluate_everyone, evaluation};
use super::facts::fact;
use crate::support::{Api, Server, both};
use serde_json::{Value, json};

/// A month's middle, a leap day, ends of months and of a year.
const DAYS: [&str; 5] = [
    "2024-02-29",
    "2024-12-31",
    "2025-06-30",
    "2025-08-17",
    "2026-01-14",
];

/// Compares what a run stored of up to `most` customers with what their facts say.
pub async fn agree(api: &Api, as_of: &str, most: usize) -> usize {
    evaluate_everyone(api, as_of).await;
    let (mut seen, mut after) = (0, String::new());
    while seen < most {
        let path = format!("/v1/evaluations?as_of={as_of}&limit=200{after}");
        let page = api.get(&path).await.expect(200).json;
        for made in page["items"].as_array().unwrap().iter().take(most - seen) {
            let customer = made["customer"].as_str().unwrap();
            let why = evaluation(api, customer, &format!("?as_of={as_of}")).await;
            let points = |items: &Value| -> Vec<(Value, Value)> {
                let items = items.as_array().unwrap().iter();
                items
                    .map(|one| (one["code"].clone(), one["points"].clone()))
                    .collect()
            };
            assert_eq!(
                (&made["score"], &made["tier"]),
                (&why["score"], &why["tier"]),
                "{customer} {as_of}"
            );
            let by_facts = points(&why["criteria"]);
            assert_eq!(points(&made["points"]), by_facts, "{customer}");
            seen += 1;
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    seen
}

/// A fixed sequence of numbers that looks random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.roll(words.len() as u64)).unwrap()]
    }

    fn amount(&mut self) -> String {
        format!("{}.{:04}", self.roll(20_000), self.roll(10_000))
    }

    fn day(&mut self) -> String {
        let (year, month, day) = (2023 + self.roll(3), 1 + self.roll(12), 1 + self.roll(28));
        format!("{year}-{month:02}-{day:02}")
    }

    /// One of 60 facts of 5 customers: mostly a correction of an earlier one, sometimes cancelled.
    fn fact(&mut self) -> Value {
        let kinds = [
            "order_line",
            "order_line",
            "invoice",
            "payment",
            "return",
            "complaint",
            "staff_rating",
            "expense",
            "credit_note",
        ];
        let kind = self.pick(&kinds);
        let status = self.pick(&["open", "closed", "disputed", "cancelled"]);
        let customer = json!({"external": {"system": "erp", "id": format!("C-{}", self.roll(5))}});
        let document = json!({"system": "erp", "type": kind, "id": self.roll(12).to_string()});
        let mut other = json!({
            "kind": kind, "status": status, "customer": customer, "occurred_on": self.day(),
            "amount": self.amount(), "document": document,
        });
        let more = match kind {
            "order_line" => json!({"cost": self.amount()}),
            "invoice" => json!({"due_on": self.day()}),
            "payment" => {
                json!({"follows": {"system": "erp", "type": "invoice", "id": self.roll(12).to_string()}})
            }
            "complaint" => json!({"amount": null, "severity": 2}),
            "staff_rating" => {
                json!({"amount": null, "rating": "3.5", "author": self.pick(&["a", "b"])})
            }
            _ => json!({}),
        };
        let more = more.as_object().unwrap().clone();
        other.as_object_mut().unwrap().extend(more);
        fact(&self.roll(60).to_string(), other)
    }
}

both!(
    runs_by_rollups_are_what_the_facts_say,
    async |server: &Server| {
        let api = server.admin();
        for number in 0..5 {
            let path = format!("/v1/customers/by-external/erp/C-{number}");
            let body = json!({"kind": "organisation"});
            api.put(&path, body).await.expect(201);
        }
        let mut dice = Dice(20_250_817);
        for as_of in DAYS {
            let facts: Vec<Value> = (0..40).map(|_| dice.fact()).collect();
            let done = api.post("/v1/facts/batch", json!({ "facts": facts })).await;
            assert_eq!(done.expect(200).json["rejected"], 0);
            assert_eq!(agree(&api, as_of, 100).await, 5, "{as_of}");
        }
    }
);

both!(
    kept_sums_are_what_the_facts_said_at_every_position,
    async |server: &Server| {
        let api = server.admin();
        for number in 0..5 {
            let path = format!("/v1/customers/by-external/erp/C-{number}");
            api.put(&path, json!({"kind": "person"})).await.expect(201);
        }
        let found = api
            .get("/v1/customers/by-external/erp/C-0")
            .await
            .expect(200);
        let id = found.json["id"].as_str().unwrap().to_owned();
        let rollups = format!("/v1/customers/{id}/rollups?limit=200");
        let mut dice = Dice(42);
        let mut past = Vec::new();
        for _ in 0..4 {
            let facts: Vec<Value> = (0..40).map(|_| dice.fact()).collect();
            let done = api.post("/v1/facts/batch", json!({ "facts": facts })).await;
            assert_eq!(done.expect(200).json["rejected"], 0);
            // A receipt is taken at a position that has everything acknowledged before.
            let settled = format!("/v1/customers/{id}/credit-terms?receipt=full");
            let settled = api.get(&settled).await.expect(200).json;
            let position = settled["position"].as_i64().unwrap();
            past.push((position, api.get(&rollups).await.expect(200).json));
        }
        assert!(
            past.iter()
                .all(|(_, sums)| !sums["items"].as_array().unwrap().is_empty())
        );
        for (position, sums) in &past {
            let then = api.get(&format!("{rollups}&known_at={position}")).await;
            assert_eq!(&then.expect(200).json, sums, "{position}");
        }
        // In pages, and for some months, as without a position.
        let (position, now) = past.last().unwrap();
        let some = "from=2024-01-01&to=2024-12-31";
        let pages = format!("/v1/customers/{id}/rollups?limit=3&{some}&known_at={position}");
        let (mut items, mut path) = (Vec::new(), pages.clone());
        loop {
            let page = api.get(&path).await.expect(200).json;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = format!("{pages}&after={next}");
        }
        let year = |sum: &&Value| sum["month"].as_str().unwrap().starts_with("2024");
        let expected: Vec<&Value> = now["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(year)
            .collect();
        assert_eq!(items.iter().collect::<Vec<_>>(), expected);
        let wrong = api.get(&format!("{rollups}&known_at=yesterday")).await;
        wrong.expect_problem(422, "invalid-input", &["known_at"]);
    }
);
