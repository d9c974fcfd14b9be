//! Payback: who is held out stays so, is told so, and is whom the others are compared with.

use super::receipts::publish;
use crate::support::{Api, Server, both};
use serde_json::{Value, json};

const REPORT: &str = "/v1/reports/payback?from=2026-02-01&to=2026-06-30";

/// Customers who buy for 100 with a cost that differs, before and in the period.
async fn company(api: &Api, many: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut facts = Vec::new();
    for number in 0..many {
        let path = format!("/v1/customers/by-external/erp/C-{number}");
        let body = json!({"kind": "organisation", "since": "2020-01-01"});
        let made = api.put(&path, body).await.expect(201).json;
        ids.push(made["id"].as_str().unwrap().to_owned());
        for (line, day) in ["2025-12-15", "2026-03-01"].iter().enumerate() {
            facts.push(
                json!({"source": "erp", "external_id": format!("{number}-{line}"),
                "kind": "order_line", "occurred_on": day, "amount": "100",
                "cost": (40 + number % 7).to_string(), "quantity": "1",
                "customer": {"external": {"system": "erp", "id": format!("C-{number}")}}}),
            );
        }
    }
    api.post("/v1/facts/batch", json!({"facts": facts}))
        .await
        .expect(200);
    ids
}

/// Everybody gets ten per cent, but a third nothing; tiers give nothing more.
async fn hold_out(api: &Api) {
    publish(api, "discount", "2026-01-01", |document| {
        for rule in document["groups"][0]["rules"].as_array_mut().unwrap() {
            rule["value"] = json!("0");
        }
        let thanks = json!({"id": "thanks", "kind": "percent", "value": "10",
            "hold_out": {"share_pct": "33.3", "salt": "spring"}});
        let group = json!({"code": "thanks", "mode": "unique", "basis": "list", "rules": [thanks]});
        document["groups"].as_array_mut().unwrap().push(group);
    })
    .await;
}

/// Whether the quote of a customer gives it nothing, and says why.
async fn pays_list(api: &Api, number: usize) -> bool {
    let body = json!({
        "customer": {"external": {"system": "erp", "id": format!("C-{number}")}},
        "lines": [{"line_id": "1", "quantity": "1", "list_unit_price": "100", "unit_cost": "10"}],
    });
    let told = api
        .post("/v1/decisions/discount", body)
        .await
        .expect(200)
        .json;
    let line = &told["lines"][0];
    let held = line["net_unit_price"] == "100.00";
    let near = line["not_applied"].as_array().unwrap().iter();
    let said = near
        .clone()
        .any(|it| it["rule"] == "thanks" && it["reason"] == "held_out");
    assert_eq!(held, said, "{line}");
    held
}

fn row<'v>(report: &'v Value, benefit: &str) -> &'v Value {
    let rows = report["rows"].as_array().unwrap().iter();
    rows.clone()
        .find(|it| it["benefit"] == benefit)
        .unwrap_or_else(|| panic!("{benefit}: {report}"))
}

both!(
    whoever_is_held_out_gets_nothing_and_is_compared,
    async |server: &Server| {
        let api = server.admin();
        let ids = company(&api, 60).await;
        hold_out(&api).await;
        let mut held = Vec::new();
        for number in 0..ids.len() {
            held.push(pays_list(&api, number).await);
        }
        let count = held.iter().filter(|it| **it).count();
        // 33 % of 60 is 20; five standard deviations of that count are 18.
        assert!((3..38).contains(&count), "{count}");
        for (number, held) in held.iter().enumerate().take(5) {
            assert_eq!(pays_list(&api, number).await, *held, "it stays so");
        }

        // The trace of entitlements says so, and the customer does not read it.
        let one = held.iter().position(|it| *it).unwrap();
        let path = format!("/v1/entitlements?customer={}", ids[one]);
        let seen = api.get(&path).await.expect(200).json;
        let rules = seen["discount"]["rules"].as_array().unwrap().iter();
        let rule = rules.clone().find(|it| it["rule"] == "thanks").unwrap();
        assert_eq!(rule["held_out"], true);
        let levels = seen["discount"]["trace"].as_array().unwrap().iter();
        let all = levels.clone().find(|it| it["level"] == "default").unwrap();
        assert_eq!(
            (&all["sources"], &all["held_out"]),
            (&json!(["promote"]), &json!(["thanks"]))
        );
        let body = json!({"customer": ids[one]});
        let token = api.post("/v1/customer-tokens", body).await.expect(200);
        let page = server.bearing(token.json["access_token"].as_str().unwrap());
        let own = page.get(&path).await.expect(200).text;
        assert!(
            !own.contains("held_out") && !own.contains("thanks"),
            "{own}"
        );
        let card = format!("/v1/customers/{}/service-card", ids[one]);
        let card = page.get(&card).await.expect(200).text;
        assert!(!card.contains("10 %"), "{card}");

        // Nobody brings more for it: the report says that nothing is known.
        let report = api.get(REPORT).await.expect(200).json;
        assert_eq!(
            (&report["customers"], &report["newcomers"]),
            (&json!(60), &json!(0))
        );
        let found = row(&report, "thanks");
        assert_eq!(
            (&found["kind"], &found["tier"], &found["method"]),
            (&json!("discount"), &json!("general"), &json!("held_out"))
        );
        assert_eq!(found["without"]["customers"], count);
        assert_eq!(found["with"]["customers"], 60 - count);
        // Ten per cent of a hundred for each.
        assert_eq!(
            found["with"]["discount_cost"],
            format!("{}.00", 10 * (60 - count))
        );
        assert_eq!(found["without"]["discount_cost"], "0.00");
        assert_eq!(found["verdict"], "inconclusive");
        assert!(found["low"].as_str().unwrap().starts_with('-'), "{found}");
    }
);

