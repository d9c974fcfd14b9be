//! Recorded receipts, replayed for ever: what an engine once decided, it always decides.
//!
//! Ids, instants and keys differ from database to database, so what a database held is recorded
//! with each receipt: a file of `recorded/` has the facts that were known at the position, the
//! policy as it was published, and the receipt under a key of the tests. The facts fill a book, as
//! the database does; everything after that is what the server runs: the inputs are read, the
//! engine decides, the seal is checked, byte by byte. A file is never edited. A new version of an
//! engine adds files; to make one, write its facts and inputs and take the receipt from the failure.

use super::receipt::{DecisionKind, Receipt};
use crate::book::{Book, Parts, Policies, Products};
use crate::v1::deciding::Stamp;
use crate::v1::ground::Ground;
use crate::v1::{credit, discounts, routing};
use chrono::{DateTime, NaiveDate};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tiercel_documents::canonical::canonical;
use tiercel_domain::credit::OpenItem;
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::{CustomerId, DocumentId, GroupId, KeyId, ProductId, RateId};
use tiercel_domain::incoming::MarginClass;
use tiercel_domain::phones::MatchKey;
use tiercel_persistence::book::past::Moment;
use tiercel_persistence::book::{BookCustomer, KnownAs};
use tiercel_persistence::documents::{DocumentKind, DocumentStatus, StoredDocument};
use tiercel_persistence::keys::SealKey;
use tiercel_persistence::products::KnownProduct;
use tiercel_persistence::rates::RateTable;

#[derive(Deserialize)]
struct Recorded {
    base: String,
    facts: RecordedFacts,
    policy: RecordedPolicy,
    receipt: Receipt,
}

#[derive(Deserialize)]
struct RecordedFacts {
    customers: Vec<RecordedCustomer>,
    groups: Vec<(String, Option<String>)>,
    products: Vec<RecordedProduct>,
    rates: Vec<(String, NaiveDateText, String)>,
}

type NaiveDateText = String;

#[derive(Deserialize)]
struct RecordedPolicy {
    code: String,
    version: i64,
    effective_from: NaiveDateText,
    body: Value,
}

