//! The demo company is the same every time, hangs together, and looks like one.

use super::catalogue::{Product, products};
use super::generate::{Batch, FACTS, PRODUCTS, SEED, company};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::fact::{DocumentRef, DocumentStatus, FactKind};
use tiercel_domain::incoming::{
    Change, CustomerRef, IncomingCustomer, IncomingFact, IncomingProduct,
};
use tiercel_domain::phones::normalise;
use tiercel_domain::profile::CustomerKind;

const CUSTOMERS: usize = 2_000;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 15).unwrap()
}

#[derive(Default)]
struct Company {
    products: Vec<IncomingProduct>,
    customers: Vec<IncomingCustomer>,
    facts: Vec<IncomingFact>,
}

fn load(customers: usize) -> Company {
    let mut all = Company::default();
    for batch in company(SEED, customers, today()) {
        match batch {
            Batch::Products(some) => all.products.extend(some),
            Batch::Customers(some) => all.customers.extend(some),
            Batch::Facts(some) => {
                assert!(some.len() <= FACTS);
                all.facts.extend(some);
            }
        }
    }
    all
}

fn customer_of(fact: &IncomingFact) -> &str {
    match &fact.customer {
        CustomerRef::External(external) => &external.id,
        CustomerRef::Id(_) => panic!("the demo knows no ids of ours"),
    }
}

fn units(fact: &IncomingFact) -> i64 {
    fact.amount.map_or(0, |amount| amount.units())
}

fn by_customer(company: &Company) -> BTreeMap<&str, Vec<&IncomingFact>> {
    let mut groups: BTreeMap<&str, Vec<&IncomingFact>> = BTreeMap::new();
    for fact in &company.facts {
        groups.entry(customer_of(fact)).or_default().push(fact);
    }
    groups
}

#[test]
fn the_same_seed_is_the_same_company() {
    let batches = |seed| company(seed, 120, today()).collect::<Vec<_>>();
    assert_eq!(batches(SEED), batches(SEED));
    assert_ne!(batches(SEED), batches(SEED + 1));
    // A smaller company is a part of the larger one.
    assert_eq!(load(60).facts, load(120).facts[..load(60).facts.len()]);
}

#[test]
fn it_has_the_size_and_the_shape_of_a_company() {
    let company = load(CUSTOMERS);
    assert_eq!(company.customers.len(), CUSTOMERS);
    assert!(
        (60_000..=90_000).contains(&company.facts.len()),
        "{}",
        company.facts.len()
    );
    let skus: BTreeSet<_> = company
        .products
        .iter()
        .map(|product| &product.sku)
        .collect();
    assert_eq!(skus.len(), PRODUCTS);
    let persons = company
        .customers
        .iter()
        .filter(|c| c.kind == Some(CustomerKind::Person));
    assert!((340..=460).contains(&persons.count()));
    for kind in FactKind::ALL {
        let count = company
            .facts
            .iter()
            .filter(|fact| fact.kind == *kind)
            .count();
        assert!(count > 100, "{} {count}", kind.word());
    }
    let mut revenue: Vec<i64> = by_customer(&company)
        .values()
        .map(|facts| {
            facts
                .iter()
                .filter(|f| f.kind == FactKind::OrderLine)
                .map(|f| units(f))
                .sum()
        })
        .collect();
    revenue.sort_unstable_by_key(|units| std::cmp::Reverse(*units));
    let top: i64 = revenue.iter().take(CUSTOMERS / 5).sum();
    let share = top * 100 / revenue.iter().sum::<i64>();
    assert!((70..=95).contains(&share), "the top fifth buys {share} %");
}

#[test]
fn nearly_every_phone_number_is_valid_and_some_are_shared() {
    let company = load(CUSTOMERS);
    let phones = company
        .customers
        .iter()
        .flat_map(|customer| customer.phones.iter().flatten());
    let valid: Vec<_> = phones
        .filter_map(|phone| {
            let number = normalise(&phone.raw, phone.region.as_deref());
            number.e164().map(str::to_owned)
        })
        .collect();
    assert!(valid.len() * 100 >= CUSTOMERS * 95, "{} valid", valid.len());
    assert!(valid.len() < CUSTOMERS, "some are not valid, as in life");
    assert!(valid.iter().collect::<BTreeSet<_>>().len() + 10 <= valid.len());
}

