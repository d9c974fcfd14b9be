//! The business of a period, decided by the policies of now and by the drafts.
//!
//! Order lines carry what was paid: the list price is that of the article, and where it has none
//! what was paid counts as the list price. Lines of one document are one quote. A firm quote is
//! decided again from its receipt, so it comes out as it was given.

use super::PolicySimulationError;
use super::question::{Asked, Basis, version};
use super::report::Sums;
use crate::book::{Dated, Exchange, Policies};
use crate::flows::simulations::effects::Catalogue;
use crate::tenant::Hosted;
use crate::v1::discounts::what_if::compared;
use crate::v1::receipts::Receipt;
use chrono::{Days, NaiveDate, NaiveTime, TimeZone, Utc};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::{self, Facts, Line, Question, UnitCost, compare::compare};
use tiercel_domain::fact::{Fact, FactKind};
use tiercel_domain::ids::{CustomerId, FactId};
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::scaled::{Quantity, UnitPrice};
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::book::past::Moment;
use tiercel_persistence::documents::{DocumentKind, StoredDocument};
use tiercel_persistence::{facts, quotes};

/// Quotes read at a time.
const QUOTES: u64 = 50;
/// A base unit.
const ONE: Quantity = Quantity::from_units(1_000_000);

/// What is compared: the policies in force on the day, and the same with the drafts in their place.
pub struct Sides {
    asked: Asked,
    before: Policies,
    after: Policies,
}

impl Sides {
    pub async fn load(hosted: &Hosted, asked: Asked) -> Result<Self, PolicySimulationError> {
        let (before, after) = policies(hosted, &asked).await?;
        let missing = asked.discount.is_some() && before.discount.on(asked.on).is_none();
        if missing || (asked.credit.is_some() && before.credit.on(asked.on).is_none()) {
            let why = "no policy is in force that the draft could be compared with";
            return Err(PolicySimulationError::Gone(why));
        }
        Ok(Self {
            asked,
            before,
            after,
        })
    }

    pub const fn on(&self) -> NaiveDate {
        self.asked.on
    }

    pub(super) const fn asked(&self) -> &Asked {
        &self.asked
    }

    pub(super) const fn policies(&self) -> (&Policies, &Policies) {
        (&self.before, &self.after)
    }

    /// What both sides make of the customers' business; customers without any are absent.
    pub async fn business(
        &self,
        hosted: &Hosted,
        known: &Catalogue<'_>,
        ids: &BTreeSet<CustomerId>,
    ) -> Result<BTreeMap<CustomerId, Sums>, PolicySimulationError> {
        match (&self.asked.discount, self.asked.basis) {
            (None, _) => Ok(BTreeMap::new()),
            (_, Basis::OrderLines) => self.order_lines(hosted, known, ids).await,
            (_, Basis::Quotes) => self.quotes(hosted, ids).await,
        }
    }

    async fn order_lines(
        &self,
        hosted: &Hosted,
        known: &Catalogue<'_>,
        ids: &BTreeSet<CustomerId>,
    ) -> Result<BTreeMap<CustomerId, Sums>, PolicySimulationError> {
        let days = (self.asked.from, self.asked.to);
        let found = facts::of_period(&*hosted.store, ids, FactKind::OrderLine, days).await?;
        let mut all = BTreeMap::new();
        for (id, facts) in &found {
            let Some(customer) = known.book.customer(*id) else {
                continue;
            };
            let sums: &mut Sums = all.entry(*id).or_default();
            for document in documents_of(facts.iter()) {
                let quoted = Quoted {
                    base: hosted.settings.base_currency,
                    on: self.asked.on,
                    known,
                };
                self.one_document(&quoted, customer, &document, sums);
            }
        }
        Ok(all)
    }

    fn one_document(
        &self,
        quoted: &Quoted<'_>,
        customer: &BookCustomer,
        facts: &[&Fact],
        sums: &mut Sums,
    ) {
        let question = quoted.question(facts);
        let facts = Facts {
            customer_matched: true,
            customer: Some(customer.id),
            tier: customer.tier_on(self.asked.on).map(str::to_owned),
            groups: quoted.known.book.groups_of(customer),
            ..Facts::default()
        };
        let decide = |policies: &Policies| {
            let policy = policies.discount.on(self.asked.on)?;
            Some(discounts::decide(&question, &facts, policy))
        };
        let both = decide(&self.before).zip(decide(&self.after));
        let found = both.and_then(|(one, other)| compare(&question.lines, &one, &other));
        sums.add(found.as_ref(), Decimal::ONE);
    }

