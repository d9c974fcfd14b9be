//! People who act for a customer.

mod history;

pub use history::{ContactVersion, history};

use crate::clock::from_micros;
use crate::customers::{self, change};
use crate::entity;
use crate::error::DbError;
use crate::phones::{self, Phone};
use crate::refused::{Fault, Refused, check_email, check_region, check_text};
use crate::sql;
use crate::store::{Source, sealed::Sealed};
use crate::write::{Change as Noted, Tx};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryResult};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{ContactId, CustomerId};
use tiercel_domain::incoming::{Change, IncomingPhone};
use uuid::Uuid;

/// Positions of a contact, highest first.
pub const POSITIONS: [&str; 5] = ["board", "executive", "manager", "specialist", "staff"];

/// The highest position among each customer's contacts, as known now or at a position of the
/// journal; customers whose contacts have none are absent.
pub(crate) async fn highest_positions(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
    known_at: Option<i64>,
) -> Result<BTreeMap<CustomerId, &'static str>, DbError> {
    let mut highest: BTreeMap<CustomerId, usize> = BTreeMap::new();
    let ids = sql::uuids(customers.iter().map(|id| id.bits()));
    for chunk in ids.chunks(sql::MANY) {
        let first = known_at.map(sea_orm::Value::from);
        let from = if first.is_some() { 2 } else { 1 };
        let text = format!(
            "SELECT DISTINCT c.customer_id, c.position AS held FROM contact c \
             WHERE {} AND c.position IS NOT NULL AND NOT c.removed AND c.customer_id IN ({})",
            sql::known("c", known_at),
            sql::places(from, chunk.len())
        );
        let values = first.into_iter().chain(chunk.iter().cloned()).collect();
        for row in sql::rows(source, &text, values).await? {
            let customer: Uuid = row.try_get("", "customer_id")?;
            let held: String = row.try_get("", "held")?;
            let rank = POSITIONS
                .iter()
                .position(|position| *position == held)
                .ok_or_else(|| DbError::corrupt("contact", format!("the position `{held}`")))?;
            let known = highest
                .entry(CustomerId::from_bits(customer.as_u128()))
                .or_insert(rank);
            *known = rank.min(*known);
        }
    }
    Ok(highest
        .into_iter()
        .filter_map(|(customer, rank)| Some((customer, *POSITIONS.get(rank)?)))
        .collect())
}

/// A contact as known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub customer: CustomerId,
    pub version: i64,
    pub name: Option<String>,
    pub email: Option<String>,
    /// One of [`POSITIONS`].
    pub position: Option<String>,
    /// ISO 3166-1 alpha-2: how the contact's numbers are read.
    pub country: Option<String>,
    /// Whom to turn to first; at most one contact of a customer is.
    pub primary: bool,
    pub phones: Vec<Phone>,
    pub recorded_at: DateTime<Utc>,
}

/// A partial update: what it does not name stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactEdit {
    pub name: Change<String>,
    pub email: Change<String>,
    pub position: Change<String>,
    pub country: Change<String>,
    pub primary: Option<bool>,
    /// The whole list.
    pub phones: Option<Vec<IncomingPhone>>,
}

/// The contacts of a customer, oldest first.
pub async fn of(source: &impl Source, customer: CustomerId) -> Result<Vec<Contact>, DbError> {
    let text = "SELECT c.contact_id, c.version, c.position AS held, c.country, c.is_primary, \
                c.recorded_at, m.name, m.email \
                FROM contact c LEFT JOIN contact_personal m ON m.customer_id = c.customer_id \
                AND m.contact_id = c.contact_id AND m.version = c.version \
                WHERE c.customer_id = $1 AND c.superseded_by IS NULL AND NOT c.removed \
                ORDER BY c.contact_id";
    let uuid = Uuid::from_u128(customer.bits());
    let rows = sql::rows(source, text, vec![uuid.into()]).await?;
    let mut contacts = rows
        .iter()
        .map(|row| read(row, customer))
        .collect::<Result<Vec<Contact>, DbError>>()?;
    for phone in phones::of_chunk(source, &[uuid]).await? {
        let owner = contacts
            .iter_mut()
            .find(|contact| Some(contact.id) == phone.contact);
        if let Some(contact) = owner {
            contact.phones.push(phone.phone);
        }
    }
    Ok(contacts)
}

