//! The mappings of `examples/imports` against the data they are for.

// Helpers of tests fail the test, and say what they skip.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use tiercel_documents::import::{
    ImportRecord, LookupTable, Lookups, Plan, RowReader, SurveyReport, compile, read_toml, survey,
};
use tiercel_domain::fact::{DocumentStatus, FactKind};
use tiercel_domain::incoming::{CustomerRef, IncomingCustomer, IncomingFact, IncomingProduct};
use tiercel_domain::profile::AttributeValue;
use tiercel_domain::scaled::Amount;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The data file, or none with a visible word where the data sets are not at hand.
#[allow(clippy::disallowed_methods)] // Tests find the data sets through the environment.
fn data(file: &str) -> Option<PathBuf> {
    let root = std::env::var("TIERCEL_TEST_DATA").map(PathBuf::from);
    let path = root
        .unwrap_or_else(|_| repository().join("../shared/data"))
        .join(file);
    if !path.exists() {
        eprintln!(
            "SKIPPED: {} is not there; set TIERCEL_TEST_DATA",
            path.display()
        );
        return None;
    }
    Some(path)
}

fn plan(mapping: &str) -> Plan {
    let path = repository().join("examples/imports").join(mapping);
    let document = read_toml(&std::fs::read_to_string(path).unwrap()).unwrap();
    compile(&document).unwrap()
}

#[test]
fn every_example_compiles() {
    let folder = std::fs::read_dir(repository().join("examples/imports")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut known = 0;
    for name in names {
        assert!(!plan(&name).system().is_empty(), "{name}");
        known += 1;
    }
    assert_eq!(known, 10);
}

struct Import {
    path: PathBuf,
    plan: Plan,
    lookups: Lookups,
}

/// What a file gives.
#[derive(Default)]
struct Loaded {
    rows: u64,
    rejected: u64,
    customers: Vec<IncomingCustomer>,
    products: Vec<IncomingProduct>,
    facts: Vec<IncomingFact>,
}

impl Import {
    fn new(mapping: &str, file: &str) -> Option<Self> {
        let path = data(file)?;
        let plan = plan(mapping);
        let mut lookups = Lookups::new();
        for lookup in plan.lookups() {
            let second = File::open(path.with_file_name(&lookup.file)).unwrap();
            let table = LookupTable::read(&lookup.name, second, &plan).unwrap();
            lookups.insert(lookup.name, table);
        }
        Some(Self {
            path,
            plan,
            lookups,
        })
    }

    fn survey(&self) -> SurveyReport {
        survey(File::open(&self.path).unwrap(), &self.plan, &self.lookups).unwrap()
    }

    fn load(&self) -> Loaded {
        assert!(!self.survey().is_refused());
        let mut loaded = Loaded::default();
        let mut reader = RowReader::open(File::open(&self.path).unwrap(), &self.plan).unwrap();
        for row in &mut reader {
            let records = row
                .unwrap()
                .and_then(|row| self.plan.convert(&row, &self.lookups));
            match records {
                Err(_) => loaded.rejected += 1,
                Ok(records) => records.into_iter().for_each(|record| match record {
                    ImportRecord::Customer(customer) => loaded.customers.push(customer),
                    ImportRecord::Product(product) => loaded.products.push(product),
                    ImportRecord::Fact(fact) => loaded.facts.push(*fact),
                }),
            }
        }
        loaded.rows = reader.rows_read();
        assert_eq!(
            reader.bytes_read(),
            std::fs::metadata(&self.path).unwrap().len()
        );
        loaded
    }
}

fn total<'a>(amounts: impl IntoIterator<Item = &'a Option<Amount>>) -> String {
    let units: i64 = amounts
        .into_iter()
        .map(|amount| amount.unwrap().units())
        .sum();
    Amount::from_units(units).to_string()
}

fn profit<'a>(facts: impl IntoIterator<Item = &'a IncomingFact>) -> String {
    let units = facts
        .into_iter()
        .map(|fact| fact.amount.unwrap().units() - fact.cost.unwrap().units());
    Amount::from_units(units.sum()).to_string()
}

fn external(fact: &IncomingFact) -> &str {
    match &fact.customer {
        CustomerRef::External(external) => &external.id,
        CustomerRef::Id(_) => panic!("imports name customers by external id"),
    }
}

fn distinct<T: Ord>(items: impl IntoIterator<Item = T>) -> usize {
    items.into_iter().collect::<BTreeSet<T>>().len()
}

