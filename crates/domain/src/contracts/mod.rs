//! Which contract a line is sold under, and what it says a unit costs.
//!
//! | decision | here                                                   |
//! | rows     | `crates/persistence/src/contracts.rs`                  |
//! | in quotes | `crates/http/src/v1/discounts/agreed.rs`              |
//! | endpoint | `crates/http/src/v1/contracts.rs`                      |

use crate::category::CategoryPath;
use crate::currency::Currency;
use crate::ids::{ContractId, CustomerId, GroupId};
use crate::money::{Rounding, round};
use crate::scaled::{Percent, UnitPrice};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::cmp::Reverse;

/// One version of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub id: ContractId,
    /// What others call it; unique.
    pub code: String,
    pub party: Party,
    /// Of its net prices.
    pub currency: Currency,
    pub valid_from: NaiveDate,
    /// The last day; none = until further notice.
    pub valid_until: Option<NaiveDate>,
    pub terms: Vec<Term>,
}

/// With whom it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    Customer(CustomerId),
    /// All customers of the group and of those below it.
    Group(GroupId),
}

/// What was agreed for some goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub about: About,
    pub price: AgreedPrice,
}

/// The goods that a term is about; from the widest to the narrowest, which wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Everything,
    /// With everything below it.
    Category(CategoryPath),
    Sku(String),
}

/// What a unit costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreedPrice {
    /// Per base unit, in the currency of the contract.
    Net(UnitPrice),
    /// Off the list price.
    Percent(Percent),
}

/// The goods of a line.
#[derive(Debug, Clone, Copy)]
pub struct Goods<'a> {
    pub sku: Option<&'a str>,
    pub category: Option<&'a CategoryPath>,
}

/// Who buys, and when.
#[derive(Debug, Clone, Copy)]
pub struct Buyer<'a> {
    pub customer: CustomerId,
    /// Its group, then that group's parent, up to the top.
    pub groups: &'a [GroupId],
    pub on: NaiveDate,
}

impl About {
    fn holds(&self, goods: Goods<'_>) -> bool {
        match self {
            Self::Everything => true,
            Self::Category(path) => goods.category.is_some_and(|it| it.is_within(path)),
            Self::Sku(sku) => goods.sku == Some(sku.as_str()),
        }
    }

    /// How narrow it is.
    fn rank(&self) -> usize {
        match self {
            Self::Everything => 0,
            Self::Category(path) => path.depth(),
            Self::Sku(_) => usize::MAX,
        }
    }
}

impl Contract {
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|last| day <= last)
    }

    /// The narrowest term about the goods.
    pub fn term(&self, goods: Goods<'_>) -> Option<&Term> {
        let about = self.terms.iter().filter(|term| term.about.holds(goods));
        about.max_by_key(|term| term.about.rank())
    }

    /// How far the party is from the buyer: its own, its group's, that of the group above.
    fn distance(&self, buyer: Buyer<'_>) -> Option<usize> {
        match self.party {
            Party::Customer(id) => (id == buyer.customer).then_some(0),
            Party::Group(id) => {
                let place = buyer.groups.iter().position(|group| *group == id)?;
                place.checked_add(1)
            }
        }
    }
}