    async fn quotes(
        &self,
        hosted: &Hosted,
        ids: &BTreeSet<CustomerId>,
    ) -> Result<BTreeMap<CustomerId, Sums>, PolicySimulationError> {
        let mut all: BTreeMap<CustomerId, Sums> = BTreeMap::new();
        let mut after = None;
        let from = starts(hosted, self.asked.from);
        let next = self.asked.to.checked_add_days(Days::new(1));
        let to = starts(hosted, next.unwrap_or(self.asked.to));
        loop {
            let page = quotes::receipts(&*hosted.store, ids, (from, to), after, QUOTES).await?;
            for (place, receipt) in &page {
                let sums = all.entry(place.0).or_default();
                self.one_quote(hosted, receipt, sums).await?;
            }
            after = page.last().map(|(place, _)| *place);
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    async fn one_quote(
        &self,
        hosted: &Hosted,
        receipt: &str,
        sums: &mut Sums,
    ) -> Result<(), PolicySimulationError> {
        let read = serde_json::from_str::<Receipt>(receipt).ok();
        let read = read.and_then(|receipt| Some((receipt.as_of.parse().ok()?, receipt)));
        let Some((as_of, receipt)) = read else {
            // One quote that cannot be compared is no reason not to compare the others.
            sums.add(None, Decimal::ONE);
            return Ok(());
        };
        let moment = Moment {
            as_of,
            position: receipt.position,
        };
        let draft = self.after.discount.on(self.asked.on);
        let gone = || PolicySimulationError::Gone("no discount policy is in force on the day");
        let draft = draft.ok_or_else(gone)?;
        let drafted = Policies {
            discount: Dated::always(Arc::clone(draft)),
            ..Policies::default()
        };
        match compared(hosted, receipt.inputs, moment, drafted).await? {
            Some((compared, rate)) => sums.add(Some(&compared), rate),
            None => sums.add(None, Decimal::ONE),
        }
        Ok(())
    }
}

/// The first instant of a day where the tenant is.
fn starts(hosted: &Hosted, day: NaiveDate) -> chrono::DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let local = hosted.zone.from_local_datetime(&midnight).earliest();
    local.map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc))
}

/// The policies in force on the day, and those with the drafts in their place.
async fn policies(
    hosted: &Hosted,
    asked: &Asked,
) -> Result<(Policies, Policies), PolicySimulationError> {
    let book = hosted.book.snapshot();
    let in_force = book.policies();
    let side = |drafted: &Policies| Policies {
        discount: always(drafted, in_force, asked.on, |it| &it.discount),
        credit: always(drafted, in_force, asked.on, |it| &it.credit),
        routing: Dated::default(),
    };
    let mut drafted = Policies::default();
    let before = side(&drafted);
    for (kind, wanted) in [
        (DocumentKind::DiscountPolicy, &asked.discount),
        (DocumentKind::CreditPolicy, &asked.credit),
    ] {
        let Some(wanted) = wanted else { continue };
        let found = version(&*hosted.store, kind, wanted.version).await?;
        let found = found.filter(|found| found.hash == wanted.hash);
        let changed = PolicySimulationError::Gone("the draft was changed meanwhile");
        let dated = StoredDocument {
            effective_from: Some(asked.on),
            ..found.ok_or(changed)?
        };
        let faulty = |_| PolicySimulationError::Gone("the draft has faults: lint it");
        drafted.take(kind, &[dated]).map_err(faulty)?;
    }
    Ok((before, side(&drafted)))
}

fn always<T>(
    first: &Policies,
    second: &Policies,
    on: NaiveDate,
    of: fn(&Policies) -> &Dated<T>,
) -> Dated<T> {
    let found = of(first).on(on).or_else(|| of(second).on(on));
    found.map_or_else(Dated::default, |policy| Dated::always(Arc::clone(policy)))
}

/// Order lines by their documents; one without a document is one of its own.
pub fn documents_of<'a>(facts: impl Iterator<Item = &'a Fact>) -> Vec<Vec<&'a Fact>> {
    type Key<'a> = (Option<(&'a str, &'a str, &'a str)>, Option<FactId>);
    let mut all: BTreeMap<Key<'_>, Vec<&Fact>> = BTreeMap::new();
    for fact in facts.filter(|fact| fact.counts()) {
        let document = fact.document.as_ref();
        let named = document.map(|it| (it.system.as_str(), it.kind.as_str(), it.id.as_str()));
        let alone = named.is_none().then_some(fact.id);
        all.entry((named, alone)).or_default().push(fact);
    }
    all.into_values().collect()
}

/// How order lines become a quote.
pub struct Quoted<'a> {
    pub base: Currency,
    pub on: NaiveDate,
    pub known: &'a Catalogue<'a>,
}

impl Quoted<'_> {
    pub fn question(&self, facts: &[&Fact]) -> Question {
        let lines = facts.iter().enumerate();
        let lines = lines.filter_map(|(number, fact)| self.line(number, fact));
        Question {
            currency: self.base,
            today: self.on,
            lines: lines.collect(),
            rates: BTreeMap::new(),
            approved: None,
        }
    }

    /// None where nothing was paid.
    fn line(&self, number: usize, fact: &Fact) -> Option<Line> {
        let paid = fact.base_amount().filter(|amount| amount.units() > 0)?;
        let product = fact.product.and_then(|id| self.known.product(id));
        let quantity = fact.quantity.filter(|it| it.units() > 0).unwrap_or(ONE);
        let of_one = |amount: Decimal| {
            let unit = amount.checked_div(quantity.decimal())?;
            let unit = round(unit, UnitPrice::SCALE, Rounding::HalfUp);
            UnitPrice::from_decimal(unit).ok()
        };
        let exchange = Exchange {
            rates: self.known.book.rates(),
            base: self.base,
            into: self.base,
            on: self.on,
        };
        let list = product.and_then(|it| exchange.price(it.list_price?, it.currency).ok());
        let cost = fact.cost.amount().and_then(|cost| of_one(cost.decimal()));
        Some(Line {
            line_id: number.to_string(),
            sku: product.map(|it| it.sku.clone()),
            category: fact.category.clone(),
            margin_class: product.map(|it| it.margin_class).unwrap_or_default(),
            quantity,
            base_units: ONE,
            list_unit_price: Some(list.or_else(|| of_one(paid.decimal()))?),
            unit_cost: cost.map_or(UnitCost::Missing, UnitCost::Given),
            contract: None,
            requested_unit_price: None,
            approved: None,
        })
    }
}