fn read(row: &QueryResult, customer: CustomerId) -> Result<Contact, DbError> {
    let id: Uuid = row.try_get("", "contact_id")?;
    Ok(Contact {
        id: ContactId::from_bits(id.as_u128()),
        customer,
        version: row.try_get("", "version")?,
        name: row.try_get("", "name")?,
        email: row.try_get("", "email")?,
        position: row.try_get("", "held")?,
        country: row.try_get("", "country")?,
        primary: row.try_get("", "is_primary")?,
        phones: Vec::new(),
        recorded_at: from_micros(row.try_get("", "recorded_at")?),
    })
}

/// One contact of a customer.
pub async fn find(
    source: &impl Source,
    customer: CustomerId,
    id: ContactId,
) -> Result<Option<Contact>, DbError> {
    let all = of(source, customer).await?;
    Ok(all.into_iter().find(|contact| contact.id == id))
}

/// Adds a contact to a customer.
pub async fn create(
    tx: &Tx,
    customer: CustomerId,
    edit: &ContactEdit,
    default_region: &str,
) -> Result<Contact, Refused> {
    lock(tx, customer).await?;
    let before = Contact {
        id: ContactId::from_bits(tx.mint()),
        customer,
        version: 0,
        name: None,
        email: None,
        position: None,
        country: None,
        primary: false,
        phones: Vec::new(),
        recorded_at: tx.at(),
    };
    let after = apply(edit, &before, default_region).map_err(Refused::Invalid)?;
    save(tx, &before, after, "created").await
}

/// Changes a contact that `agree` agrees to; nothing is written where nothing changes.
pub async fn patch<E: From<Refused> + From<DbError>>(
    tx: &Tx,
    customer: CustomerId,
    id: ContactId,
    edit: &ContactEdit,
    default_region: &str,
    agree: impl FnOnce(&Contact) -> Result<(), E>,
) -> Result<Contact, E> {
    lock(tx, customer).await?;
    let before = find(tx, customer, id).await?;
    let before = before.ok_or(Refused::Unknown("contact"))?;
    agree(&before)?;
    let after =
        apply(edit, &before, default_region).map_err(|faults| E::from(Refused::Invalid(faults)))?;
    if after == before {
        return Ok(before);
    }
    Ok(save(tx, &before, after, "updated").await?)
}

/// Takes a contact away; its name and numbers are deleted in all versions.
pub async fn remove(tx: &Tx, customer: CustomerId, id: ContactId) -> Result<(), Refused> {
    lock(tx, customer).await?;
    let before = find(tx, customer, id).await?;
    let before = before.ok_or(Refused::Unknown("contact"))?;
    supersede(tx, &before).await?;
    let after = Contact {
        version: before.version.saturating_add(1),
        position: None,
        country: None,
        primary: false,
        ..before
    };
    insert(tx, &after, true).await?;
    for table in ["contact_personal", "phone"] {
        let text = format!("DELETE FROM {table} WHERE customer_id = $1 AND contact_id = $2");
        sql::run(tx, &text, key(&after).into()).await?;
    }
    note(tx, &after, "removed");
    Ok(())
}

async fn lock(tx: &Tx, customer: CustomerId) -> Result<(), Refused> {
    let only = BTreeSet::from([customer]);
    tx.touch(&only).await?;
    let state = customers::state(tx, &only).await?.remove(&customer);
    match state {
        None => Err(Refused::Unknown("customer")),
        Some(state) if state.erased_at.is_some() => Err(Refused::Erased),
        Some(_) => Ok(()),
    }
}

