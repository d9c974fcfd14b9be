//! Real files through the command line, on both databases: `examples/imports` on their data sets.

use crate::support::{Database, Server, block_on, data};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

/// Mapping, file, rows.
const FILES: [(&str, &str, u64); 8] = [
    (
        "classicmodels_customers",
        "classicmodels/customers.csv",
        122,
    ),
    ("classicmodels_products", "classicmodels/products.csv", 110),
    (
        "classicmodels_orderdetails",
        "classicmodels/orderdetails.csv",
        2_996,
    ),
    ("classicmodels_payments", "classicmodels/payments.csv", 273),
    ("superstore", "superstore/Superstore_iso_dates.csv", 9_994),
    (
        "ar_invoices",
        "ar_invoices/WA_Fn-UseC_-Accounts-Receivable.csv",
        2_466,
    ),
    (
        "ibm_customer_value",
        "dirty_ingest/ibm_customer_value_cr_line_endings.csv",
        9_134,
    ),
    ("cdnow", "cdnow/CDNOW_master.txt", 69_659),
];

pub fn import(database: &Database, mapping: &str, file: &Path, more: &[&str]) -> Output {
    let map = data::root().join(format!("examples/imports/{mapping}.toml"));
    let (file, map) = (file.to_str().unwrap(), map.to_str().unwrap());
    let call = [&["import", file, "--map", map, "--json"], more].concat();
    database.run(&call)
}

pub fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn all_files_twice(database: Database) {
    for (mapping, file, rows) in FILES {
        let Some(file) = data::file(file) else {
            return;
        };
        for outcome in ["created", "unchanged"] {
            let output = import(&database, mapping, &file, &[]);
            assert!(
                output.stderr.is_empty(),
                "no bar where nobody looks: {output:?}"
            );
            assert!(output.status.success(), "{mapping}: {output:?}");
            let counts = told(&output);
            let rest = (&counts["rejected"], &counts["updated"]);
            assert_eq!(
                (&counts["rows"], &counts[outcome]),
                (&json!(rows), &json!(rows)),
                "{mapping}"
            );
            assert_eq!(rest, (&json!(0), &json!(0)), "{mapping}");
        }
    }
    database.tiercel(&["audit", "verify"]);
    block_on(figures(database));
}

/// What the five sets say in one company: the days of their business tell them apart.
async fn figures(database: Database) {
    let server = Server::start(database).await;
    let api = server.admin();
    let portfolio = async |as_of: &str| {
        let path = format!("/v1/reports/portfolio?as_of={as_of}");
        api.get(&path).await.expect(200).json
    };
    let cdnow = portfolio("1998-06-30").await;
    assert_eq!(cdnow["sales"]["revenue"], "2500315.63");
    assert_eq!(cdnow["sales"]["purchase_days"], 67_591);
    assert_eq!(cdnow["active"], 3_301);
    // With the 9,365,336.43 of classicmodels, whose payments no invoice takes.
    let models = portfolio("2005-12-31").await;
    assert_eq!(models["sales"]["revenue"], "11865652.06");
    assert_eq!(models["receivables"]["unallocated"], "8853839.23");
    let ar = portfolio("2013-06-30").await["receivables"].clone();
    let found = (&ar["open_invoices"], &ar["open"], &ar["settled"]);
    assert_eq!(found, (&json!(84), &json!("5119.85"), &json!(1_846)));
    assert_eq!(ar["on_time_pct_by_count"], "63.2178");
    assert_eq!(ar["on_time_pct_by_amount"], "62.3433");
    // And with the 2,297,200.8603 of superstore.
    let all = portfolio("2017-12-31").await;
    assert_eq!(all["sales"]["revenue"], "14162852.9203");
    let first = "/v1/phones?valid=true&limit=200";
    let valid = api.get(first).await.expect(200).json;
    assert_eq!(valid["items"].as_array().unwrap().len(), 97);
}

#[test]
fn real_files_are_taken_whole_and_a_second_time_change_nothing_sqlite() {
    all_files_twice(Database::sqlite());
}

#[test]
fn real_files_are_taken_whole_and_a_second_time_change_nothing_postgres() {
    if let Some(database) = Database::postgres() {
        all_files_twice(database);
    }
}

#[test]
fn a_trial_finds_what_the_import_finds_and_writes_nothing_sqlite() {
    trial_and_import(&Database::sqlite());
}

#[test]
fn a_trial_finds_what_the_import_finds_and_writes_nothing_postgres() {
    if let Some(database) = Database::postgres() {
        trial_and_import(&database);
    }
}

