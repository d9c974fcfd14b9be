//! The book as it would have been at a moment: as much of it as one request needs, from the
//! database. Who decides by it does not see the difference.

use super::{Book, Contracts, Policies, Products};
use crate::tenant::Hosted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tiercel_domain::contracts::Contract;
use tiercel_domain::ids::GroupId;
use tiercel_domain::incoming::CustomerRef;
use tiercel_domain::phones::MatchKey;
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::book::past::{self, Moment};
use tiercel_persistence::documents::DocumentKind;
use tiercel_persistence::rates::{self, RateTable};
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{contracts, products};

/// What of the book one request needs.
#[derive(Debug, Default)]
pub struct Wanted {
    pub customer: Option<CustomerRef>,
    /// Whoever has any of these numbers.
    pub phones: Vec<MatchKey>,
    /// Where nobody has one of them, whoever's end alike.
    pub near: bool,
    pub skus: BTreeSet<String>,
    /// Prices need exchange rates and, as credit does, the tree of customer groups.
    pub pricing: bool,
    /// What the customer owes; told only where a single one is found.
    pub open_items: bool,
    pub policies: Vec<DocumentKind>,
}

/// Everything that a book of one request holds.
#[derive(Debug, Default)]
pub struct Parts {
    pub customers: Vec<BookCustomer>,
    pub groups: BTreeMap<GroupId, Option<GroupId>>,
    pub contracts: Vec<Contract>,
    pub products: Products,
    pub rates: RateTable,
    pub policies: Policies,
}

impl Book {
    /// Reads what was known at a position, as of a date.
    pub async fn at(
        hosted: &Hosted,
        moment: Moment,
        wanted: &Wanted,
    ) -> Result<Self, RefreshError> {
        let (store, position) = (&*hosted.store, moment.position);
        let mut ids = past::owners(store, &wanted.phones, position).await?;
        if ids.is_empty() && wanted.near {
            ids = past::near(store, &wanted.phones, position).await?;
        }
        if let Some(reference) = &wanted.customer {
            ids.extend(past::find(store, reference, position).await?);
        }
        let mut customers = past::customers(store, &ids, moment).await?;
        if let ([only], true) = (customers.as_mut_slice(), wanted.open_items) {
            past::add_open_items(store, only, moment).await?;
        }
        let known_at = Some(position);
        let (mut groups, mut rates) = (BTreeMap::new(), RateTable::default());
        if wanted.pricing || wanted.open_items {
            groups = past::group_parents(store, position).await?;
        }
        if wanted.pricing {
            rates = rates::table_known_at(store, known_at).await?;
        }
        let mut book = Self::of(Parts {
            customers,
            groups,
            products: products::by_sku_known_at(store, &wanted.skus, known_at).await?,
            rates,
            policies: Policies::at(hosted, moment, &wanted.policies).await?,
            contracts: Vec::new(),
        });
        if wanted.pricing {
            // Whose they are is known once the tree of groups is read.
            let held = book.customers.iter();
            let groups = held.flat_map(|customer| book.groups_of(customer)).collect();
            let contracts = contracts::of_parties(store, &ids, &groups, position).await?;
            book.contracts = Arc::new(Contracts::new(contracts));
        }
        Ok(book)
    }

    /// A book of these parts and nothing else.
    pub fn of(parts: Parts) -> Self {
        let mut book = Self {
            groups: Arc::new(parts.groups),
            contracts: Arc::new(Contracts::new(parts.contracts)),
            products: Arc::new(parts.products),
            rates: Arc::new(parts.rates),
            policies: Arc::new(parts.policies),
            ..Self::default()
        };
        parts.customers.into_iter().for_each(|it| book.put(it));
        book
    }
}
