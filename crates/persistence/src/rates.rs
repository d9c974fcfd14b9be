//! Dated exchange rates into the base currency.

use crate::clock::from_micros;
use crate::entity::exchange_rate;
use crate::error::DbError;
use crate::sql;
use crate::store::{Source, sealed::Sealed};
use crate::write::{Change, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use std::collections::BTreeMap;
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::RateId;
use tiercel_domain::scaled::Rate;
use uuid::Uuid;

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

impl FromIterator<(Currency, NaiveDate, RateId, Rate)> for RateTable {
    fn from_iter<I: IntoIterator<Item = (Currency, NaiveDate, RateId, Rate)>>(rates: I) -> Self {
        let mut table = Self::default();
        for (currency, from, id, rate) in rates {
            let of_currency = table.rates.entry(currency).or_default();
            of_currency.push((from, id, rate));
        }
        for of_currency in table.rates.values_mut() {
            of_currency.sort_by_key(|(from, ..)| *from);
        }
        table
    }
}

/// All rates in force.
pub async fn table(source: &impl Source) -> Result<RateTable, DbError> {
    table_known_at(source, None).await
}

/// All rates in force, now or as known at a position of the journal.
pub async fn table_known_at(
    source: &impl Source,
    known_at: Option<i64>,
) -> Result<RateTable, DbError> {
    let rows = exchange_rate::Entity::find()
        .filter(in_force(known_at))
        .order_by_asc(exchange_rate::Column::Currency)
        .order_by_asc(exchange_rate::Column::ValidFrom)
        .all(source.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let id = RateId::from_bits(row.rate_id.as_u128());
            let currency = currency(&row.currency)?;
            Ok((currency, row.valid_from, id, Rate::from_units(row.rate)))
        })
        .collect()
}

/// One rate with its place in knowledge time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRate {
    pub id: RateId,
    pub currency: Currency,
    pub valid_from: NaiveDate,
    /// Units of the base currency for one unit of `currency`.
    pub rate: Rate,
    pub recorded_at: DateTime<Utc>,
}

/// Records a rate from a day on; the same day again is a correction. A rate that is known already
/// is returned as it is. Where facts are touched, the write ends with a job that values them again.
///
/// # Errors
/// `Conflict` where another write came between: run the transaction again.
pub async fn save(
    tx: &Tx,
    currency: Currency,
    valid_from: NaiveDate,
    rate: Rate,
) -> Result<StoredRate, DbError> {
    let before = exchange_rate::Entity::find()
        .filter(exchange_rate::Column::SupersededBy.is_null())
        .filter(exchange_rate::Column::Currency.eq(currency.code()))
        .filter(exchange_rate::Column::ValidFrom.eq(valid_from))
        .one(tx.connection())
        .await?;
    match before {
        Some(known) if known.rate == rate.units() => return to_rate(known),
        Some(known) => supersede(tx, known.rate_id).await?,
        None => {}
    }
    let row = exchange_rate::Model {
        rate_id: Uuid::from_u128(tx.mint()),
        currency: currency.code().to_owned(),
        valid_from,
        rate: rate.units(),
        write_id: tx.write_uuid(),
        recorded_at: tx.micros(),
        superseded_by: None,
    };
    exchange_rate::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.connection())
        .await
        .map_err(|error| match error.into() {
            DbError::Taken(detail) => DbError::Conflict(detail),
            other => other,
        })?;
    let stored = to_rate(row)?;
    tx.valuation().changed();
    tx.note(Change {
        entity: "exchange_rate",
        id: stored.id.to_string(),
        version: 1,
        what: "recorded",
        customer: None,
        content: None,
        detail: vec![
            ("currency", currency.to_string()),
            ("valid_from", valid_from.to_string()),
            ("rate", rate.to_string()),
        ],
    });
    Ok(stored)
}