#[derive(Deserialize)]
struct RecordedCustomer {
    id: String,
    tier: Option<String>,
    score: Option<String>,
    evaluated_as_of: Option<NaiveDateText>,
    model_version: Option<i64>,
    owner: Option<String>,
    group: Option<String>,
    credit_limit: Option<String>,
    external: Option<(String, String)>,
    phones: Vec<RecordedPhone>,
    open_items: Option<Vec<RecordedItem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedPhone {
    E164(String),
    AsTyped(String),
}

#[derive(Deserialize)]
struct RecordedItem {
    due_on: Option<NaiveDateText>,
    open: String,
    document: Option<(String, String, String)>,
}

#[derive(Deserialize)]
struct RecordedProduct {
    sku: String,
    category: Option<String>,
    list_price: Option<String>,
    currency: String,
    margin_class: String,
    costs: Vec<(NaiveDateText, String, String)>,
}

fn customer(it: RecordedCustomer) -> BookCustomer {
    let items = it.open_items;
    BookCustomer {
        id: it.id.parse::<CustomerId>().unwrap(),
        version: 1,
        erased: false,
        evaluated_tier: it.tier.map(Arc::from),
        overrides: Vec::new(),
        approvals: Vec::new(),
        score: it.score.map(|score| score.parse().unwrap()),
        evaluated_as_of: it.evaluated_as_of.map(|day| day.parse().unwrap()),
        model_version: it.model_version,
        owner: it.owner.map(Arc::from),
        group: it.group.map(|id| id.parse::<GroupId>().unwrap()),
        credit_limit: it.credit_limit.map(|limit| limit.parse().unwrap()),
        credit: Vec::new(),
        finance: tiercel_persistence::book::Finance::default(),
        externals: it
            .external
            .map(|(system, id)| KnownAs {
                system: system.into(),
                id: id.into(),
            })
            .into_iter()
            .collect(),
        phones: it
            .phones
            .into_iter()
            .map(|key| match key {
                RecordedPhone::E164(number) => MatchKey::E164(number),
                RecordedPhone::AsTyped(digits) => MatchKey::AsTyped(digits),
            })
            .collect(),
        invoices_known: items.is_some(),
        open_items: items.into_iter().flatten().map(open_item).collect(),
    }
}

fn open_item(it: RecordedItem) -> OpenItem {
    OpenItem {
        due_on: it.due_on.map(|day| day.parse().unwrap()),
        open: it.open.parse().unwrap(),
        document: it.document.map(|(system, kind, id)| DocumentRef {
            system,
            kind,
            id,
            line: None,
        }),
    }
}

fn product(it: RecordedProduct) -> (String, KnownProduct) {
    let costs = it.costs.into_iter().map(|(from, cost, currency)| {
        (
            from.parse().unwrap(),
            cost.parse().unwrap(),
            currency.parse().unwrap(),
        )
    });
    let product = KnownProduct {
        id: ProductId::from_bits(1),
        version: 1,
        sku: it.sku.clone(),
        category: it.category.map(|path| path.parse().unwrap()),
        list_price: it.list_price.map(|price| price.parse().unwrap()),
        currency: it.currency.parse().unwrap(),
        margin_class: MarginClass::from_word(&it.margin_class).unwrap(),
        costs: costs.collect(),
    };
    (it.sku, product)
}

fn published(kind: DocumentKind, it: RecordedPolicy) -> StoredDocument {
    let body = canonical(&it.body).unwrap();
    StoredDocument {
        kind,
        id: DocumentId::from_bits(1),
        code: it.code,
        version: it.version,
        revision: 1,
        status: DocumentStatus::Published,
        body: String::from_utf8(body.bytes).unwrap(),
        hash: body.sha256,
        effective_from: Some(it.effective_from.parse().unwrap()),
        created_by: String::new(),
        changed_by: None,
        created_at: DateTime::UNIX_EPOCH,
        published_by: None,
        published_at: None,
        retired_at: None,
    }
}

/// The facts as a book, as the database would fill it.
fn book(kind: DecisionKind, facts: RecordedFacts, policy: RecordedPolicy) -> Book {
    let kind = match kind {
        DecisionKind::Discount => DocumentKind::DiscountPolicy,
        DecisionKind::Credit => DocumentKind::CreditPolicy,
        DecisionKind::Routing => DocumentKind::RoutingPolicy,
    };
    let mut policies = Policies::default();
    policies.take(kind, &[published(kind, policy)]).unwrap();
    let rates = facts.rates.into_iter().map(|(currency, from, rate)| {
        let id = RateId::from_bits(1);
        let currency = currency.parse::<Currency>().unwrap();
        (currency, from.parse().unwrap(), id, rate.parse().unwrap())
    });
    let groups = facts.groups.into_iter().map(|(id, parent)| {
        let id: GroupId = id.parse().unwrap();
        (id, parent.map(|parent| parent.parse().unwrap()))
    });
    Book::of(Parts {
        contracts: Vec::new(),
        customers: facts.customers.into_iter().map(customer).collect(),
        groups: groups.collect::<BTreeMap<_, _>>(),
        products: facts
            .products
            .into_iter()
            .map(product)
            .collect::<Products>(),
        rates: rates.collect::<RateTable>(),
        policies,
    })
}

/// The receipt as this server makes it from the facts and inputs of a recorded one.
fn made_again(kind: DecisionKind, recorded: Recorded, key: &SealKey) -> Receipt {
    let base: Currency = recorded.base.parse().unwrap();
    let receipt = recorded.receipt;
    let moment = Moment {
        as_of: receipt.as_of.parse::<NaiveDate>().unwrap(),
        position: receipt.position,
    };
    let ground = Ground {
        book: Arc::new(book(kind, recorded.facts, recorded.policy)),
        as_of: moment.as_of,
        position: Some(moment.position),
    };
    let inputs = receipt.inputs;
    let decided = match kind {
        DecisionKind::Discount => {
            let asked = discounts::receipt::read(inputs, base).unwrap();
            discounts::receipt::again(&asked, &ground, base)
        }
        DecisionKind::Credit => {
            let asked = credit::receipt::read(inputs).unwrap();
            credit::receipt::again(&asked, &ground, (DateTime::UNIX_EPOCH, base))
        }
        DecisionKind::Routing => {
            routing::receipt::again(&routing::receipt::read(inputs).unwrap(), &ground)
        }
    };
    let stamp = Stamp {
        id: receipt.decision_id,
        at: receipt.decided_at,
    };
    Receipt::sealed(decided.unwrap(), &stamp, moment, key).unwrap()
}

/// A key of the tests and of nothing else.
fn key() -> SealKey {
    SealKey {
        id: KeyId::from_bits(7),
        secret: vec![7; 32],
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/v1/receipts/recorded");
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn read(file: &Path) -> Recorded {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn what_was_decided_once_is_decided_for_ever() {
    let (files, key) = (files(), key());
    for kind in ["discount", "credit", "routing"] {
        let engine = DecisionKind::from_word(kind).unwrap().engine();
        let name = format!("{kind}_{engine}.json");
        assert!(files.iter().any(|file| file.ends_with(&name)), "{name}");
    }
    for file in files {
        let recorded = read(&file);
        let before = recorded.receipt.clone();
        let kind = before.replayable().expect("engines are kept");
        let again = made_again(kind, recorded, &key);
        let shown = serde_json::to_string_pretty(&again).unwrap();
        assert_eq!(before, again, "{}: {shown}", file.display());
        assert_eq!(before.faults(Some(&key)).unwrap(), []);
    }
}

#[test]
fn another_fact_is_another_decision() {
    let file = files()
        .into_iter()
        .find(|file| file.ends_with("discount_1.json"));
    let file = file.unwrap();
    let mut changed = read(&file);
    let before = changed.receipt.clone();
    changed.facts.customers[0].tier = Some("low".to_owned());
    let after = made_again(DecisionKind::Discount, changed, &key());
    assert_ne!(before.decision_sha256, after.decision_sha256);
}