#[test]
fn facts_hang_together() {
    let company = load(CUSTOMERS);
    let names: BTreeSet<_> = company
        .customers
        .iter()
        .map(|customer| &customer.external.id)
        .collect();
    let ids: BTreeSet<_> = company.facts.iter().map(|fact| &fact.external_id).collect();
    assert_eq!(ids.len(), company.facts.len());
    let key = |document: &DocumentRef| (document.kind.clone(), document.id.clone());
    let documents: BTreeSet<_> = company
        .facts
        .iter()
        .filter_map(|fact| fact.document.as_ref().map(key))
        .collect();
    let mut sums: BTreeMap<(FactKind, String), i64> = BTreeMap::new();
    for fact in &company.facts {
        assert!(fact.occurred_on <= today());
        assert!(names.contains(&customer_of(fact).to_owned()));
        assert!(
            fact.follows
                .as_ref()
                .is_none_or(|other| documents.contains(&key(other)))
        );
        assert!(
            fact.amount.is_none() || units(fact) > 0,
            "{}",
            fact.external_id
        );
        let order: String = fact.external_id.split(['-', '/']).skip(1).take(2).collect();
        *sums.entry((fact.kind, order)).or_default() += units(fact);
    }
    // What is billed is what was delivered, as far as both have happened.
    let delivered: i64 = company
        .facts
        .iter()
        .filter(|f| f.kind == FactKind::Delivery)
        .map(units)
        .sum();
    let invoiced: i64 = company
        .facts
        .iter()
        .filter(|f| f.kind == FactKind::Invoice)
        .map(units)
        .sum();
    assert!(invoiced <= delivered && invoiced * 100 >= delivered * 99);
    let order_of = |fact: &&IncomingFact| fact.follows.as_ref().map(|order| order.id.clone());
    for fact in company
        .facts
        .iter()
        .filter(|fact| fact.kind == FactKind::Delivery)
    {
        let order: String = order_of(&fact).unwrap().split('-').skip(1).collect();
        let ordered = sums
            .get(&(FactKind::OrderLine, order.clone()))
            .copied()
            .unwrap_or(0);
        let sent = sums.get(&(FactKind::Delivery, order)).copied().unwrap_or(0);
        assert!(sent <= ordered, "{}", fact.external_id);
    }
}

#[test]
fn facts_of_a_customer_stand_together_in_order_of_day() {
    let company = load(300);
    let mut seen = BTreeSet::new();
    for pair in company.facts.windows(2) {
        if customer_of(&pair[0]) == customer_of(&pair[1]) {
            assert!(pair[0].occurred_on <= pair[1].occurred_on);
        } else {
            assert!(seen.insert(customer_of(&pair[0]).to_owned()));
        }
    }
}

fn cost_on(product: &Product, day: NaiveDate) -> i64 {
    let known = product.costs.iter().rev().find(|(from, _)| *from <= day);
    known.unwrap().1
}

#[test]
fn some_customers_lose_money_and_some_pay_late() {
    let company = load(CUSTOMERS);
    let catalogue = products(SEED, PRODUCTS, today());
    let costs: BTreeMap<&str, &Product> = catalogue
        .iter()
        .map(|product| (product.sku.as_str(), product))
        .collect();
    let profit = |fact: &&IncomingFact| {
        let product = costs[fact.sku.as_deref().unwrap()];
        let count = fact.quantity.unwrap().units() / 1_000_000;
        units(fact) - cost_on(product, fact.occurred_on) * count * 100
    };
    let lines = |facts: &[&IncomingFact]| -> Vec<i64> {
        let sold = facts.iter().filter(|fact| fact.kind == FactKind::OrderLine);
        sold.filter(|fact| fact.status != DocumentStatus::Cancelled)
            .map(profit)
            .collect()
    };
    let customers = by_customer(&company);
    let losing = customers
        .values()
        .filter(|facts| lines(facts).iter().sum::<i64>() < 0)
        .count();
    assert!((60..=300).contains(&losing), "{losing} lose money");
    let due: BTreeMap<&str, NaiveDate> = company
        .facts
        .iter()
        .filter_map(|fact| Some((fact.document.as_ref()?.id.as_str(), fact.due_on?)))
        .collect();
    let paid: Vec<_> = company
        .facts
        .iter()
        .filter(|fact| fact.kind == FactKind::Payment)
        .filter_map(|fact| Some(fact.occurred_on > due[fact.follows.as_ref()?.id.as_str()]))
        .collect();
    let late = paid.iter().filter(|late| **late).count() * 100 / paid.len();
    assert!((15..=40).contains(&late), "{late} % late");
    let open = company
        .facts
        .iter()
        .filter(|fact| fact.kind == FactKind::Invoice && fact.status != DocumentStatus::Closed);
    assert!(open.count() > 200);
}

#[test]
fn every_product_is_told_once_and_then_changes_its_cost() {
    let company = load(1);
    for product in &company.products {
        let first = matches!(product.name, Change::Set(_));
        assert_eq!(first, matches!(product.list_price, Change::Set(_)));
        assert!(product.cost.is_some());
    }
    let told = company
        .products
        .iter()
        .filter(|product| product.name != Change::Keep)
        .count();
    assert_eq!(told, PRODUCTS);
}