#[test]
fn classicmodels_customers_have_phones_owners_and_limits() {
    let Some(import) = Import::new(
        "classicmodels_customers.toml",
        "classicmodels/customers.csv",
    ) else {
        return;
    };
    let loaded = import.load();
    assert_eq!((loaded.customers.len(), loaded.rejected), (122, 0));
    let norwegian = loaded
        .customers
        .iter()
        .filter(|customer| customer.phones.as_ref().unwrap()[0].region.as_deref() == Some("NO"));
    assert_eq!(norwegian.count(), 3);
    let limit = |customer: &IncomingCustomer| match customer.attributes["credit_limit"] {
        Some(AttributeValue::Number(limit)) => limit,
        _ => panic!("a credit limit is a number"),
    };
    let limits: Decimal = loaded.customers.iter().map(limit).sum();
    assert_eq!(limits.normalize().to_string(), "8254400");
}

#[test]
fn classicmodels_products_have_costs() {
    let Some(import) = Import::new("classicmodels_products.toml", "classicmodels/products.csv")
    else {
        return;
    };
    let loaded = import.load();
    assert_eq!((loaded.rejected, loaded.rows), (0, 110));
    assert_eq!(
        distinct(loaded.products.iter().map(|product| &product.sku)),
        110
    );
    assert!(loaded.products.iter().all(|product| product.cost.is_some()));
}

#[test]
fn classicmodels_order_lines_are_joined_to_their_orders() {
    let file = "classicmodels/orderdetails.csv";
    let Some(import) = Import::new("classicmodels_orderdetails.toml", file) else {
        return;
    };
    let facts = import.load().facts;
    assert_eq!(
        (facts.len(), distinct(facts.iter().map(external))),
        (2_996, 98)
    );
    assert_eq!(total(facts.iter().map(|fact| &fact.amount)), "9604190.61");
    assert_eq!(profit(&facts), "3825880.25");
    let counted = || {
        facts
            .iter()
            .filter(|fact| fact.status != DocumentStatus::Cancelled)
    };
    assert_eq!(total(counted().map(|fact| &fact.amount)), "9365336.43");
    assert_eq!(profit(counted()), "3731511.97");
    let euro: Vec<_> = facts
        .iter()
        .filter(|fact| external(fact) == "141")
        .cloned()
        .collect();
    assert_eq!(total(euro.iter().map(|fact| &fact.amount)), "820689.54");
    assert_eq!(profit(&euro), "326519.66");
    let orders = euro.iter().map(|fact| &fact.document.as_ref().unwrap().id);
    assert_eq!(distinct(orders), 26);
}

#[test]
fn classicmodels_payments_add_up() {
    let Some(import) = Import::new("classicmodels_payments.toml", "classicmodels/payments.csv")
    else {
        return;
    };
    let facts = import.load().facts;
    assert_eq!(distinct(facts.iter().map(|fact| &fact.external_id)), 273);
    assert_eq!(total(facts.iter().map(|fact| &fact.amount)), "8853839.23");
}

#[test]
fn superstore_cost_is_sales_less_profit() {
    let Some(import) = Import::new("superstore.toml", "superstore/Superstore_iso_dates.csv") else {
        return;
    };
    let loaded = import.load();
    assert_eq!((loaded.rows, loaded.rejected), (9_994, 0));
    assert_eq!(
        total(loaded.facts.iter().map(|fact| &fact.amount)),
        "2297200.8603"
    );
    assert_eq!(profit(&loaded.facts), "286397.0217");
    assert_eq!(
        distinct(loaded.facts.iter().map(|fact| &fact.external_id)),
        9_994
    );
    assert_eq!(
        distinct(loaded.customers.iter().map(|customer| &customer.external)),
        793
    );
    let day = NaiveDate::from_ymd_opt(2017, 1, 1).unwrap();
    let before = loaded.facts.iter().filter(|fact| fact.occurred_on < day);
    assert_eq!(profit(before), "192957.7521");
}

