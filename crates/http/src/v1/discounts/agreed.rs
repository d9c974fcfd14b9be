//! The contract of a line: as the request tells it, else as it was made with the customer.

use super::times;
use crate::book::{Book, Exchange};
use tiercel_domain::contracts::{AgreedPrice, Buyer, Contract, Goods, Term, applicable, off_list};
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts;
use tiercel_domain::ids::{CustomerId, GroupId};
use tiercel_domain::scaled::{Quantity, UnitPrice};
use tiercel_persistence::book::BookCustomer;

/// What was agreed with one customer.
pub(super) struct Agreements<'a> {
    exchange: Exchange<'a>,
    customer: Option<CustomerId>,
    groups: Vec<GroupId>,
    pub book: &'a Book,
}

/// A line, as far as its contract looks at it.
pub(super) struct Sold<'a> {
    pub goods: Goods<'a>,
    /// Of a unit of measure.
    pub list: Option<UnitPrice>,
    pub base_units: Quantity,
}

impl<'a> Agreements<'a> {
    pub(super) fn new(
        book: &'a Book,
        customer: Option<&BookCustomer>,
        exchange: Exchange<'a>,
    ) -> Self {
        let groups = customer.map(|it| book.group_line(it).collect());
        Self {
            exchange,
            customer: customer.map(|it| it.id),
            groups: groups.unwrap_or_default(),
            book,
        }
    }

    /// A price that the request tells comes first; a reference that nobody knows stays as it is.
    pub(super) fn contract(
        &self,
        asked: Option<&discounts::Contract>,
        sold: &Sold<'_>,
    ) -> Result<Option<discounts::Contract>, &'static str> {
        let told = asked.filter(|it| it.unit_price.is_some());
        let named = asked.map(|it| it.reference.as_str());
        let found = self
            .applicable(named, sold.goods)
            .filter(|_| told.is_none());
        let Some((contract, term)) = found else {
            return Ok(asked.cloned());
        };
        let unit_price = term.map(|term| self.price(contract, term, sold));
        Ok(Some(discounts::Contract {
            reference: contract.code.clone(),
            unit_price: unit_price.transpose()?.flatten(),
        }))
    }

    /// Of the net prices that may have been agreed.
    pub(super) fn currencies(&self) -> impl Iterator<Item = Currency> {
        let held = self.customer.into_iter();
        let held = held.flat_map(|customer| self.book.contracts().of(customer, &self.groups));
        let held = held.filter(|contract| contract.holds_on(self.exchange.on));
        held.map(|contract| contract.currency)
    }

    fn applicable(
        &self,
        named: Option<&str>,
        goods: Goods<'_>,
    ) -> Option<(&Contract, Option<&Term>)> {
        let customer = self.customer?;
        let buyer = Buyer {
            customer,
            groups: &self.groups,
            on: self.exchange.on,
        };
        let contracts = self.book.contracts().of(customer, &self.groups);
        applicable(contracts, buyer, named, goods)
    }

    /// Of a unit of measure, in the currency of the quote. A percentage of no list price is none.
    fn price(
        &self,
        contract: &Contract,
        term: &Term,
        sold: &Sold<'_>,
    ) -> Result<Option<UnitPrice>, &'static str> {
        match term.price {
            AgreedPrice::Net(price) => {
                let price = self.exchange.price(price, contract.currency);
                let price = price.and_then(|price| times(price, sold.base_units));
                price.map(Some).map_err(|error| error.code())
            }
            AgreedPrice::Percent(percent) => Ok(sold.list.and_then(|list| off_list(list, percent))),
        }
    }
}
