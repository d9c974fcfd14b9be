//! Sums of facts per customer, month and category: a projection, rebuilt for the months touched.

use crate::entity::rollup;
use crate::error::DbError;
use crate::facts;
use crate::refresh::{Facts, RefreshError};
use crate::sql::MANY;
use crate::store::{Source, sealed::Sealed};
use crate::write::Tx;
use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use tiercel_domain::fact::Fact;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::rollups::{MEASURES, Rollup, RollupKey, month_of};
use uuid::Uuid;

/// Replaces the rows of these customers in these months.
pub(crate) async fn rebuild(
    tx: &Tx,
    facts: &Facts,
    ids: &BTreeSet<CustomerId>,
    months: &BTreeSet<NaiveDate>,
) -> Result<(), RefreshError> {
    if months.is_empty() {
        return Ok(());
    }
    let months_list: Vec<NaiveDate> = months.iter().copied().collect();
    let customers: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    for chunk in months_list.chunks(MANY) {
        rollup::Entity::delete_many()
            .filter(rollup::Column::CustomerId.is_in(customers.iter().copied()))
            .filter(rollup::Column::Month.is_in(chunk.iter().copied()))
            .exec(tx.connection())
            .await
            .map_err(DbError::from)?;
    }
    let mut rows = Vec::new();
    for id in ids {
        let touched = |fact: &&Fact| months.contains(&month_of(fact.occurred_on));
        let touched: Vec<Fact> = facts.of(*id).iter().filter(touched).cloned().collect();
        let sums = tiercel_domain::rollups::rollup(&touched);
        let sums = sums.map_err(|_| RefreshError::TooLarge(*id))?;
        rows.extend(sums.iter().map(|(key, sum)| to_row(key, sum)));
    }
    for chunk in rows.chunks(MANY) {
        rollup::Entity::insert_many(chunk.iter().cloned())
            .exec_without_returning(tx.connection())
            .await
            .map_err(DbError::from)?;
    }
    Ok(())
}

/// The sums kept of customers, in all months.
pub async fn of_customers(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<RollupKey, Rollup>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(MANY) {
        let rows = rollup::Entity::find()
            .filter(rollup::Column::CustomerId.is_in(chunk.iter().copied()))
            .order_by_asc(rollup::Column::CustomerId)
            .order_by_asc(rollup::Column::Month)
            .all(source.connection())
            .await?;
        for row in &rows {
            let (key, sum) = to_rollup(row)?;
            found.insert(key, sum);
        }
    }
    Ok(found)
}

/// Where a sum stands among those of its customer, as `2026-03-01 drives/servo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    month: NaiveDate,
    /// Empty for facts without one, as in the table.
    category: String,
}

impl Place {
    pub fn of(key: &RollupKey) -> Self {
        let category = key.category.as_ref();
        Self {
            month: key.month,
            category: category.map_or_else(String::new, ToString::to_string),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.month, self.category)
    }
}

impl FromStr for Place {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (month, category) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self {
            month: month.parse()?,
            category: category.to_owned(),
        })
    }
}

/// Which months of a customer to read; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Months {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// The last sum of the page before.
    pub after: Option<Place>,
}

/// The sums kept of a customer, by month and category.
pub async fn page(
    source: &impl Source,
    customer: CustomerId,
    months: &Months,
    limit: u64,
) -> Result<Vec<(RollupKey, Rollup)>, DbError> {
    use rollup::Column;
    let customer = Uuid::from_u128(customer.bits());
    let mut query = rollup::Entity::find().filter(Column::CustomerId.eq(customer));
    if let Some(from) = months.from {
        query = query.filter(Column::Month.gte(from));
    }
    if let Some(to) = months.to {
        query = query.filter(Column::Month.lte(to));
    }
    if let Some(after) = &months.after {
        let later = Condition::any()
            .add(Column::Month.gt(after.month))
            .add(Column::Category.gt(after.category.as_str()));
        query = query.filter(Column::Month.gte(after.month)).filter(later);
    }
    let rows = query
        .order_by_asc(Column::Month)
        .order_by_asc(Column::Category)
        .limit(limit)
        .all(source.connection())
        .await?;
    rows.iter().map(to_rollup).collect()
}

/// The sums of a customer in these months by the facts that were known at a position: what is kept
/// knows only now.
///
/// # Errors
/// `TooLarge` where they could not have been kept.
pub async fn known_at(
    source: &impl Source,
    customer: CustomerId,
    months: &Months,
    position: i64,
) -> Result<Vec<(RollupKey, Rollup)>, RefreshError> {
    let ids = BTreeSet::from([customer]);
    let mut facts = facts::of_customers(source, &ids, Some(position)).await?;
    let facts = facts.remove(&customer).unwrap_or_default();
    let sums = tiercel_domain::rollups::rollup(&facts);
    let sums = sums.map_err(|_| RefreshError::TooLarge(customer))?;
    let asked = |month: NaiveDate| {
        let early = months.from.is_some_and(|from| month < from);
        !early && months.to.is_none_or(|to| month <= to)
    };
    let sums = sums.into_iter().filter(|(key, _)| asked(key.month));
    let mut sums: Vec<(RollupKey, Rollup)> = sums.collect();
    sums.sort_by_key(|(key, _)| Place::of(key).to_string());
    Ok(sums)
}

fn to_row(key: &RollupKey, sum: &Rollup) -> rollup::ActiveModel {
    let category = key.category.as_ref();
    rollup::Model {
        customer_id: Uuid::from_u128(key.customer.bits()),
        month: key.month,
        category: category.map_or_else(String::new, ToString::to_string),
        measures: serde_json::json!(sum.units()).to_string(),
    }
    .into_active_model()
    .reset_all()
}

fn to_rollup(row: &rollup::Model) -> Result<(RollupKey, Rollup), DbError> {
    let corrupt = |detail: String| DbError::corrupt("rollup", detail);
    let units: [i64; MEASURES] =
        serde_json::from_str(&row.measures).map_err(|error| corrupt(error.to_string()))?;
    let category = match row.category.as_str() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| corrupt(format!("the category `{text}`")))?,
        ),
    };
    let key = RollupKey {
        customer: CustomerId::from_bits(row.customer_id.as_u128()),
        month: row.month,
        category,
    };
    Ok((key, Rollup::from_units(units)))
}
