//! What a fact is worth in base currency, and what its goods cost, at the rates and costs of its day.

use crate::entity::fact;
use crate::products::KnownProduct;
use crate::rates::RateTable;
use chrono::NaiveDate;
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::{Cost, FactKind};
use tiercel_domain::facts::{FactFault, convert, line_cost};
use tiercel_domain::ids::RateId;
use tiercel_domain::scaled::{Amount, Quantity};
use uuid::Uuid;

/// The parts of a fact that decide its value.
pub(super) struct Goods<'a> {
    pub kind: FactKind,
    pub occurred_on: NaiveDate,
    pub amount: Option<Amount>,
    /// As it was given, in `currency`.
    pub cost: Option<Amount>,
    /// Of amount and given cost.
    pub currency: Currency,
    pub quantity: Option<Quantity>,
    pub product: Option<&'a KnownProduct>,
}

/// A fact's value in base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Valued {
    pub base_amount: Option<Amount>,
    /// The dated rate of the amount; none where it is in base currency.
    pub rate: Option<RateId>,
    pub cost: Cost,
}

impl Goods<'_> {
    /// The value by `rates`; what is in the way is added to `found`, and the value means nothing
    /// then.
    pub(super) fn value(
        &self,
        base: Currency,
        rates: &RateTable,
        found: &mut Vec<FactFault>,
    ) -> Valued {
        let mut worth = |field, currency, amount: Amount| {
            let valued = in_base(rates, base, field, amount, currency, self.occurred_on);
            valued.map_err(|fault| found.push(fault)).ok()
        };
        let amount = self
            .amount
            .and_then(|it| worth("amount", self.currency, it));
        let cost = match (self.cost, self.at_product_cost()) {
            (Some(cost), _) => worth("cost", self.currency, cost).map(|it| Cost::Given(it.0)),
            (None, Some((Some(cost), currency))) => {
                worth("cost", currency, cost).map(|it| Cost::Product(it.0))
            }
            (None, Some((None, _))) => {
                let detail = "the product's cost times quantity is too large";
                found.push(FactFault::new("too_large", "quantity", detail));
                None
            }
            (None, None) => None,
        };
        Valued {
            base_amount: amount.map(|it| it.0),
            rate: amount.and_then(|it| it.1),
            cost: cost.unwrap_or(Cost::Missing),
        }
    }

    /// Whether a cost of the product would be the cost of the goods: they leave, and no cost was
    /// given. Nobody knows in what state returned goods come back.
    pub(super) const fn is_at_product_cost(&self) -> bool {
        use FactKind::{Delivery, Invoice, OrderLine};
        let leave = matches!(self.kind, OrderLine | Delivery | Invoice);
        leave && self.quantity.is_some() && self.cost.is_none()
    }

    /// What the goods cost by the product's cost on the day, in the currency of that cost; the
    /// inner value is absent where it does not fit.
    fn at_product_cost(&self) -> Option<(Option<Amount>, Currency)> {
        let product = self.product.filter(|_| self.is_at_product_cost())?;
        let (unit_cost, currency) = product.cost_on(self.occurred_on)?;
        Some((line_cost(unit_cost, self.quantity?), currency))
    }
}

impl Valued {
    /// Whether a row has this value already.
    pub(super) fn is_of(&self, row: &fact::Model) -> bool {
        let other = self.fill(row.clone());
        other == *row
    }

    /// The row with this value.
    pub(super) fn fill(&self, row: fact::Model) -> fact::Model {
        fact::Model {
            base_amount: self.base_amount.map(Amount::units),
            rate_id: self.rate.map(|id| Uuid::from_u128(id.bits())),
            cost: self.cost.amount().map(Amount::units),
            cost_source: self.cost.source().to_owned(),
            ..row
        }
    }
}

fn in_base(
    rates: &RateTable,
    base: Currency,
    field: &'static str,
    amount: Amount,
    currency: Currency,
    on: NaiveDate,
) -> Result<(Amount, Option<RateId>), FactFault> {
    if currency == base {
        return Ok((amount, None));
    }
    let Some((id, rate)) = rates.on(currency, on) else {
        let detail = format!("no rate for {currency} is known on {on}");
        let field = if field == "amount" { "currency" } else { field };
        return Err(FactFault::new("no_rate", field, detail));
    };
    let worth = convert(amount, rate)
        .ok_or_else(|| FactFault::new("too_large", field, "is too large in base currency"))?;
    Ok((worth, Some(id)))
}