async fn supersede(tx: &Tx, id: Uuid) -> Result<(), DbError> {
    let done = exchange_rate::Entity::update_many()
        .col_expr(
            exchange_rate::Column::SupersededBy,
            Expr::value(Some(tx.write_uuid())),
        )
        .filter(exchange_rate::Column::RateId.eq(id))
        .filter(exchange_rate::Column::SupersededBy.is_null())
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 {
        return Ok(());
    }
    Err(DbError::Conflict("the rate has changed".into()))
}

/// One rate, also where it has been corrected since: facts name the rate they were recorded with.
pub async fn find(source: &impl Source, id: RateId) -> Result<Option<StoredRate>, DbError> {
    let row = exchange_rate::Entity::find_by_id(Uuid::from_u128(id.bits()))
        .one(source.connection())
        .await?;
    row.map(to_rate).transpose()
}

/// Which rates in force a page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateFilter {
    pub currency: Option<Currency>,
    /// As known at this position of the journal; none = now.
    pub known_at: Option<i64>,
}

/// Rates in force after an id, in order of ids.
pub async fn page(
    source: &impl Source,
    filter: &RateFilter,
    after: Option<RateId>,
    limit: u64,
) -> Result<Vec<StoredRate>, DbError> {
    let mut query = selected(filter);
    if let Some(after) = after {
        query = query.filter(exchange_rate::Column::RateId.gt(Uuid::from_u128(after.bits())));
    }
    let rows = query
        .order_by_asc(exchange_rate::Column::RateId)
        .limit(limit)
        .all(source.connection())
        .await?;
    rows.into_iter().map(to_rate).collect()
}

fn in_force(known_at: Option<i64>) -> Condition {
    sql::in_force(
        exchange_rate::Column::WriteId,
        exchange_rate::Column::SupersededBy,
        known_at,
    )
}

fn selected(filter: &RateFilter) -> Select<exchange_rate::Entity> {
    let query = exchange_rate::Entity::find().filter(in_force(filter.known_at));
    match filter.currency {
        Some(currency) => query.filter(exchange_rate::Column::Currency.eq(currency.code())),
        None => query,
    }
}

/// How many rates are in force in all.
pub async fn count(source: &impl Source, filter: &RateFilter) -> Result<u64, DbError> {
    Ok(selected(filter).count(source.connection()).await?)
}

fn to_rate(row: exchange_rate::Model) -> Result<StoredRate, DbError> {
    Ok(StoredRate {
        id: RateId::from_bits(row.rate_id.as_u128()),
        currency: currency(&row.currency)?,
        valid_from: row.valid_from,
        rate: Rate::from_units(row.rate),
        recorded_at: from_micros(row.recorded_at),
    })
}

fn currency(text: &str) -> Result<Currency, DbError> {
    text.parse()
        .map_err(|error| DbError::corrupt("exchange_rate", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_store;

    #[tokio::test]
    async fn a_rate_holds_from_its_day_and_can_be_corrected() {
        let (_dir, store) = test_store::open().await;
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (from, rate) in [
            ("2024-01-01", "0.9"),
            ("2024-02-01", "0.8"),
            ("2024-02-01", "0.85"),
        ] {
            let write = async |tx: &Tx| {
                let rate = rate.parse().unwrap();
                Ok((save(tx, Currency::USD, day(from), rate).await?, None))
            };
            let done: Result<_, DbError> = store.write(&test_store::writing(), write).await;
            done.unwrap();
        }
        let table = table(&store).await.unwrap();
        let on = |text| {
            table
                .on(Currency::USD, day(text))
                .map(|(_, rate)| rate.to_string())
        };
        assert_eq!(on("2023-12-31"), None);
        assert_eq!(on("2024-01-31").as_deref(), Some("0.9"));
        assert_eq!(on("2024-02-01").as_deref(), Some("0.85"));
        assert_eq!(
            page(&store, &RateFilter::default(), None, 10)
                .await
                .unwrap()
                .len(),
            2
        );
    }
}
