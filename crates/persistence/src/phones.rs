//! Phone numbers of customers and contacts: as typed, in E.164 where valid, found by either.

use crate::entity::phone;
use crate::error::DbError;
use crate::refused::{Fault, MANY, check_count, check_region, check_text};
use crate::sql;
use crate::store::{Source, sealed::Sealed};
use crate::write::Tx;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{ContactId, CustomerId};
use tiercel_domain::incoming::IncomingPhone;
use tiercel_domain::phones::{MatchKey, normalise};
use uuid::Uuid;

/// The longest text that is kept as a number.
const LONGEST: usize = 64;

/// A number as it was typed, and as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    pub raw: String,
    /// ISO 3166-1 alpha-2: where the number was read as if it were dialled there.
    pub region: String,
    /// Absent where the number is not valid in any numbering plan.
    pub e164: Option<String>,
    /// Under what the number is found, most exact first; empty where it holds too few digits.
    pub keys: Vec<MatchKey>,
}

/// A number and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedPhone {
    pub customer: CustomerId,
    /// Absent where it is the customer's own.
    pub contact: Option<ContactId>,
    /// Counts the numbers a customer ever had.
    pub number: i64,
    pub phone: Phone,
}

impl Phone {
    /// Reads a number in its own region, else in `region`.
    pub fn read(incoming: &IncomingPhone, region: &str) -> Self {
        let region = incoming.region.as_deref().unwrap_or(region).to_owned();
        let normalised = normalise(&incoming.raw, Some(&region));
        Self {
            raw: incoming.raw.clone(),
            e164: normalised.e164().map(str::to_owned),
            keys: normalised.keys(),
            region,
        }
    }
}