#[test]
fn cdnow_rows_are_kept_by_their_number() {
    let Some(import) = Import::new("cdnow.toml", "cdnow/CDNOW_master.txt") else {
        return;
    };
    let facts = import.load().facts;
    assert_eq!(distinct(facts.iter().map(|fact| &fact.external_id)), 69_659);
    assert_eq!(
        facts
            .iter()
            .filter(|fact| fact.amount == Some(Amount::ZERO))
            .count(),
        80
    );
    let days = facts.iter().map(|fact| (external(fact), fact.occurred_on));
    assert_eq!(distinct(days), 67_591);
    for (day, spend) in [
        ("1997-03-31", "1071805.47"),
        ("1997-06-30", "1430959.13"),
        ("1997-09-30", "1723354.5"),
        ("1997-12-31", "2024161.26"),
        ("1998-03-31", "2286985.15"),
        ("1998-06-30", "2500315.63"),
    ] {
        let day: NaiveDate = day.parse().unwrap();
        let known = facts.iter().filter(|fact| fact.occurred_on <= day);
        assert_eq!(total(known.map(|fact| &fact.amount)), spend);
    }
}

#[test]
fn ar_rows_are_an_invoice_and_its_payment() {
    let file = "ar_invoices/WA_Fn-UseC_-Accounts-Receivable.csv";
    let Some(import) = Import::new("ar_invoices.toml", file) else {
        return;
    };
    let loaded = import.load();
    let of = |kind: FactKind| loaded.facts.iter().filter(move |fact| fact.kind == kind);
    assert_eq!(
        (of(FactKind::Invoice).count(), of(FactKind::Payment).count()),
        (2_466, 2_466)
    );
    let disputed = of(FactKind::Invoice).filter(|fact| fact.status == DocumentStatus::Disputed);
    assert_eq!(disputed.count(), 561);
    let settled: BTreeMap<_, _> = of(FactKind::Payment)
        .map(|fact| (&fact.follows.as_ref().unwrap().id, fact.occurred_on))
        .collect();
    let late = of(FactKind::Invoice)
        .filter(|fact| settled[&fact.document.as_ref().unwrap().id] > fact.due_on.unwrap());
    assert_eq!(late.count(), 877);
}

#[test]
fn mixed_dates_are_refused_with_evidence() {
    let file = "dirty_ingest/superstore_mixed_date_formats.csv";
    let Some(import) = Import::new("superstore_mixed_dates.toml", file) else {
        return;
    };
    let report = import.survey();
    assert!(report.is_refused());
    assert_eq!((report.rows, report.unreadable), (9_994, 0));
    let found: Vec<_> = report
        .checks
        .iter()
        .map(|check| (check.compared, check.broken))
        .collect();
    assert_eq!(found, [(9_994, 1_781), (9_994, 4_735)]);
    assert_eq!(report.checks[0].share, "0.178207");
    let first = &report.checks[1].examples[0];
    assert_eq!(
        (first.row, first.line, report.checks[1].examples.len()),
        (1, 2, 10)
    );
    assert!(first.detail.contains("`11-09-2013`") && first.detail.contains("`11-12-2013`"));
}

#[test]
fn mixed_dates_load_by_looking_up_the_true_ones() {
    let file = "dirty_ingest/superstore_mixed_date_formats.csv";
    let mapping = "superstore_mixed_dates_looked_up.toml";
    let (Some(dirty), Some(clean)) = (
        Import::new(mapping, file),
        Import::new("superstore.toml", "superstore/Superstore_iso_dates.csv"),
    ) else {
        return;
    };
    let key = |fact: &IncomingFact| (fact.external_id.clone(), fact.occurred_on);
    let loaded: BTreeMap<_, _> = dirty.load().facts.iter().map(key).collect();
    let truth: BTreeMap<_, _> = clean.load().facts.iter().map(key).collect();
    assert_eq!(loaded, truth);
}

#[test]
fn lone_carriage_returns_end_lines() {
    let file = "dirty_ingest/ibm_customer_value_cr_line_endings.csv";
    let Some(import) = Import::new("ibm_customer_value.toml", file) else {
        return;
    };
    let loaded = import.load();
    assert_eq!(
        (loaded.rows, loaded.customers.len(), loaded.rejected),
        (9_134, 9_134, 0)
    );
}

#[test]
fn an_import_resumes_behind_any_row() {
    let Some(import) = Import::new("cdnow.toml", "cdnow/CDNOW_master.txt") else {
        return;
    };
    let open = || RowReader::open(File::open(&import.path).unwrap(), &import.plan).unwrap();
    let mut resumed = open();
    resumed.skip_rows(60_000).unwrap();
    let rest: Vec<_> = resumed.map(|row| row.unwrap().unwrap()).collect();
    let whole: Vec<_> = open()
        .map(|row| row.unwrap().unwrap())
        .skip(60_000)
        .collect();
    assert_eq!(
        (rest.len(), rest[0].number, rest[0].line),
        (9_659, 60_001, 60_002)
    );
    assert!(rest == whole);
}
