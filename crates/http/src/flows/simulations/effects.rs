//! What a change of tier would do to a customer's discounts and to its credit limit.
//!
//! Discounts: the order lines of the year are quoted again, their value taken as the list price,
//! once for each tier; what differs is what the move is worth in a year like that. Credit: the
//! limit that the policy grants, by tier.

use super::question::Asked;
use super::report::units;
use crate::book::{Book, Policies};
use crate::tenant::Hosted;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tiercel_domain::credit;
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::{self, Line, Question, UnitCost};
use tiercel_domain::fact::{Fact, FactKind};
use tiercel_domain::ids::{CustomerId, ProductId};
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::scaled::{Amount, Quantity, UnitPrice};
use tiercel_persistence::documents::{self, DocumentKind};
use tiercel_persistence::evaluations::YEAR;
use tiercel_persistence::products::KnownProduct;
use tiercel_persistence::{DbError, Store};

/// The book, with its products by their ids.
pub struct Catalogue<'a> {
    pub book: &'a Book,
    products: BTreeMap<ProductId, &'a KnownProduct>,
}

impl<'a> Catalogue<'a> {
    pub fn of(book: &'a Book) -> Self {
        Self {
            book,
            products: book.products().map(|it| (it.id, it)).collect(),
        }
    }

    pub fn product(&self, id: ProductId) -> Option<&KnownProduct> {
        self.products.get(&id).copied()
    }
}

/// The policies that count before and after.
#[derive(Debug)]
pub struct Rates {
    base: Currency,
    before: Pair,
    after: Pair,
}

#[derive(Debug, Clone)]
struct Pair {
    discount: Option<Arc<discounts::Policy>>,
    credit: Option<Arc<credit::Policy>>,
}

/// Of one customer, in units of an amount; none where no policy is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Effect {
    pub discount: Option<(i64, i64)>,
    pub credit_limit: Option<(i64, i64)>,
    /// What is open of its bills.
    pub open: i64,
}

/// Of all who move.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Effects {
    /// Customers whose discounts could be compared.
    pub quoted: u64,
    #[serde(with = "units")]
    pub discount_before: i128,
    #[serde(with = "units")]
    pub discount_after: i128,
    /// Customers whose limits could be compared.
    pub limited: u64,
    #[serde(with = "units")]
    pub limit_before: i128,
    #[serde(with = "units")]
    pub limit_after: i128,
    /// Customers that owe more than their limit.
    pub over_before: u64,
    pub over_after: u64,
}

impl Effects {
    pub fn add(&mut self, one: &Effect) {
        if let Some((before, after)) = one.discount {
            self.quoted = self.quoted.saturating_add(1);
            self.discount_before = self.discount_before.saturating_add(before.into());
            self.discount_after = self.discount_after.saturating_add(after.into());
        }
        if let Some((before, after)) = one.credit_limit {
            self.limited = self.limited.saturating_add(1);
            self.limit_before = self.limit_before.saturating_add(before.into());
            self.limit_after = self.limit_after.saturating_add(after.into());
            self.over_before = self
                .over_before
                .saturating_add(u64::from(one.open > before));
            self.over_after = self.over_after.saturating_add(u64::from(one.open > after));
        }
    }
}

impl Rates {
    /// None where a version that was asked for is not there.
    pub async fn load(
        hosted: &Hosted,
        asked: &Asked,
        as_of: NaiveDate,
    ) -> Result<Option<Self>, DbError> {
        let book = hosted.book.snapshot();
        let before = Pair {
            discount: book.policies().discount.on(as_of).cloned(),
            credit: book.policies().credit.on(as_of).cloned(),
        };
        let mut after = before.clone();
        let mut wanted = Policies::default();
        let versions = [
            (DocumentKind::DiscountPolicy, asked.policies.discount),
            (DocumentKind::CreditPolicy, asked.policies.credit),
        ];
        for (kind, version) in versions {
            let Some(version) = version else { continue };
            let Some(document) = of_kind(&hosted.store, kind, version).await? else {
                return Ok(None);
            };
            let dated = documents::StoredDocument {
                effective_from: Some(as_of),
                ..document
            };
            if wanted.take(kind, &[dated]).is_err() {
                return Ok(None);
            }
        }
        if let Some(policy) = wanted.discount.on(as_of) {
            after.discount = Some(Arc::clone(policy));
        }
        if let Some(policy) = wanted.credit.on(as_of) {
            after.credit = Some(Arc::clone(policy));
        }
        Ok(Some(Self {
            base: hosted.settings.base_currency,
            before,
            after,
        }))
    }