fn apply(
    edit: &ContactEdit,
    before: &Contact,
    default_region: &str,
) -> Result<Contact, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut after = before.clone();
    if let Change::Set(name) = &edit.name {
        check_text(&mut faults, "name", name, 300);
    }
    if let Change::Set(email) = &edit.email {
        check_email(&mut faults, "email", email);
    }
    if let Change::Set(position) = &edit.position
        && !POSITIONS.contains(&position.as_str())
    {
        let detail = format!("must be one of: {}", POSITIONS.join(", "));
        faults.push(Fault::new("position", "unknown_value", detail));
    }
    if let Change::Set(country) = &edit.country {
        check_region(&mut faults, "country", country);
    }
    change(&edit.name, &mut after.name);
    change(&edit.email, &mut after.email);
    change(&edit.position, &mut after.position);
    change(&edit.country, &mut after.country);
    after.primary = edit.primary.unwrap_or(before.primary);
    if let Some(incoming) = &edit.phones {
        let region = after.country.as_deref().unwrap_or(default_region);
        after.phones = phones::read_all(&mut faults, incoming, region);
    }
    if faults.is_empty() {
        Ok(after)
    } else {
        Err(faults)
    }
}

async fn save(
    tx: &Tx,
    before: &Contact,
    after: Contact,
    what: &'static str,
) -> Result<Contact, Refused> {
    if after.primary && !before.primary {
        demote_others(tx, &after).await?;
    }
    supersede(tx, before).await?;
    let after = Contact {
        version: before.version.saturating_add(1),
        recorded_at: tx.at(),
        ..after
    };
    insert(tx, &after, false).await?;
    if after.phones != before.phones {
        let lists = BTreeMap::from([(after.customer, after.phones.as_slice())]);
        phones::replace(tx, Some(after.id), &lists).await?;
    }
    note(tx, &after, what);
    Ok(after)
}

async fn demote_others(tx: &Tx, chosen: &Contact) -> Result<(), Refused> {
    let others = of(tx, chosen.customer).await?;
    for other in others.into_iter().filter(|other| other.primary) {
        supersede(tx, &other).await?;
        let demoted = Contact {
            version: other.version.saturating_add(1),
            primary: false,
            ..other
        };
        insert(tx, &demoted, false).await?;
        note(tx, &demoted, "updated");
    }
    Ok(())
}

fn key(contact: &Contact) -> [sea_orm::Value; 2] {
    [
        Uuid::from_u128(contact.customer.bits()).into(),
        Uuid::from_u128(contact.id.bits()).into(),
    ]
}

async fn supersede(tx: &Tx, contact: &Contact) -> Result<(), DbError> {
    let text = "UPDATE contact SET superseded_by = $3 \
                WHERE customer_id = $1 AND contact_id = $2 AND superseded_by IS NULL";
    let [customer, id] = key(contact);
    sql::run(tx, text, vec![customer, id, tx.write_uuid().into()]).await?;
    Ok(())
}

async fn insert(tx: &Tx, contact: &Contact, removed: bool) -> Result<(), DbError> {
    let row = entity::contact::ActiveModel {
        customer_id: Set(Uuid::from_u128(contact.customer.bits())),
        contact_id: Set(Uuid::from_u128(contact.id.bits())),
        version: Set(contact.version),
        position: Set(contact.position.clone()),
        country: Set(contact.country.clone()),
        is_primary: Set(contact.primary),
        removed: Set(removed),
        write_id: Set(tx.write_uuid()),
        recorded_at: Set(tx.micros()),
        superseded_by: Set(None),
    };
    entity::contact::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    if removed {
        return Ok(());
    }
    let row = entity::contact_personal::ActiveModel {
        customer_id: Set(Uuid::from_u128(contact.customer.bits())),
        contact_id: Set(Uuid::from_u128(contact.id.bits())),
        version: Set(contact.version),
        name: Set(contact.name.clone()),
        email: Set(contact.email.clone()),
    };
    entity::contact_personal::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn note(tx: &Tx, contact: &Contact, what: &'static str) {
    tx.note(Noted {
        entity: "contact",
        id: contact.id.to_string(),
        version: contact.version,
        what,
        customer: Some(contact.customer),
        content: None,
        detail: Vec::new(),
    });
}
