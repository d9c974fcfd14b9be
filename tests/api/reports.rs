//! Reports: the figures of Superstore, parts that add up, and the three forms of an answer.

use super::evaluations::evaluate_everyone;
use crate::figures::run_import;
use crate::support::{Api, Server, both};
use serde_json::{Value, json};

async fn report(api: &Api, query: &str) -> Value {
    api.get(&format!("/v1/reports/{query}"))
        .await
        .expect(200)
        .json
}

async fn superstore(api: &Api) -> bool {
    let file = "superstore/Superstore_iso_dates.csv";
    run_import(api, "superstore", file, &[]).await.is_some()
}

both!(
    the_whale_of_superstore_peaks_at_638_of_793,
    async |server: &Server| {
        let api = server.admin();
        if !superstore(&api).await {
            return;
        }
        let whale = report(&api, "whale-curve?as_of=2017-12-31").await;
        assert_eq!(
            (&whale["count"], &whale["losing"]),
            (&json!(793), &json!(155))
        );
        assert_eq!(whale["peak"]["rank"], 638);
        let share: f64 = whale["peak"]["share"].as_str().unwrap().parse().unwrap();
        assert!((share - 1.2487).abs() < 0.00005, "{share}");
        assert_eq!(whale["profit"], "286397.0217");
        let losses: f64 = whale["losses"].as_str().unwrap().parse().unwrap();
        assert!((losses + 71_224.47).abs() < 0.005, "{losses}");
        assert_eq!(whale["best_fifth"]["rank"], 158);
        let fifth: f64 = whale["best_fifth"]["share"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((fifth - 0.8143).abs() < 0.00005, "{fifth}");
        let points = whale["points"].as_array().unwrap();
        assert!(points.len() <= 202 && points.iter().any(|it| it["rank"] == 638));
        assert_eq!(points[0]["rank"].as_u64().unwrap() * 200 / 793, 1);

        // Customers, products and categories bring the same together as the company.
        let company = report(&api, "portfolio?as_of=2017-12-31").await;
        for by in ["customers", "products", "categories"] {
            let parts = report(&api, &format!("whale-curve?as_of=2017-12-31&by={by}")).await;
            assert_eq!(parts["profit"], company["sales"]["profit"], "{by}");
        }
        let blind = server.with("evaluations:read");
        let refused = blind.get("/v1/reports/whale-curve").await;
        refused.expect_problem(403, "forbidden", &[]);

        let chart = api
            .get("/v1/reports/whale-curve?as_of=2017-12-31&format=svg")
            .await
            .expect(200);
        assert_eq!(chart.header("content-type"), "image/svg+xml");
        assert!(chart.text.starts_with("<svg ") && chart.text.contains("124.87 % at 638"));
        if let Some(folder) = std::env::var_os("TIERCEL_TEST_CHARTS") {
            keep_charts(&api, folder.as_ref()).await;
        }
    }
);

/// Writes the charts to look at them.
async fn keep_charts(api: &Api, folder: &std::path::Path) {
    let over = "from=2016-12-31&to=2017-12-31";
    for (name, query) in [
        ("whale", "whale-curve?as_of=2017-12-31".to_owned()),
        ("history", format!("portfolio/history?{over}")),
        ("transitions", format!("transitions?{over}")),
        ("stability", format!("stability?{over}")),
        (
            "agreement",
            format!("agreement?model=default&version=1&{over}"),
        ),
    ] {
        let chart = api
            .get(&format!("/v1/reports/{query}&format=svg"))
            .await
            .expect(200);
        std::fs::write(folder.join(format!("{name}.svg")), chart.text).unwrap();
    }
}

both!(
    tiers_over_time_agree_with_each_other,
    async |server: &Server| {
        let api = server.admin();
        if !superstore(&api).await {
            return;
        }
        let over = "from=2016-12-31&to=2017-12-31&every=quarter";
        let history = report(&api, &format!("portfolio/history?{over}")).await;
        let rows = history["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 5 * 3);
        // What a run of the last day finds is what the report says of it.
        evaluate_everyone(&api, "2017-12-31").await;
        let portfolio = report(&api, "portfolio?as_of=2017-12-31").await;
        for tier in portfolio["tiers"].as_array().unwrap() {
            let same = |row: &&Value| row["on"] == "2017-12-31" && row["tier"] == tier["code"];
            let row = rows.iter().find(same).unwrap();
            assert_eq!(row["customers"], tier["customers"], "{row}");
        }
        let moved = report(&api, "transitions?from=2016-12-31&to=2017-12-31").await;
        let cells = moved["cells"].as_array().unwrap();
        let count = |keep: &dyn Fn(&Value) -> bool| -> u64 {
            cells
                .iter()
                .filter(|it| keep(it))
                .map(|it| it["customers"].as_u64().unwrap())
                .sum()
        };
        assert_eq!(count(&|_| true), moved["compared"].as_u64().unwrap());
        assert_eq!(
            count(&|it| it["from"] != it["to"]),
            moved["changed"].as_u64().unwrap()
        );
        let steady = report(&api, &format!("stability?{over}")).await;
        let steps = steady["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 4);
        assert!(
            steps[3]["bounced"].is_null() && steps[0]["bounced"].is_u64(),
            "{steady}"
        );
        assert!(steady["changed"].as_u64() >= steady["bounced"].as_u64());

        // A model agrees with itself, and is as steady as itself.
        let same = report(&api, &format!("agreement?model=default&version=1&{over}")).await;
        for date in same["dates"].as_array().unwrap() {
            assert_eq!(date["compared"], date["same"], "{date}");
            assert_eq!((&date["better"], &date["worse"]), (&json!(0), &json!(0)));
        }
        assert_eq!(same["champion"], same["challenger"]);

        let csv = api
            .get(&format!("/v1/reports/stability?{over}&format=csv"))
            .await
            .expect(200);
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(csv.text.lines().count(), 5);
        assert!(csv.text.starts_with("from,to,compared,changed,bounced\r\n"));
        let wrong = "/v1/reports/stability?from=2017-12-31&to=2017-01-01";
        api.get(wrong)
            .await
            .expect_problem(422, "invalid-input", &["from"]);
        let wrong = "/v1/reports/stability?from=1990-12-31&to=2017-01-01";
        api.get(wrong)
            .await
            .expect_problem(422, "invalid-input", &["from"]);
        let wrong = "/v1/reports/agreement?model=default&version=9";
        api.get(wrong)
            .await
            .expect_problem(422, "invalid-input", &["version"]);
    }
);
