//! Makes a row out of an incoming fact: references resolved, amounts valued, content hashed.

use super::value::{Goods, Valued};
use crate::crypto;
use crate::customers;
use crate::entity::{customer_key, fact};
use crate::error::DbError;
use crate::products::KnownProduct;
use crate::settings::Settings;
use crate::sql::MANY;
use crate::store::sealed::Sealed;
use crate::valuation::Prices;
use crate::write::Tx;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::facts::{FactFault, faults};
use tiercel_domain::ids::{CustomerId, ProductId};
use tiercel_domain::incoming::{CustomerRef, IncomingFact};
use tiercel_domain::scaled::Amount;
use uuid::Uuid;

/// What incoming facts refer to, loaded for all of them at once.
pub(super) struct Known {
    customers: BTreeMap<CustomerRef, CustomerId>,
    skus: BTreeMap<String, ProductId>,
    prices: Arc<Prices>,
    /// Of the customers: those nothing more is recorded for.
    erased: BTreeSet<CustomerId>,
    /// Keys of the customers whose facts have notes.
    secrets: BTreeMap<CustomerId, Vec<u8>>,
}

/// A sound fact whose identity is not decided yet.
pub(super) struct Understood {
    pub customer: CustomerId,
    /// Ids, version and marks of the write are filled in when it is recorded.
    pub row: fact::Model,
    pub note: Option<String>,
}

impl Known {
    pub(super) async fn load(
        tx: &Tx,
        incoming: &[IncomingFact],
        settings: &Settings,
    ) -> Result<Self, DbError> {
        let refs = incoming.iter().map(|fact| fact.customer.clone()).collect();
        let skus = incoming
            .iter()
            .filter_map(|fact| fact.sku.clone())
            .collect();
        let prices = Prices::of_skus(tx, settings.base_currency, &skus).await?;
        let products = prices.products.values();
        Ok(Self {
            customers: customers::resolve(tx, &refs).await?,
            skus: products.map(|it| (it.sku.clone(), it.id)).collect(),
            prices,
            erased: BTreeSet::new(),
            secrets: BTreeMap::new(),
        })
    }

    pub(super) fn customers(&self) -> BTreeSet<CustomerId> {
        self.customers.values().copied().collect()
    }

    /// Once the customers are locked: marks the erased, opens the keys for notes.
    pub(super) async fn settle(
        &mut self,
        tx: &Tx,
        incoming: &[IncomingFact],
    ) -> Result<(), DbError> {
        let states = customers::state(tx, &self.customers()).await?;
        self.customers.retain(|_, id| states.contains_key(id));
        let erased = states.iter().filter(|(_, state)| state.erased_at.is_some());
        self.erased = erased.map(|(id, _)| *id).collect();
        let noted = incoming.iter().filter(|fact| fact.note.is_some());
        let noted = noted.filter_map(|fact| self.customers.get(&fact.customer));
        let noted: BTreeSet<Uuid> = noted.map(|id| Uuid::from_u128(id.bits())).collect();
        let noted: Vec<Uuid> = noted.into_iter().collect();
        for chunk in noted.chunks(MANY) {
            let keys = customer_key::Entity::find()
                .filter(customer_key::Column::CustomerId.is_in(chunk.iter().copied()))
                .all(tx.connection())
                .await?;
            let keys = keys
                .into_iter()
                .map(|row| (CustomerId::from_bits(row.customer_id.as_u128()), row.secret));
            self.secrets.extend(keys);
        }
        Ok(())
    }

    /// The row for a fact, or everything that is wrong with it.
    pub(super) fn understand(&self, fact: &IncomingFact) -> Result<Understood, Vec<FactFault>> {
        let mut found = faults(fact);
        let customer = self.customers.get(&fact.customer).copied();
        if let Some((code, detail)) = self.refusal(customer) {
            found.push(FactFault::new(code, "customer", detail));
        }
        let product = fact.sku.as_ref().and_then(|sku| self.skus.get(sku));
        let product = product.and_then(|id| self.prices.products.get(id));
        if product.is_none() && fact.sku.is_some() {
            let detail = "no product has this sku";
            found.push(FactFault::new("unknown_sku", "sku", detail));
        }
        let valued = self.value(fact, product, &mut found);
        match customer {
            Some(customer) if found.is_empty() => {
                Ok(self.understood(fact, customer, product, &valued))
            }
            _ => Err(found),
        }
    }

