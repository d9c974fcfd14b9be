//! The figures of the real data sets, imported and asked for over HTTP, on both databases.

use crate::api::histories::agree;
use crate::support::{Api, Server, both, data, job_ended};
use reqwest::Method;
use serde_json::{Value, json};

const CSV: (&str, &str) = ("content-type", "text/csv");

/// Imports a data set by its mapping, without a rejected row; false where it is not there.
async fn import(api: &Api, mapping: &str, file: &str, lookups: &[(&str, &str)]) -> bool {
    let Some(job) = run_import(api, mapping, file, lookups).await else {
        return false;
    };
    assert_eq!(
        (&job["state"], &job["counts"]["rejected"]),
        (&json!("done"), &json!(0)),
        "{job}"
    );
    true
}

/// Sends the second files, the mapping and the file; the job once it has ended, or nothing where
/// the data set is not there.
pub async fn run_import(
    api: &Api,
    mapping: &str,
    file: &str,
    lookups: &[(&str, &str)],
) -> Option<Value> {
    let path = data::file(file)?;
    for (name, file) in lookups {
        let second = std::fs::read(data::file(file)?).unwrap();
        let to = format!("/v1/import-files/{name}");
        api.raw(Method::PUT, &to, second, &[CSV]).await.expect(200);
    }
    let map = data::root().join(format!("examples/imports/{mapping}.toml"));
    let toml = [("content-type", "application/toml")];
    let to = format!("/v1/import-mappings/{mapping}");
    api.raw(Method::PUT, &to, std::fs::read(map).unwrap(), &toml)
        .await
        .expect(201);
    let from = format!("/v1/imports?mapping={mapping}");
    let queued = api
        .raw(Method::POST, &from, std::fs::read(path).unwrap(), &[CSV])
        .await
        .expect(202);
    Some(job_ended(api, queued.header("location")).await)
}

async fn portfolio(api: &Api, as_of: &str) -> Value {
    api.get(&format!("/v1/reports/portfolio?as_of={as_of}"))
        .await
        .expect(200)
        .json
}

async fn evaluate(api: &Api, as_of: &str) {
    let queued = api
        .post("/v1/evaluations", json!({ "as_of": as_of }))
        .await
        .expect(202);
    assert_eq!(
        job_ended(api, queued.header("location")).await["state"],
        "done"
    );
}