    /// The effect of moving a customer from one tier to another.
    pub fn effect(
        &self,
        known: &Catalogue<'_>,
        id: CustomerId,
        facts: &[Fact],
        (before, after): (Option<&str>, &str),
        as_of: NaiveDate,
    ) -> Effect {
        let question = question(known, facts, self.base, as_of);
        let customer = known.book.customer(id);
        let groups = customer
            .map(|it| known.book.groups_of(it))
            .unwrap_or_default();
        let quote = |pair: &Pair, tier: Option<&str>| {
            let facts = discounts::Facts {
                customer_matched: true,
                customer: Some(id),
                tier: tier.map(str::to_owned),
                groups: groups.clone(),
                ..discounts::Facts::default()
            };
            let decision = discounts::decide(&question, &facts, pair.discount.as_ref()?);
            let given = decision.totals.discount.amount();
            Amount::from_decimal(round(given, Amount::SCALE, Rounding::HalfUp)).ok()
        };
        let items = customer
            .map(|it| it.open_items.as_slice())
            .unwrap_or_default();
        let by_hand = customer.map_or(&[][..], |it| &it.finance.dunning);
        let limit = |pair: &Pair, tier: Option<&str>| {
            let policy = pair.credit.as_ref()?.for_customer(id, &groups);
            let facts = credit::Facts {
                customer_matched: true,
                tier,
                open_items: Some(items),
                credit_limit: customer.and_then(|it| it.credit_limit),
                dunning: by_hand,
                today: as_of,
            };
            Some(credit::decide(&facts, &policy).limit.amount)
        };
        let both = |one: Option<Amount>, other: Option<Amount>| {
            one.zip(other)
                .map(|(one, other)| (one.units(), other.units()))
        };
        let open = items
            .iter()
            .fold(0_i64, |sum, it| sum.saturating_add(it.open.units()));
        Effect {
            discount: both(quote(&self.before, before), quote(&self.after, Some(after))),
            credit_limit: both(limit(&self.before, before), limit(&self.after, Some(after))),
            open,
        }
    }
}

async fn of_kind(
    store: &Store,
    kind: DocumentKind,
    version: i64,
) -> Result<Option<documents::StoredDocument>, DbError> {
    let Some(id) = documents::id_of(store, kind, "default").await? else {
        return Ok(None);
    };
    documents::find(store, kind, id, version).await
}

/// The order lines of the year as a quote.
fn question(known: &Catalogue<'_>, facts: &[Fact], base: Currency, as_of: NaiveDate) -> Question {
    let counted = facts.iter().filter(|fact| {
        fact.kind == FactKind::OrderLine && fact.counts() && YEAR.contains(as_of, fact.occurred_on)
    });
    let lines = counted.enumerate().filter_map(|(number, fact)| {
        let amount = fact.base_amount().filter(|amount| amount.units() > 0)?;
        let product = fact.product.and_then(|id| known.products.get(&id));
        let quantity = fact.quantity.filter(|it| it.units() > 0);
        let quantity = quantity.unwrap_or(Quantity::from_units(1_000_000));
        let unit = amount.decimal().checked_div(quantity.decimal())?;
        let unit = UnitPrice::from_decimal(round(unit, UnitPrice::SCALE, Rounding::HalfUp)).ok()?;
        Some(Line {
            line_id: number.to_string(),
            sku: product.map(|it| it.sku.clone()),
            category: fact.category.clone(),
            margin_class: product.map(|it| it.margin_class).unwrap_or_default(),
            quantity,
            base_units: Quantity::from_units(1_000_000),
            list_unit_price: Some(unit),
            unit_cost: UnitCost::Missing,
            contract: None,
            requested_unit_price: None,
            approved: None,
        })
    });
    Question {
        currency: base,
        today: as_of,
        lines: lines.collect(),
        rates: BTreeMap::new(),
        approved: None,
    }
}
