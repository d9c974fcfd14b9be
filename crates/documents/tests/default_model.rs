//! What the default model makes of real customers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]
#![allow(clippy::print_stderr, reason = "what is skipped must be seen")]

use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use tiercel_documents::evaluation_model::{DEFAULT_MODEL, parse_model};
use tiercel_domain::currency::Currency;
use tiercel_domain::evaluation::{Measure, Model, Scoring, Subject, evaluate};
use tiercel_domain::fact::{Cost, DocumentRef, DocumentStatus, Fact, FactKind, RecordedAmount};
use tiercel_domain::history::{Series, Sums};
use tiercel_domain::ids::{CustomerId, FactId};
use tiercel_domain::profile::{Attributes, CustomerKind, Profile};
use tiercel_domain::scaled::{Amount, Points};

type Row = HashMap<String, String>;
type Portfolio = BTreeMap<String, Vec<Fact>>;

/// Where the data sets lie: `TIERCEL_TEST_DATA`, else beside the repository.
#[allow(
    clippy::disallowed_methods,
    reason = "tests have no configuration to read it from"
)]
fn file(path: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = std::env::var("TIERCEL_TEST_DATA").unwrap_or_else(|_| beside.to_owned());
    let file = PathBuf::from(root).join(path);
    if !file.is_file() {
        eprintln!("SKIPPED: no data set at {}", file.display());
        return None;
    }
    Some(file)
}

fn rows(path: &str) -> Option<Vec<Row>> {
    let text = std::fs::read(file(path)?).unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    Some(reader.deserialize().map(Result::unwrap).collect())
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn amount(value: Decimal) -> Amount {
    Amount::from_decimal(value).unwrap()
}

fn order_line(number: usize, on: NaiveDate, order: &str, sales: Decimal, cost: Cost) -> Fact {
    Fact {
        id: FactId::from_bits(number as u128),
        customer: CustomerId::from_bits(1),
        kind: FactKind::OrderLine,
        occurred_on: on,
        document: Some(DocumentRef {
            system: "shop".to_owned(),
            kind: "sales_order".to_owned(),
            id: order.to_owned(),
            line: None,
        }),
        follows: None,
        status: DocumentStatus::Closed,
        product: None,
        category: None,
        quantity: None,
        amount: Some(RecordedAmount {
            original: amount(sales),
            currency: Currency::USD,
            base: amount(sales),
            rate: None,
        }),
        cost,
        due_on: None,
        rating: None,
        severity: None,
        minutes: None,
        channel: None,
        author: None,
        source: "shop".to_owned(),
    }
}

fn superstore() -> Option<Portfolio> {
    let mut portfolio = Portfolio::new();
    let rows = rows("superstore/Superstore_iso_dates.csv")?;
    for (number, row) in rows.iter().enumerate() {
        let value = |column: &str| row[column].parse::<Decimal>().unwrap();
        let cost = Cost::Given(amount(value("Sales") - value("Profit")));
        let (on, order) = (day(&row["Order Date"]), &row["Order ID"]);
        let line = order_line(number, on, order, value("Sales"), cost);
        let customer = row["Customer ID"].clone();
        portfolio.entry(customer).or_default().push(line);
    }
    Some(portfolio)
}

fn classicmodels() -> Option<Portfolio> {
    let by = |column: &'static str, rows: Vec<Row>| -> HashMap<String, Row> {
        rows.into_iter()
            .map(|row| (row[column].clone(), row))
            .collect()
    };
    let orders = by("orderNumber", rows("classicmodels/orders.csv")?);
    let products = by("productCode", rows("classicmodels/products.csv")?);
    let mut portfolio = Portfolio::new();
    let lines = rows("classicmodels/orderdetails.csv")?;
    for (number, row) in lines.iter().enumerate() {
        let value = |row: &Row, column: &str| row[column].parse::<Decimal>().unwrap();
        let (order, product) = (&orders[&row["orderNumber"]], &products[&row["productCode"]]);
        let quantity = value(row, "quantityOrdered");
        let cost = Cost::Given(amount(quantity * value(product, "buyPrice")));
        let sales = quantity * value(row, "priceEach");
        let on = day(&order["orderDate"]);
        let mut line = order_line(number, on, &row["orderNumber"], sales, cost);
        if order["status"] == "Cancelled" {
            line.status = DocumentStatus::Cancelled;
        }
        let customer = order["customerNumber"].clone();
        portfolio.entry(customer).or_default().push(line);
    }
    Some(portfolio)
}

fn cdnow() -> Option<Portfolio> {
    let mut portfolio = Portfolio::new();
    let text = std::fs::read_to_string(file("cdnow/CDNOW_master.txt")?).unwrap();
    for (number, line) in text.lines().skip(1).enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [customer, on, _, sales] = fields[..] else {
            continue;
        };
        let on = NaiveDate::parse_from_str(on, "%Y%m%d").unwrap();
        let order = number.to_string();
        let sales = sales.parse().unwrap();
        let line = order_line(number, on, &order, sales, Cost::Missing);
        portfolio.entry(customer.to_owned()).or_default().push(line);
    }
    Some(portfolio)
}