both!(superstore_in_tiers, async |server: &Server| {
    let api = server.admin();
    if !import(
        &api,
        "superstore",
        "superstore/Superstore_iso_dates.csv",
        &[],
    )
    .await
    {
        return;
    }
    evaluate(&api, "2017-12-31").await;
    let total = portfolio(&api, "2017-12-31").await;
    assert_eq!(total["sales"]["revenue"], "2297200.8603");
    assert_eq!(total["sales"]["profit"], "286397.0217");
    assert_eq!(
        (&total["customers"], &total["unprofitable"]),
        (&json!(793), &json!(155))
    );
    assert_eq!(
        portfolio(&api, "2016-12-31").await["sales"]["profit"],
        "192957.7521"
    );

    let tiers = total["tiers"].as_array().unwrap();
    let tier = |code: &str| tiers.iter().find(|tier| tier["code"] == code).unwrap();
    let mean = |code: &str| {
        tier(code)["mean_profit"]
            .as_str()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    assert_eq!(tier("high")["unprofitable"], 0);
    assert!(
        mean("high") > mean("general") && mean("general") > mean("low"),
        "{tiers:?}"
    );
    assert!(
        tiers
            .iter()
            .all(|tier| tier["customers"].as_u64().unwrap() >= 40),
        "{tiers:?}"
    );

    for (id, profit, earlier) in [
        ("TC-20980", "8981.3239", "8981.3239"),
        ("CS-12505", "-6626.3895", "-6670.0955"),
    ] {
        let customer = api
            .get(&format!("/v1/customers/by-external/superstore/{id}"))
            .await
            .expect(200);
        let customer = customer.json["id"].as_str().unwrap().to_owned();
        for (as_of, profit) in [("2017-12-31", profit), ("2016-12-31", earlier)] {
            let path = format!("/v1/customers/{customer}/evaluation?as_of={as_of}&explain=full");
            let evaluation = api.get(&path).await.expect(200).json;
            let criteria = evaluation["criteria"].as_array().unwrap();
            let found = criteria
                .iter()
                .find(|one| one["measure"] == "profit_contribution");
            assert_eq!(found.unwrap()["value"], *profit, "{id} {as_of}");
        }
    }
    let blind = server.with("evaluations:read");
    let hidden = portfolio(&blind, "2017-12-31").await;
    assert_eq!(hidden["sales"]["profit"], Value::Null);
    assert!(!hidden.to_string().contains("286397"));
    assert_eq!(agree(&api, "2017-09-14", 1_000).await, 793);
});

both!(cdnow_at_six_quarter_ends, async |server: &Server| {
    let api = server.admin();
    if !import(&api, "cdnow", "cdnow/CDNOW_master.txt", &[]).await {
        return;
    }
    for (as_of, days, spend, active) in [
        ("1997-03-31", 31_141, "1071805.47", 23_570),
        ("1997-06-30", 40_614, "1430959.13", 5_322),
        ("1997-09-30", 47_907, "1723354.50", 4_195),
        ("1997-12-31", 55_319, "2024161.26", 4_176),
        ("1998-03-31", 61_927, "2286985.15", 3_817),
        ("1998-06-30", 67_591, "2500315.63", 3_301),
    ] {
        let total = portfolio(&api, as_of).await;
        let found = (
            &total["sales"]["purchase_days"],
            &total["sales"]["revenue"],
            &total["active"],
        );
        assert_eq!(
            found,
            (&json!(days), &json!(spend), &json!(active)),
            "{as_of}"
        );
    }
    assert_eq!(agree(&api, "1998-02-11", 400).await, 400);
});

both!(receivables_at_the_end_of_june, async |server: &Server| {
    let api = server.admin();
    let file = "ar_invoices/WA_Fn-UseC_-Accounts-Receivable.csv";
    if !import(&api, "ar_invoices", file, &[]).await {
        return;
    }
    let found = portfolio(&api, "2013-06-30").await["receivables"].clone();
    assert_eq!(
        (&found["open_invoices"], &found["open"]),
        (&json!(84), &json!("5119.85"))
    );
    let bucket = |at: usize| {
        (
            found["ageing"][at]["items"].clone(),
            found["ageing"][at]["amount"].clone(),
        )
    };
    assert_eq!(bucket(0), (json!(72), json!("4284.29")));
    assert_eq!(bucket(1), (json!(12), json!("835.56")));
    assert_eq!(found["settled"], 1_846);
    assert_eq!(found["on_time_pct_by_count"], "63.2178");
    assert_eq!(found["on_time_pct_by_amount"], "62.3433");

    let all = portfolio(&api, "2014-12-31").await["receivables"].clone();
    assert_eq!(
        (&all["invoices"], &all["disputed"]),
        (&json!(2_466), &json!(561))
    );
    assert_eq!(
        (&all["mean_days_late"], &all["on_time_pct_by_count"]),
        (&json!("3.4424"), &json!("64.4363"))
    );
});

both!(classicmodels_and_its_phones, async |server: &Server| {
    let api = server.admin();
    let orders = [
        ("orders", "classicmodels/orders.csv"),
        ("products", "classicmodels/products.csv"),
    ];
    let sets = [
        (
            "classicmodels_customers",
            "classicmodels/customers.csv",
            &[][..],
        ),
        ("classicmodels_products", "classicmodels/products.csv", &[]),
        (
            "classicmodels_orderdetails",
            "classicmodels/orderdetails.csv",
            &orders,
        ),
        ("classicmodels_payments", "classicmodels/payments.csv", &[]),
    ];
    for (mapping, file, lookups) in sets {
        if !import(&api, mapping, file, lookups).await {
            return;
        }
    }
    let total = portfolio(&api, "2005-05-31").await;
    assert_eq!(total["sales"]["revenue"], "9365336.43");
    assert_eq!(total["sales"]["profit"], "3731511.97");
    assert_eq!(
        (&total["customers"], &total["with_orders"]),
        (&json!(122), &json!(98))
    );
    let later = portfolio(&api, "2005-12-31").await;
    assert_eq!(later["receivables"]["unallocated"], "8853839.23");

    let terms = "/v1/customers/by-external/classicmodels/141/credit-terms";
    let terms = api.get(terms).await.expect(200).json;
    assert_eq!(terms["limit"]["amount"], "227600.00");
    assert_eq!(
        terms["exposure"]["known"], false,
        "no invoices: exposure is missing, not zero"
    );

    let phones = all_phones(&api).await;
    let mut exact = 0;
    let mut shared = 0;
    for phone in &phones {
        let e164 = phone["e164"].as_str();
        for spelling in spellings(phone["number"].as_str().unwrap(), e164) {
            let found = api
                .get(&format!("/v1/routing/lookup?caller={}", encoded(&spelling)))
                .await
                .expect(200)
                .json;
            match (e164, found["ambiguous"] == true) {
                (_, true) => shared += 1,
                (Some(_), false) => {
                    assert_eq!(
                        found["customer_ref"], phone["customer_id"],
                        "{spelling}: {found}"
                    );
                    assert_eq!(found["match_quality"], "exact", "{spelling}");
                    exact += 1;
                }
                (None, false) => assert_eq!(
                    found["customer_ref"], phone["customer_id"],
                    "{spelling}: {found}"
                ),
            }
        }
    }
    assert_eq!(
        phones
            .iter()
            .filter(|phone| phone["e164"].is_string())
            .count(),
        97
    );
    assert_eq!(
        (exact + shared, shared),
        (97 * 5, 4 * 5),
        "two pairs share a number"
    );
});

async fn all_phones(api: &Api) -> Vec<Value> {
    let mut found = api.all("/v1/phones?valid=true").await;
    found.extend(api.all("/v1/phones?valid=false").await);
    found
}

/// Five ways to write a valid number; one that is not valid matches as it was typed.
fn spellings(raw: &str, e164: Option<&str>) -> Vec<String> {
    let Some(e164) = e164 else {
        return vec![raw.to_owned()];
    };
    let digits = e164.trim_start_matches('+');
    let grouped: Vec<String> = digits
        .as_bytes()
        .chunks(3)
        .map(|part| String::from_utf8_lossy(part).into())
        .collect();
    vec![
        e164.to_owned(),
        format!("00{digits}"),
        format!("+{}", grouped.join(" ")),
        format!("+{}", grouped.join("-")),
        format!("tel:{e164}"),
    ]
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