/// Reads a list of numbers; one that stands there twice is kept once.
pub(crate) fn read_all(
    faults: &mut Vec<Fault>,
    incoming: &[IncomingPhone],
    region: &str,
) -> Vec<Phone> {
    check_count(faults, "phones", incoming.len(), MANY);
    let mut phones = Vec::new();
    for (place, number) in incoming.iter().enumerate() {
        check_text(
            faults,
            &format!("phones/{place}/number"),
            &number.raw,
            LONGEST,
        );
        if let Some(region) = &number.region {
            check_region(faults, &format!("phones/{place}/region"), region);
        }
        let phone = Phone::read(number, region);
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    phones
}

impl From<phone::Model> for OwnedPhone {
    fn from(row: phone::Model) -> Self {
        let keys = match &row.e164 {
            Some(number) => vec![MatchKey::E164(number.clone())],
            None => row
                .match_key
                .split_whitespace()
                .map(|digits| MatchKey::AsTyped(digits.to_owned()))
                .collect(),
        };
        Self {
            customer: CustomerId::from_bits(row.customer_id.as_u128()),
            contact: row.contact_id.map(|id| ContactId::from_bits(id.as_u128())),
            number: row.phone_no,
            phone: Phone {
                raw: row.raw,
                region: row.region.unwrap_or_default(),
                e164: row.e164,
                keys,
            },
        }
    }
}

/// All numbers of the customers, those of their contacts included.
pub async fn of(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<OwnedPhone>, DbError> {
    let ids: Vec<Uuid> = customers
        .iter()
        .map(|id| Uuid::from_u128(id.bits()))
        .collect();
    let mut phones = Vec::new();
    for chunk in ids.chunks(sql::MANY) {
        phones.extend(of_chunk(source, chunk).await?);
    }
    Ok(phones)
}

pub(crate) async fn of_chunk(
    source: &impl Source,
    customers: &[Uuid],
) -> Result<Vec<OwnedPhone>, DbError> {
    let rows = phone::Entity::find()
        .filter(phone::Column::CustomerId.is_in(customers.iter().copied()))
        .filter(phone::Column::SupersededBy.is_null())
        .order_by_asc(phone::Column::CustomerId)
        .order_by_asc(phone::Column::PhoneNo)
        .all(source.connection())
        .await?;
    Ok(rows.into_iter().map(OwnedPhone::from).collect())
}

/// The next numbers by customer, valid ones or those that are not.
pub async fn page(
    source: &impl Source,
    valid: Option<bool>,
    after: Option<(CustomerId, i64)>,
    limit: u64,
) -> Result<Vec<OwnedPhone>, DbError> {
    let mut query = selected(valid);
    if let Some((customer, number)) = after {
        let customer = Uuid::from_u128(customer.bits());
        let same = phone::Column::CustomerId
            .eq(customer)
            .and(phone::Column::PhoneNo.gt(number));
        query = query.filter(phone::Column::CustomerId.gt(customer).or(same));
    }
    let rows = query
        .order_by_asc(phone::Column::CustomerId)
        .order_by_asc(phone::Column::PhoneNo)
        .limit(limit)
        .all(source.connection())
        .await?;
    Ok(rows.into_iter().map(OwnedPhone::from).collect())
}

fn selected(valid: Option<bool>) -> Select<phone::Entity> {
    let query = phone::Entity::find().filter(phone::Column::SupersededBy.is_null());
    match valid {
        Some(true) => query.filter(phone::Column::E164.is_not_null()),
        Some(false) => query.filter(phone::Column::E164.is_null()),
        None => query,
    }
}

/// How many numbers there are in all.
pub async fn count(source: &impl Source, valid: Option<bool>) -> Result<u64, DbError> {
    Ok(selected(valid).count(source.connection()).await?)
}

/// Gives each customer (`contact` absent) or one contact a whole new list of numbers.
pub(crate) async fn replace(
    tx: &Tx,
    contact: Option<ContactId>,
    lists: &BTreeMap<CustomerId, &[Phone]>,
) -> Result<(), DbError> {
    let ids = sql::uuids(lists.keys().map(|id| id.bits()));
    let contact = contact.map(|id| Uuid::from_u128(id.bits()));
    let mut last: BTreeMap<Uuid, i64> = BTreeMap::new();
    for chunk in ids.chunks(sql::MANY) {
        let places = sql::places(1, chunk.len());
        let text = format!(
            "SELECT customer_id, MAX(phone_no) AS last FROM phone \
             WHERE customer_id IN ({places}) GROUP BY customer_id"
        );
        for row in sql::rows(tx, &text, chunk.to_vec()).await? {
            last.insert(row.try_get("", "customer_id")?, row.try_get("", "last")?);
        }
        let mut query = phone::Entity::update_many()
            .col_expr(
                phone::Column::SupersededBy,
                sea_orm::sea_query::Expr::value(tx.write_uuid()),
            )
            .filter(phone::Column::SupersededBy.is_null())
            .filter(phone::Column::CustomerId.is_in(chunk.to_vec()));
        query = match contact {
            Some(contact) => query.filter(phone::Column::ContactId.eq(contact)),
            None => query.filter(phone::Column::ContactId.is_null()),
        };
        query.exec(tx.connection()).await?;
    }
    let mut rows = Vec::new();
    for (customer, phones) in lists {
        let customer = Uuid::from_u128(customer.bits());
        let last = last.get(&customer).copied().unwrap_or(0);
        rows.extend((1_i64..).zip(*phones).map(|(place, phone)| {
            to_row(tx, customer, contact, last.saturating_add(place), phone)
        }));
    }
    for chunk in rows.chunks(sql::MANY) {
        phone::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

fn to_row(
    tx: &Tx,
    customer: Uuid,
    contact: Option<Uuid>,
    number: i64,
    phone: &Phone,
) -> phone::ActiveModel {
    let keys: Vec<&str> = phone
        .keys
        .iter()
        .map(|key| match key {
            MatchKey::E164(text) | MatchKey::AsTyped(text) => text.as_str(),
        })
        .collect();
    phone::ActiveModel {
        customer_id: Set(customer),
        phone_no: Set(number),
        contact_id: Set(contact),
        raw: Set(phone.raw.clone()),
        region: Set(Some(phone.region.clone())),
        e164: Set(phone.e164.clone()),
        match_key: Set(keys.join(" ")),
        write_id: Set(tx.write_uuid()),
        recorded_at: Set(tx.micros()),
        superseded_by: Set(None),
    }
}