    /// Why nothing is recorded for a customer.
    fn refusal(&self, customer: Option<CustomerId>) -> Option<(&'static str, &'static str)> {
        match customer {
            None => Some(("unknown_customer", "no customer has this id")),
            Some(id) if self.erased.contains(&id) => {
                Some(("customer_erased", "the customer is erased"))
            }
            Some(_) => None,
        }
    }

    fn value(
        &self,
        fact: &IncomingFact,
        product: Option<&KnownProduct>,
        found: &mut Vec<FactFault>,
    ) -> Valued {
        let goods = Goods {
            kind: fact.kind,
            occurred_on: fact.occurred_on,
            amount: fact.amount,
            cost: fact.cost,
            currency: fact.currency.unwrap_or(self.prices.base),
            quantity: fact.quantity,
            product,
        };
        goods.value(self.prices.base, &self.prices.rates, found)
    }

    fn understood(
        &self,
        fact: &IncomingFact,
        customer: CustomerId,
        product: Option<&KnownProduct>,
        valued: &Valued,
    ) -> Understood {
        let currency = fact.currency.unwrap_or(self.prices.base);
        let told = fact.amount.is_some() || fact.cost.is_some();
        let category = fact.category.as_ref();
        let category = category.or(product.and_then(|product| product.category.as_ref()));
        let [doc_system, doc_kind, doc_id, doc_line] = columns(fact.document.as_ref());
        let [follows_system, follows_kind, follows_id, follows_line] =
            columns(fact.follows.as_ref());
        let row = fact::Model {
            customer_id: Uuid::from_u128(customer.bits()),
            fact_id: Uuid::nil(),
            version: 0,
            source: fact.source.clone(),
            external_id: fact.external_id.clone(),
            kind: fact.kind.word().to_owned(),
            occurred_on: fact.occurred_on,
            doc_system,
            doc_kind,
            doc_id,
            doc_line,
            follows_system,
            follows_kind,
            follows_id,
            follows_line,
            status: fact.status.word().to_owned(),
            product_id: product.map(|product| Uuid::from_u128(product.id.bits())),
            category: category.map(|category| category.as_str().to_owned()),
            quantity: fact.quantity.map(|it| it.units()),
            amount: fact.amount.map(Amount::units),
            currency: told.then(|| currency.code().to_owned()),
            base_amount: None,
            rate_id: None,
            given_cost: fact.cost.map(Amount::units),
            cost: None,
            cost_source: String::new(),
            due_on: fact.due_on,
            rating: fact.rating.map(Amount::units),
            severity: fact.severity.map(i64::from),
            minutes: fact.minutes.map(i64::from),
            channel: fact.channel.clone(),
            author: fact.author.clone(),
            content_hash: String::new(),
            write_id: Uuid::nil(),
            recorded_at: 0,
            superseded_by: None,
        };
        let content_hash = self.content_hash(fact, customer, &row);
        Understood {
            customer,
            row: fact::Model {
                content_hash,
                ..valued.fill(row)
            },
            note: fact.note.clone(),
        }
    }

    /// The hash of what the source told; what Tiercel added (rates, product costs and categories)
    /// is not part of it, so that a repeated fact is recognised after those have changed. The note
    /// enters under the customer's key: without it the hash tells nothing about the text.
    fn content_hash(&self, fact: &IncomingFact, customer: CustomerId, row: &fact::Model) -> String {
        let secret = self.secrets.get(&customer);
        let note = fact.note.as_ref().map(|note| {
            let secret = secret.map_or(&[][..], Vec::as_slice);
            crypto::hmac_hex(secret, note.as_bytes())
        });
        let document = |document: Option<&DocumentRef>| {
            document.map(|it| serde_json::json!([it.system, it.kind, it.id, it.line]))
        };
        let content = serde_json::json!([
            [fact.source, fact.external_id, customer.to_string()],
            [fact.kind.word(), fact.occurred_on.to_string(), row.status],
            [
                document(fact.document.as_ref()),
                document(fact.follows.as_ref())
            ],
            row.product_id.map(|id| id.as_simple().to_string()),
            fact.category.as_ref().map(|category| category.as_str()),
            [row.quantity, row.amount, row.given_cost, row.rating],
            row.currency,
            row.due_on.map(|day| day.to_string()),
            [row.severity, row.minutes],
            [&row.channel, &row.author, &note],
        ]);
        crypto::sha256_hex(content.to_string().as_bytes())
    }
}

fn columns(document: Option<&DocumentRef>) -> [Option<String>; 4] {
    match document.cloned() {
        Some(DocumentRef {
            system,
            kind,
            id,
            line,
        }) => [Some(system), Some(kind), Some(id), line],
        None => [None, None, None, None],
    }
}