both!(
    an_effect_is_found_and_told_in_a_table,
    async |server: &Server| {
        let api = server.admin();
        let ids = company(&api, 60).await;
        hold_out(&api).await;
        // Those who have it buy again, for much more than they cost; and owe it for a while.
        let mut facts = Vec::new();
        for number in 0..ids.len() {
            if !pays_list(&api, number).await {
                let of = json!({"external": {"system": "erp", "id": format!("C-{number}")}});
                facts.push(json!({"source": "erp", "external_id": format!("more-{number}"),
                    "kind": "order_line", "occurred_on": "2026-04-01", "amount": "900", "cost": "100",
                    "customer": of}));
                facts.push(
                    json!({"source": "erp", "external_id": format!("bill-{number}"),
                    "kind": "invoice", "occurred_on": "2026-06-21", "amount": "365",
                    "due_on": "2026-12-31", "customer": of}),
                );
            }
        }
        api.post("/v1/facts/batch", json!({"facts": facts}))
            .await
            .expect(200);
        let path = format!("{REPORT}&capital_pct=10");
        let report = api.get(&path).await.expect(200).json;
        let found = row(&report, "thanks");
        assert_eq!(found["verdict"], "pays", "{found}");
        let difference: f64 = found["difference"].as_str().unwrap().parse().unwrap();
        // 800 more, less ten days of 365 at 10 %, give or take what their costs differ.
        assert!((790.0..808.0).contains(&difference), "{difference}");
        let with = found["with"]["customers"].as_u64().unwrap();
        assert_eq!(found["with"]["capital_cost"], format!("{with}.00"));

        let table = api.get(&format!("{path}&format=csv")).await.expect(200);
        assert!(table.header("content-type").starts_with("text/csv"));
        assert!(table.text.starts_with("kind,benefit,tier,method,"));
        assert!(table.text.contains("\r\ndiscount,thanks,general,held_out,"));

        let chart = api.get(&format!("{path}&format=svg")).await;
        chart.expect_problem(422, "invalid-input", &["format"]);
        let wrong = "/v1/reports/payback?from=2026-02-01&to=2999-01-01&bandwidth=0&capital_pct=101";
        let pointers = ["to", "bandwidth", "capital_pct"];
        api.get(wrong)
            .await
            .expect_problem(422, "invalid-input", &pointers);
        let blind = server.with("evaluations:read,policies:read");
        blind.get(REPORT).await.expect(403);
    }
);

both!(
    terms_of_a_tier_can_be_held_out_and_thresholds_compare_the_rest,
    async |server: &Server| {
        let api = server.admin();
        let ids = company(&api, 40).await;
        // Half of a tier gets the terms of `high` instead, which here are for everybody else.
        publish(&api, "credit", "2026-01-01", |document| {
            document["default_tier"] = json!("high");
            document["tiers"][1]["hold_out"] = json!({"share_pct": "50"});
            document["tiers"][2]["hold_out"] = json!({"share_pct": "50"});
        })
        .await;
        let mut held = 0;
        for id in &ids {
            let path = format!("/v1/customers/{id}/credit-terms");
            let terms = api.get(&path).await.expect(200).json;
            let path = format!("/v1/entitlements?customer={id}");
            let seen = api.get(&path).await.expect(200).json;
            let levels = seen["credit"]["term_trace"].as_array().unwrap().iter();
            let tier = levels.clone().find(|it| it["level"] == "tier").unwrap();
            let out = tier["held_out"] == json!([seen["tier"]["code"]]);
            let default = terms["payment_term"]["code"] == "2-10-N45";
            assert_eq!(default, out, "{terms} {tier}");
            held += u64::from(out);
        }
        assert!((5..35).contains(&held), "{held}");
        // On the eve of the period they all were of `general`.
        let report = api.get(REPORT).await.expect(200).json;
        let found = row(&report, "general");
        assert_eq!(
            (&found["kind"], &found["method"]),
            (&json!("credit"), &json!("held_out"))
        );
        let sides = ["with", "without"].map(|side| found[side]["customers"].as_u64().unwrap());
        assert!(sides[1] > 4 && sides[0] + sides[1] == 40, "{sides:?}");
        // Without a hold-out, who is just below `high` stands for those who do not have it.
        let path = format!("{REPORT}&bandwidth=1000");
        let wide = api.get(&path).await.expect(200).json;
        let found = row(&wide, "tier-high");
        assert_eq!(found["method"], "threshold");
        assert_eq!(
            (&found["with"]["customers"], &found["without"]["customers"]),
            (&json!(0), &json!(40))
        );
        assert_eq!(
            (&found["verdict"], &found["difference"]),
            (&json!("inconclusive"), &Value::Null)
        );
        let faulty = publish_fault(&api).await;
        assert!(faulty.contains("hold_out"), "{faulty}");
    }
);

/// What is said of a share above one half.
async fn publish_fault(api: &Api) -> String {
    let versions = "/v1/service-policies/discount/versions";
    let first = api.get(&format!("{versions}/1")).await.expect(200);
    let mut document = first.json["document"].clone();
    document["groups"][0]["rules"][0]["hold_out"] = json!({"share_pct": "51"});
    let draft = api.post(versions, document).await;
    match draft.status {
        201 => {
            let publish = format!("{}/publish", draft.header("location"));
            api.post(&publish, json!({})).await.expect(422).text
        }
        _ => draft.expect(422).text,
    }
}
