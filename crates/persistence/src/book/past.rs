//! What decisions needed of customers at a moment: the rows that the book held then, read again.
//!
//! A position of the journal says what was known; a date says what of that had come true. Ids,
//! numbers, profiles and groups have no date of their own: they count as they were known.

use super::{BookCustomer, blank, credit_limit, group_of, keys, known_as, of_row, shared};
use crate::customers::CustomerState;
use crate::entity::customer_state;
use crate::error::DbError;
use crate::receivables::Receivables;
use crate::refresh::RefreshError;
use crate::sql::{self, MANY};
use crate::store::Source;
use crate::{credit, facts, price_approvals, tier_overrides};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryResult, Value};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::credit::OpenItem;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::{CustomerId, EvaluationId, GroupId};
use tiercel_domain::incoming::CustomerRef;
use tiercel_domain::phones::{MatchKey, tail};
use tiercel_domain::scaled::Points;
use uuid::Uuid;

/// A business date and a position of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub as_of: NaiveDate,
    /// What was numbered up to here was known.
    pub position: i64,
}

/// Whom a reference named at a position.
pub async fn find(
    source: &impl Source,
    reference: &CustomerRef,
    position: i64,
) -> Result<Option<CustomerId>, DbError> {
    let external = match reference {
        CustomerRef::Id(id) => return Ok(Some(*id)),
        CustomerRef::External(external) => external,
    };
    let text = format!(
        "SELECT x.customer_id FROM external_id x WHERE {} AND x.system = $2 AND x.value = $3 \
         ORDER BY x.customer_id DESC",
        sql::known("x", Some(position))
    );
    let (system, value) = (external.system.as_str(), external.id.as_str());
    let values = vec![position.into(), system.into(), value.into()];
    let rows = sql::rows(source, &text, values).await?;
    rows.first().map(id_of).transpose()
}

/// Who had any of these numbers at a position. Numbers that are valid nowhere are found by
/// reading all of that kind: they are few.
pub async fn owners(
    source: &impl Source,
    wanted: &[MatchKey],
    position: i64,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let known = sql::known("t", Some(position));
    let mut found = BTreeSet::new();
    for key in wanted {
        let (condition, value) = match key {
            MatchKey::E164(number) => ("t.e164 = $2", number.clone()),
            MatchKey::AsTyped(digits) => (
                "t.e164 IS NULL AND (' ' || t.match_key || ' ') LIKE $2",
                format!("% {digits} %"),
            ),
        };
        let text = format!("SELECT t.customer_id FROM phone t WHERE {known} AND {condition}");
        let values = vec![position.into(), value.into()];
        for row in sql::rows(source, &text, values).await? {
            found.insert(id_of(&row)?);
        }
    }
    Ok(found)
}

/// Who had numbers with the last digits of any of these at a position: all numbers are read.
pub async fn near(
    source: &impl Source,
    wanted: &[MatchKey],
    position: i64,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let known = sql::known("t", Some(position));
    let text = format!(
        "SELECT t.customer_id FROM phone t WHERE {known} AND (t.e164 LIKE $2 \
         OR (t.e164 IS NULL AND (t.match_key || ' ') LIKE $3))"
    );
    let tails: BTreeSet<u32> = wanted.iter().filter_map(tail).collect();
    let mut found = BTreeSet::new();
    for tail in tails {
        let valid = format!("%{tail:07}");
        let typed = format!("%{tail:07} %");
        let values = vec![position.into(), valid.into(), typed.into()];
        for row in sql::rows(source, &text, values).await? {
            found.insert(id_of(&row)?);
        }
    }
    Ok(found)
}

/// Those of the customers that were known and are not erased, without their open items.
pub async fn customers(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
    moment: Moment,
) -> Result<Vec<BookCustomer>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut found = Vec::new();
    for chunk in ids.chunks(MANY) {
        let states = customer_state::Entity::find()
            .filter(customer_state::Column::CustomerId.is_in(chunk.iter().copied()))
            .filter(customer_state::Column::ErasedAt.is_null())
            .all(source.connection())
            .await?;
        let states: Vec<CustomerState> = states.into_iter().map(CustomerState::from).collect();
        found.extend(complete(source, states, moment).await?);
    }
    Ok(found)
}