/// The contract that a line is sold under: the one that is named, else the nearest to the buyer, of
/// these the one that says most about the goods, of these the first by code. One that says nothing
/// about the goods counts only where it is named.
pub fn applicable<'c>(
    contracts: impl Iterator<Item = &'c Contract>,
    buyer: Buyer<'_>,
    named: Option<&str>,
    goods: Goods<'_>,
) -> Option<(&'c Contract, Option<&'c Term>)> {
    let found = contracts.filter_map(|contract| {
        let distance = contract.distance(buyer)?;
        let wanted = named.is_none_or(|code| code == contract.code);
        if !wanted || !contract.holds_on(buyer.on) {
            return None;
        }
        let term = contract.term(goods);
        let rank = term.map(|term| term.about.rank());
        (named.is_some() || term.is_some()).then_some((distance, Reverse(rank), contract, term))
    });
    let nearest = found.min_by(|one, other| {
        let by = |it: &(usize, Reverse<Option<usize>>, &'c Contract, _)| (it.0, it.1);
        by(one)
            .cmp(&by(other))
            .then_with(|| one.2.code.cmp(&other.2.code))
    });
    nearest.map(|(.., contract, term)| (contract, term))
}

/// A percentage off a list price, six decimals, half away from zero.
pub fn off_list(list: UnitPrice, percent: Percent) -> Option<UnitPrice> {
    let left = Decimal::ONE_HUNDRED.checked_sub(percent.decimal())?;
    let exact = list
        .decimal()
        .checked_mul(left)?
        .checked_div(Decimal::ONE_HUNDRED)?;
    UnitPrice::from_decimal(round(exact, UnitPrice::SCALE, Rounding::HalfUp)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(code: &str, party: Party, terms: &[(About, i64)]) -> Contract {
        let terms = terms.iter().map(|(about, price)| Term {
            about: about.clone(),
            price: AgreedPrice::Net(UnitPrice::from_units(*price)),
        });
        Contract {
            id: ContractId::from_bits(1),
            code: code.to_owned(),
            party,
            currency: Currency::EUR,
            valid_from: "2026-01-01".parse().unwrap(),
            valid_until: "2026-12-31".parse().ok(),
            terms: terms.collect(),
        }
    }

    fn found(contracts: &[Contract], named: Option<&str>, sku: &str, day: &str) -> Option<String> {
        let category = "drives/servo".parse().unwrap();
        let buyer = Buyer {
            customer: CustomerId::from_bits(7),
            groups: &[GroupId::from_bits(2), GroupId::from_bits(1)],
            on: day.parse().unwrap(),
        };
        let goods = Goods {
            sku: Some(sku),
            category: Some(&category),
        };
        let (contract, term) = applicable(contracts.iter(), buyer, named, goods)?;
        let price = term.map(|term| match term.price {
            AgreedPrice::Net(price) => price.units(),
            AgreedPrice::Percent(percent) => percent.units(),
        });
        Some(format!("{} {}", contract.code, price.unwrap_or_default()))
    }

    #[test]
    fn the_nearest_contract_counts_and_in_it_the_narrowest_term() {
        let own = Party::Customer(CustomerId::from_bits(7));
        let group = |id| Party::Group(GroupId::from_bits(id));
        let sku = |sku: &str| About::Sku(sku.to_owned());
        let category = |path: &str| About::Category(path.parse().unwrap());
        let contracts = [
            contract("far", group(1), &[(About::Everything, 1)]),
            contract("near", group(2), &[(sku("B"), 2), (category("drives"), 3)]),
            contract("own", own, &[(category("drives/servo"), 4), (sku("A"), 5)]),
            contract("other", group(9), &[(sku("A"), 6)]),
        ];
        let on = |named, sku| found(&contracts, named, sku, "2026-06-01");
        assert_eq!(on(None, "A").as_deref(), Some("own 5"));
        assert_eq!(on(None, "B").as_deref(), Some("own 4"));
        assert_eq!(on(Some("near"), "B").as_deref(), Some("near 2"));
        assert_eq!(on(Some("near"), "A").as_deref(), Some("near 3"));
        assert_eq!(on(Some("other"), "A"), None, "it is not theirs");
        assert_eq!(
            found(&contracts[..2], None, "A", "2026-06-01").as_deref(),
            Some("near 3")
        );
        assert_eq!(found(&contracts, None, "A", "2027-01-01"), None);
        assert_eq!(found(&contracts, None, "A", "2025-12-31"), None);
        let mut turned = contracts.clone();
        turned.reverse();
        assert_eq!(
            found(&turned, None, "A", "2026-06-01").as_deref(),
            Some("own 5")
        );
    }

    #[test]
    fn a_percentage_is_off_list() {
        let price = |text: &str| text.parse::<UnitPrice>().unwrap();
        let off = |list: &str, percent: &str| off_list(price(list), percent.parse().unwrap());
        assert_eq!(off("100", "12.5"), Some(price("87.5")));
        assert_eq!(off("0.000001", "50"), Some(price("0.000001")));
        assert_eq!(off("80", "100"), Some(price("0")));
    }
}