fn default_model() -> Model {
    let document = parse_model(DEFAULT_MODEL.as_bytes()).unwrap();
    document.to_domain().unwrap()
}

/// Profits of the customers in each tier.
fn tiers(portfolio: &Portfolio, as_of: &str) -> BTreeMap<String, Vec<Decimal>> {
    let model = default_model();
    let profile = Profile {
        kind: CustomerKind::Person,
        since: None,
        attributes: Attributes::new(),
        groups: Vec::new(),
    };
    let mut tiers: BTreeMap<String, Vec<Decimal>> = BTreeMap::new();
    for facts in portfolio.values() {
        let subject = Subject {
            profile: &profile,
            sums: Sums::Facts(facts),
            series: &Series::of(facts),
            invoices: &[],
        };
        let evaluation = evaluate(&model, &subject, day(as_of)).unwrap();
        let code = model.tiers()[evaluation.tier].code.clone();
        tiers.entry(code).or_default().push(profit(facts));
    }
    tiers
}

fn profit(facts: &[Fact]) -> Decimal {
    let standing = facts.iter().filter(|fact| fact.counts());
    standing
        .filter_map(|fact| Some(fact.base_amount()?.decimal() - fact.cost.amount()?.decimal()))
        .sum()
}

fn mean(profits: &[Decimal]) -> Decimal {
    profits.iter().sum::<Decimal>() / Decimal::from(profits.len())
}

#[test]
fn superstore_loss_makers_are_never_high_and_profit_follows_the_tiers() {
    let Some(portfolio) = superstore() else {
        return;
    };
    let tiers = tiers(&portfolio, "2017-12-31");
    let losing = |profits: &[Decimal]| {
        profits
            .iter()
            .filter(|profit| profit.is_sign_negative())
            .count()
    };
    assert_eq!(
        tiers.values().map(|profits| losing(profits)).sum::<usize>(),
        155
    );
    assert_eq!(losing(&tiers["high"]), 0);
    assert!(mean(&tiers["high"]) > mean(&tiers["general"]));
    assert!(mean(&tiers["general"]) > mean(&tiers["low"]));
    for (code, profits) in &tiers {
        eprintln!(
            "{code}: {} customers, mean profit {:.2}",
            profits.len(),
            mean(profits)
        );
        assert!(
            profits.len() * 20 >= portfolio.len(),
            "{code}: {}",
            profits.len()
        );
    }
    assert_eq!(portfolio.len(), 793);
}

#[test]
fn classicmodels_customers_spread_over_the_tiers() {
    let Some(portfolio) = classicmodels() else {
        return;
    };
    let tiers = tiers(&portfolio, "2005-05-31");
    let total: Decimal = tiers.values().flatten().sum();
    assert_eq!(total, "3731511.97".parse().unwrap());
    let sizes: BTreeMap<&str, usize> = tiers
        .iter()
        .map(|(code, profits)| (code.as_str(), profits.len()))
        .collect();
    eprintln!("{sizes:?}");
    assert_eq!(sizes.values().sum::<usize>(), 98);
    assert!(
        sizes.len() == 3 && sizes.values().all(|size| *size >= 10),
        "{sizes:?}"
    );
    assert!(mean(&tiers["high"]) > mean(&tiers["general"]));
    assert!(mean(&tiers["general"]) > mean(&tiers["low"]));
}

#[test]
fn cdnow_customers_without_known_cost_still_have_a_tier() {
    let Some(portfolio) = cdnow() else {
        return;
    };
    let tiers = tiers(&portfolio, "1998-06-30");
    let sizes: BTreeMap<&str, usize> = tiers
        .iter()
        .map(|(code, profits)| (code.as_str(), profits.len()))
        .collect();
    eprintln!("{sizes:?}");
    assert_eq!(sizes.values().sum::<usize>(), 23_570);
    // Most bought once in 1997 and never again.
    assert!(sizes["low"] > sizes["general"]);
    assert!(sizes["general"] * 20 > 23_570, "{sizes:?}");
}

#[test]
fn no_other_criterion_makes_up_for_a_loss() {
    let model = default_model();
    let loss = |scoring: &Scoring| -> Points {
        let Scoring::Bands(bands) = scoring else {
            panic!("profit is a number");
        };
        let losses = bands
            .iter()
            .filter(|band| band.to.is_some_and(|to| to <= Decimal::ZERO));
        losses.map(|band| band.points).max().unwrap()
    };
    let best = |scoring: &Scoring| match scoring {
        Scoring::Bands(bands) => bands.iter().map(|band| band.points).max().unwrap(),
        Scoring::Categories { entries, other } => entries
            .iter()
            .map(|entry| entry.points)
            .max()
            .unwrap()
            .max(*other),
    };
    let most = model
        .criteria()
        .iter()
        .map(|criterion| match criterion.measure {
            Measure::ProfitContribution { .. } => loss(&criterion.scoring),
            _ => best(&criterion.scoring).max(criterion.missing),
        });
    let most: i64 = most.chain([model.initial()]).map(Points::units).sum();
    assert!(most < model.tiers()[0].from.unwrap().units());
}