/// Adds what a customer owed, computed from the facts of the moment, and what was reserved.
pub async fn add_open_items(
    source: &impl Source,
    customer: &mut BookCustomer,
    moment: Moment,
) -> Result<(), RefreshError> {
    let only = BTreeSet::from([customer.id]);
    let facts = facts::of_customers(source, &only, Some(moment.position)).await?;
    let facts = facts.get(&customer.id).map_or(&[][..], Vec::as_slice);
    let owed = Receivables::of(customer.id, facts, moment.as_of)?;
    customer.invoices_known = owed.invoice_count > 0;
    let items = owed.open_items.into_iter().map(|item| OpenItem {
        due_on: item.due_on,
        open: item.open,
        document: item.document.map(|document| DocumentRef {
            line: None,
            ..document
        }),
    });
    customer.open_items = items.collect();
    customer.credit = credit::summaries_at(source, customer.id, moment.position).await?;
    Ok(())
}

/// The parent of every customer group at a position; none for those at the top.
pub async fn group_parents(
    source: &impl Source,
    position: i64,
) -> Result<BTreeMap<GroupId, Option<GroupId>>, DbError> {
    let known = sql::known("g", Some(position));
    let text = format!("SELECT g.group_id, g.parent_id FROM customer_group g WHERE {known}");
    let rows = sql::rows(source, &text, vec![position.into()]).await?;
    rows.iter()
        .map(|row| {
            let group: Uuid = row.try_get("", "group_id")?;
            let parent: Option<Uuid> = row.try_get("", "parent_id")?;
            Ok((GroupId::from_bits(group.as_u128()), group_of(parent)))
        })
        .collect()
}

fn id_of(row: &QueryResult) -> Result<CustomerId, DbError> {
    let id: Uuid = row.try_get("", "customer_id")?;
    Ok(CustomerId::from_bits(id.as_u128()))
}

type Customers = BTreeMap<CustomerId, BookCustomer>;

async fn complete(
    source: &impl Source,
    states: Vec<CustomerState>,
    moment: Moment,
) -> Result<Vec<BookCustomer>, DbError> {
    let reading = Reading {
        ids: sql::uuids(states.iter().map(|state| state.id.bits())),
        moment,
    };
    if states.is_empty() {
        return Ok(Vec::new());
    }
    let mut blanks: Customers = states
        .iter()
        .map(|state| (state.id, without_evaluation(state)))
        .collect();
    let mut found = reading.profiles(source, &mut blanks).await?;
    reading.externals(source, &mut found).await?;
    reading.phones(source, &mut found).await?;
    reading.overrides(source, &mut found).await?;
    reading.approvals(source, &mut found).await?;
    reading.dunning(source, &mut found).await?;
    reading.tiers(source, &states, &mut found).await?;
    Ok(found.into_values().collect())
}

fn without_evaluation(state: &CustomerState) -> BookCustomer {
    BookCustomer {
        evaluated_tier: None,
        score: None,
        evaluated_as_of: None,
        model_version: None,
        ..blank(state.clone())
    }
}

/// Some customers at a moment.
struct Reading {
    ids: Vec<Value>,
    moment: Moment,
}

impl Reading {
    async fn rows(
        &self,
        source: &impl Source,
        select: &str,
        and: &str,
    ) -> Result<Vec<QueryResult>, DbError> {
        let known = sql::known("t", Some(self.moment.position));
        let places = sql::places(2, self.ids.len());
        let text = format!("{select} t WHERE {known} AND t.customer_id IN ({places}) {and}");
        sql::rows(source, &text, self.values()).await
    }

    fn values(&self) -> Vec<Value> {
        let first = Value::from(self.moment.position);
        std::iter::once(first)
            .chain(self.ids.iter().cloned())
            .collect()
    }

    /// Who has no profile yet was not known.
    async fn profiles(
        &self,
        source: &impl Source,
        blanks: &mut Customers,
    ) -> Result<Customers, DbError> {
        let select =
            "SELECT t.customer_id, t.owner, t.group_id, t.attributes FROM customer_profile";
        let mut found = Customers::new();
        for row in self.rows(source, select, "").await? {
            let Some(mut customer) = blanks.remove(&id_of(&row)?) else {
                continue;
            };
            let attributes: String = row.try_get("", "attributes")?;
            customer.owner = shared(&row, "owner")?;
            customer.group = group_of(row.try_get("", "group_id")?);
            customer.credit_limit = credit_limit(&attributes)?;
            found.insert(customer.id, customer);
        }
        Ok(found)
    }