fn trial_and_import(database: &Database) {
    let folder = database.data();
    let (file, map) = (folder.join("in.csv"), folder.join("map.toml"));
    std::fs::write(
        &file,
        "customer,day,amount\nc1,2024-01-02,5\nc2,2024-01-02,x\n",
    )
    .unwrap();
    let fact = "[[fact]]\nkind = \"payment\"\nexternal_id = { row_number = true }\n\
        customer = { column = \"customer\" }\noccurred_on = { column = \"day\" }\n\
        status = { constant = \"closed\" }\namount = { column = \"amount\" }\n";
    let mapping = format!("[source]\nsystem = \"s\"\n[defaults]\ndate = [\"%Y-%m-%d\"]\n{fact}");
    std::fs::write(&map, &mapping).unwrap();
    let (file, map) = (file.to_str().unwrap(), map.to_str().unwrap());
    let rejected = folder.join("rejected.csv");
    let rejected = rejected.to_str().unwrap();
    let call = ["import", file, "--map", map, "--errors", rejected, "--json"];
    let trial: Value =
        serde_json::from_str(&database.tiercel(&[&call[..], &["--dry-run"]].concat())).unwrap();
    assert_eq!(
        (&trial["accepted"], &trial["rejected"]),
        (&json!(0), &json!(2))
    );
    let errors = std::fs::read_to_string(rejected).unwrap();
    assert!(
        errors.contains("(unknown_customer)") && errors.contains("(not_a_number)"),
        "{errors}"
    );
    let done: Value = serde_json::from_str(&database.tiercel(&call)).unwrap();
    assert_eq!(
        (&done["created"], &done["rejected"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(std::fs::read_to_string(rejected).unwrap(), errors);

    std::fs::write(folder.join("map.toml"), mapping.replace("payment", "gift")).unwrap();
    let output = database.run(&call);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/fact/0/kind"));
}

/// Three chunks of payments that one customer made.
const ROWS: usize = 2_500;

/// Somebody looks on: `script` gives the program a terminal.
#[test]
fn an_import_shows_how_far_it_has_come() {
    let database = Database::sqlite();
    let folder = database.data();
    let (file, map) = (folder.join("in.csv"), folder.join("map.toml"));
    let rows: String = (0..ROWS).map(|row| format!("{row}\n")).collect();
    std::fs::write(&file, format!("id\n{rows}")).unwrap();
    let mapping = "[source]\nsystem = \"s\"\n[[product]]\nsku = { column = \"id\" }\n";
    std::fs::write(&map, mapping).unwrap();
    let shown = |path: &Path| path.display().to_string();
    let call = format!(
        "{} import {} --map {} --data {}",
        crate::support::server::TIERCEL,
        shown(&file),
        shown(&map),
        shown(folder)
    );
    let mut terminal = std::process::Command::new("script");
    let watched = terminal.args(["-qec", &call, "/dev/null"]).output();
    let Ok(watched) = watched else {
        return crate::support::skipped("`script` is not installed");
    };
    let seen = String::from_utf8_lossy(&watched.stdout).into_owned();
    assert!(watched.status.success(), "{seen}");
    assert!(seen.contains(&format!("/{ROWS} rows, ")), "{seen:?}");
    assert!(seen.contains("2500 rows: 2500 created"), "{seen:?}");
}

const CATALOGUE: &str = "[source]\nsystem = \"s\"\n[defaults]\ndate = [\"%Y-%m-%d\"]\n\
    [[product]]\nsku = { column = \"sku\" }\n";
const COSTS: &str = "[product.cost]\nvalue = { column = \"cost\" }\n\
    from = { constant = \"2024-01-01\" }\n";
const LINES: &str = "[source]\nsystem = \"s\"\n[defaults]\ndate = [\"%Y-%m-%d\"]\n\
    [[customer]]\nexternal_id = { column = \"customer\" }\nname = { column = \"customer\" }\n\
    kind = { constant = \"person\" }\n\
    [[fact]]\nkind = \"order_line\"\nexternal_id = { row_number = true }\n\
    customer = { column = \"customer\" }\noccurred_on = { column = \"day\" }\n\
    status = { constant = \"closed\" }\nsku = { column = \"sku\" }\n\
    quantity = { constant = \"2\" }\namount = { column = \"amount\" }\n";

/// Imports three files in this order and returns every fact and the sums of the company.
async fn loaded(database: Database, order: [&str; 3]) -> Value {
    let folder = database.data().to_owned();
    let catalogue = "sku,cost\nA,3.5\nB,4\n";
    let files = [
        ("skus", CATALOGUE.to_owned(), catalogue),
        ("costs", format!("{CATALOGUE}{COSTS}"), catalogue),
        (
            "lines",
            LINES.to_owned(),
            "customer,day,sku,amount\nc1,2024-02-01,A,10\nc2,2024-02-02,B,7\n",
        ),
    ];
    for name in order {
        let (_, mapping, rows) = files.iter().find(|file| file.0 == name).unwrap();
        let (file, map) = (folder.join("in.csv"), folder.join("map.toml"));
        std::fs::write(&file, rows).unwrap();
        std::fs::write(&map, mapping).unwrap();
        let (file, map) = (file.to_str().unwrap(), map.to_str().unwrap());
        database.tiercel(&["import", file, "--map", map]);
    }
    let server = Server::start(database).await;
    let api = server.admin();
    let facts = api.get("/v1/facts").await.expect(200).json;
    let mut facts: Vec<Value> = facts["items"].as_array().unwrap().clone();
    facts.sort_by_key(|fact| fact["external_id"].to_string());
    let facts: Vec<Value> = facts
        .iter()
        .map(|fact| json!([fact["external_id"], fact["cost"], fact["cost_source"]]))
        .collect();
    let sums = api.get("/v1/reports/portfolio?as_of=2024-12-31").await;
    json!([facts, sums.expect(200).json])
}

fn costs_before_or_after(database: impl Fn() -> Option<Database>) {
    let (Some(one), Some(other)) = (database(), database()) else {
        return;
    };
    let before = block_on(loaded(one, ["skus", "costs", "lines"]));
    let after = block_on(loaded(other, ["skus", "lines", "costs"]));
    assert_eq!(before, after);
    assert_eq!(before[0][0][1], "7.00", "{before}");
}

#[test]
fn costs_imported_after_the_orders_end_like_costs_imported_before_sqlite() {
    costs_before_or_after(|| Some(Database::sqlite()));
}

#[test]
fn costs_imported_after_the_orders_end_like_costs_imported_before_postgres() {
    costs_before_or_after(Database::postgres);
}
