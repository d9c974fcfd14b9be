//! Dated exchange rates into the base currency.

use crate::entity::exchange_rate;
use crate::error::DbError;
use crate::store::{Source, sealed::Sealed};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::BTreeMap;
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::RateId;
use tiercel_domain::scaled::Rate;

/// All rates in force, by currency and day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateTable {
    /// Oldest first.
    rates: BTreeMap<Currency, Vec<(NaiveDate, RateId, Rate)>>,
}

impl RateTable {
    /// The rate of a currency on a day: the latest that is valid by then.
    pub fn on(&self, currency: Currency, date: NaiveDate) -> Option<(RateId, Rate)> {
        let rates = self.rates.get(&currency)?;
        let known = rates.partition_point(|(from, ..)| *from <= date);
        let (_, id, rate) = *rates.get(known.checked_sub(1)?)?;
        Some((id, rate))
    }
}

/// All rates in force.
pub async fn table(source: &impl Source) -> Result<RateTable, DbError> {
    let rows = exchange_rate::Entity::find()
        .filter(exchange_rate::Column::SupersededBy.is_null())
        .order_by_asc(exchange_rate::Column::Currency)
        .order_by_asc(exchange_rate::Column::ValidFrom)
        .all(source.connection())
        .await?;
    let mut table = RateTable::default();
    for row in rows {
        let id = RateId::from_bits(row.rate_id.as_u128());
        let rates = table.rates.entry(currency(&row.currency)?).or_default();
        rates.push((row.valid_from, id, Rate::from_units(row.rate)));
    }
    Ok(table)
}

fn currency(text: &str) -> Result<Currency, DbError> {
    text.parse()
        .map_err(|error| DbError::corrupt("exchange_rate", error))
}