    async fn externals(&self, source: &impl Source, found: &mut Customers) -> Result<(), DbError> {
        let select = "SELECT t.customer_id, t.system, t.value FROM external_id";
        for row in self.rows(source, select, "").await? {
            if let Some(customer) = of_row(&row, found)? {
                customer.externals.push(known_as(&row)?);
            }
        }
        Ok(())
    }

    async fn phones(&self, source: &impl Source, found: &mut Customers) -> Result<(), DbError> {
        let select = "SELECT t.customer_id, t.e164, t.match_key FROM phone";
        for row in self.rows(source, select, "").await? {
            let Some(customer) = of_row(&row, found)? else {
                continue;
            };
            let typed: String = row.try_get("", "match_key")?;
            for key in keys(row.try_get("", "e164")?, &typed) {
                if !customer.phones.contains(&key) {
                    customer.phones.push(key);
                }
            }
        }
        Ok(())
    }

    async fn overrides(&self, source: &impl Source, found: &mut Customers) -> Result<(), DbError> {
        let order = "ORDER BY t.override_id";
        for row in self.rows(source, tier_overrides::SELECT, order).await? {
            if let Some(customer) = of_row(&row, found)? {
                customer.overrides.push(tier_overrides::read(&row)?);
            }
        }
        Ok(())
    }

    async fn approvals(&self, source: &impl Source, found: &mut Customers) -> Result<(), DbError> {
        let and = format!("AND t.{} ORDER BY t.approval_id", price_approvals::GRANTED);
        for row in self.rows(source, price_approvals::SELECT, &and).await? {
            if let Some(customer) = of_row(&row, found)? {
                customer.approvals.push(price_approvals::read(&row)?);
            }
        }
        Ok(())
    }

    /// Levels of reminders are never superseded: the latest counts.
    async fn dunning(&self, source: &impl Source, found: &mut Customers) -> Result<(), DbError> {
        let places = sql::places(2, self.ids.len());
        let text = format!(
            "{} t WHERE t.customer_id IN ({places}) AND EXISTS (SELECT 1 FROM journal w \
             WHERE w.write_id = t.write_id AND w.position <= $1) ORDER BY t.set_no",
            credit::dunning::SELECT
        );
        for row in sql::rows(source, &text, self.values()).await? {
            if let Some(customer) = of_row(&row, found)? {
                customer.finance.dunning.push(credit::dunning::read(&row)?);
            }
        }
        Ok(())
    }

    /// The evaluation that was made last, of those of the date or before it.
    ///
    /// One that was found again unchanged leaves no row: while it is still the customer's current
    /// one, the customer's state says of which day it was last found.
    async fn tiers(
        &self,
        source: &impl Source,
        states: &[CustomerState],
        found: &mut Customers,
    ) -> Result<(), DbError> {
        let places = sql::places(2, self.ids.len());
        let date = self.ids.len().saturating_add(2);
        let text = format!(
            "SELECT t.customer_id, t.evaluation_id, t.as_of, t.tier, t.score, t.model_version \
             FROM evaluation t WHERE t.customer_id IN ({places}) AND t.as_of <= ${date} \
             AND EXISTS (SELECT 1 FROM journal w WHERE w.write_id = t.write_id AND w.position <= $1) \
             ORDER BY t.customer_id, t.state_version, t.evaluation_id"
        );
        let mut values = self.values();
        values.push(self.moment.as_of.into());
        for row in sql::rows(source, &text, values).await? {
            let Some(customer) = of_row(&row, found)? else {
                continue;
            };
            let evaluation: Uuid = row.try_get("", "evaluation_id")?;
            let evaluation = EvaluationId::from_bits(evaluation.as_u128());
            let again = states
                .iter()
                .filter(|state| state.evaluation == Some(evaluation));
            let again = again.filter_map(|state| state.evaluated_as_of).next();
            let again = again.filter(|day| *day <= self.moment.as_of);
            customer.evaluated_tier = shared(&row, "tier")?;
            customer.score = Some(Points::from_units(row.try_get("", "score")?));
            customer.evaluated_as_of = again.or(row.try_get("", "as_of")?);
            customer.model_version = row.try_get("", "model_version")?;
        }
        Ok(())
    }
}
