//! Makes a row out of an incoming fact: references resolved, amounts valued, content hashed.

use crate::crypto;
use crate::customers;
use crate::entity::{customer_key, fact};
use crate::error::DbError;
use crate::products::{self, KnownProduct};
use crate::rates::{self, RateTable};
use crate::settings::Settings;
use crate::sql::MANY;
use crate::store::sealed::Sealed;
use crate::write::Tx;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::{Cost, DocumentRef, FactKind};
use tiercel_domain::facts::{FactFault, convert, faults, line_cost};
use tiercel_domain::ids::{CustomerId, RateId};
use tiercel_domain::incoming::{CustomerRef, IncomingFact};
use tiercel_domain::scaled::Amount;
use uuid::Uuid;

/// What incoming facts refer to, loaded for all of them at once.
pub(super) struct Known {
    base: Currency,
    customers: BTreeMap<CustomerRef, CustomerId>,
    products: BTreeMap<String, KnownProduct>,
    rates: RateTable,
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

/// Amounts of one fact in base currency.
struct Valued {
    base_amount: Option<Amount>,
    rate: Option<RateId>,
    cost: Cost,
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
        Ok(Self {
            base: settings.base_currency,
            customers: customers::resolve(tx, &refs).await?,
            products: products::by_sku(tx, &skus).await?,
            rates: rates::table(tx).await?,
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
        let product = fact.sku.as_ref().and_then(|sku| self.products.get(sku));
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
        let currency = fact.currency.unwrap_or(self.base);
        let mut worth = |field, currency, amount: Option<Amount>| {
            let valued = self.in_base(field, amount?, currency, fact.occurred_on);
            valued.map_err(|fault| found.push(fault)).ok()
        };
        let amount = worth("amount", currency, fact.amount);
        let cost = match (fact.cost, goods_out(fact, product)) {
            (Some(cost), _) => worth("cost", currency, Some(cost)).map(|it| Cost::Given(it.0)),
            (None, Some((cost, currency))) => {
                worth("cost", currency, cost).map(|it| Cost::Product(it.0))
            }
            (None, None) => None,
        };
        let too_large = matches!(goods_out(fact, product), Some((None, _)));
        if too_large && fact.cost.is_none() {
            let detail = "the product's cost times quantity is too large";
            found.push(FactFault::new("too_large", "quantity", detail));
        }
        Valued {
            base_amount: amount.map(|it| it.0),
            rate: amount.and_then(|it| it.1),
            cost: cost.unwrap_or(Cost::Missing),
        }
    }

    fn in_base(
        &self,
        field: &'static str,
        amount: Amount,
        currency: Currency,
        on: NaiveDate,
    ) -> Result<(Amount, Option<RateId>), FactFault> {
        if currency == self.base {
            return Ok((amount, None));
        }
        let Some((id, rate)) = self.rates.on(currency, on) else {
            let detail = format!("no rate for {currency} is known on {on}");
            let field = if field == "amount" { "currency" } else { field };
            return Err(FactFault::new("no_rate", field, detail));
        };
        let base = convert(amount, rate)
            .ok_or_else(|| FactFault::new("too_large", field, "is too large in base currency"))?;
        Ok((base, Some(id)))
    }

    fn understood(
        &self,
        fact: &IncomingFact,
        customer: CustomerId,
        product: Option<&KnownProduct>,
        valued: &Valued,
    ) -> Understood {
        let currency = fact.currency.unwrap_or(self.base);
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
            base_amount: valued.base_amount.map(Amount::units),
            rate_id: valued.rate.map(|id| Uuid::from_u128(id.bits())),
            given_cost: fact.cost.map(Amount::units),
            cost: valued.cost.amount().map(Amount::units),
            cost_source: valued.cost.source().to_owned(),
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
                ..row
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

/// What the goods of a fact cost by the product's cost on the day, in the currency of that cost;
/// for goods that leave only, because nobody knows in what state returned goods come back. The
/// inner value is absent where it does not fit.
fn goods_out(
    fact: &IncomingFact,
    product: Option<&KnownProduct>,
) -> Option<(Option<Amount>, Currency)> {
    use FactKind::{Delivery, Invoice, OrderLine};
    let leaves = matches!(fact.kind, OrderLine | Delivery | Invoice);
    let (quantity, product) = (fact.quantity?, product.filter(|_| leaves)?);
    let (unit_cost, currency) = product.cost_on(fact.occurred_on)?;
    Some((line_cost(unit_cost, quantity), currency))
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
