//! Open items and unallocated credit: projections of facts, rebuilt per customer.

use crate::entity::{open_item, receivables};
use crate::error::DbError;
use crate::histories::Known;
use crate::refresh::RefreshError;
use crate::sql::MANY;
use crate::store::{Source, sealed::Sealed};
use crate::write::Tx;
use chrono::NaiveDate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::fact::{DocumentRef, Fact};
use tiercel_domain::ids::{CustomerId, FactId};
use tiercel_domain::receivables::{Allocation, OpenItem, allocate_entries, open_items};
use tiercel_domain::scaled::Amount;
use tiercel_domain::settlement::Entry;
use uuid::Uuid;

/// What a customer owes, as of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivables {
    /// Facts up to this day are in it.
    pub as_of: NaiveDate,
    /// All invoices ever, settled ones included; zero means that invoices are not known here.
    pub invoice_count: i64,
    /// Credit that no invoice used yet; negative where more was paid back than ever came in.
    pub unallocated: Amount,
    /// The next day on which a fact that is already known begins to count.
    pub next_change_on: Option<NaiveDate>,
    /// Oldest first.
    pub open_items: Vec<OpenItem>,
}

impl Receivables {
    /// Computed from a customer's facts as of any day.
    pub fn of(
        customer: CustomerId,
        facts: &[Fact],
        as_of: NaiveDate,
    ) -> Result<Self, RefreshError> {
        let entries: Vec<Entry> = facts.iter().filter_map(Entry::of).collect();
        let allocation = allocate_entries(&entries, as_of);
        let allocation = allocation.map_err(|_| RefreshError::TooLarge(customer))?;
        Ok(Self::of_allocation(&allocation, &entries, as_of))
    }

    fn of_allocation(allocation: &Allocation, entries: &[Entry], as_of: NaiveDate) -> Self {
        let coming = entries.iter().map(|entry| entry.on);
        Self {
            as_of,
            invoice_count: i64::try_from(allocation.invoices.len()).unwrap_or(i64::MAX),
            unallocated: allocation.unallocated,
            next_change_on: coming.filter(|day| *day > as_of).min(),
            open_items: open_items(allocation),
        }
    }

    /// Whether there is nothing to keep.
    fn is_empty(&self) -> bool {
        self.invoice_count == 0 && self.unallocated.is_zero() && self.next_change_on.is_none()
    }
}

/// The allocation of every one of the customers as of a day.
pub(crate) fn allocate_all(
    known: &Known,
    ids: &BTreeSet<CustomerId>,
    as_of: NaiveDate,
) -> Result<BTreeMap<CustomerId, Allocation>, RefreshError> {
    ids.iter()
        .map(|id| {
            let allocation = allocate_entries(&known.history(*id).entries, as_of);
            Ok((*id, allocation.map_err(|_| RefreshError::TooLarge(*id))?))
        })
        .collect()
}

/// Replaces what is kept of these customers.
pub(crate) async fn rebuild(
    tx: &Tx,
    known: &Known,
    ledgers: &BTreeMap<CustomerId, Allocation>,
    as_of: NaiveDate,
) -> Result<(), DbError> {
    let (mut heads, mut items, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for (id, allocation) in ledgers {
        let kept = Receivables::of_allocation(allocation, &known.history(*id).entries, as_of);
        if kept.is_empty() {
            without.push(*id);
            continue;
        }
        items.extend(kept.open_items.iter().map(|item| item_row(*id, item)));
        heads.push(head_row(*id, &kept));
    }
    clear(tx, ledgers.keys(), &without).await?;
    for chunk in heads.chunks(MANY) {
        use receivables::Column;
        let mut replaced = OnConflict::column(Column::CustomerId);
        replaced.update_columns([
            Column::AsOf,
            Column::InvoiceCount,
            Column::Unallocated,
            Column::NextChangeOn,
        ]);
        receivables::Entity::insert_many(chunk.iter().cloned())
            .on_conflict(replaced)
            .exec_without_returning(tx.connection())
            .await?;
    }
    for chunk in items.chunks(MANY) {
        open_item::Entity::insert_many(chunk.iter().cloned())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Removes the open items of all and the rest of those of whom nothing is kept.
async fn clear(
    tx: &Tx,
    all: impl Iterator<Item = &CustomerId>,
    without: &[CustomerId],
) -> Result<(), DbError> {
    let uuid = |id: &CustomerId| Uuid::from_u128(id.bits());
    let all: Vec<Uuid> = all.map(uuid).collect();
    for chunk in all.chunks(MANY) {
        open_item::Entity::delete_many()
            .filter(open_item::Column::CustomerId.is_in(chunk.iter().copied()))
            .exec(tx.connection())
            .await?;
    }
    for chunk in without.chunks(MANY) {
        receivables::Entity::delete_many()
            .filter(receivables::Column::CustomerId.is_in(chunk.iter().map(uuid)))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

fn head_row(id: CustomerId, kept: &Receivables) -> receivables::ActiveModel {
    receivables::Model {
        customer_id: Uuid::from_u128(id.bits()),
        as_of: kept.as_of,
        invoice_count: kept.invoice_count,
        unallocated: kept.unallocated.units(),
        next_change_on: kept.next_change_on,
    }
    .into_active_model()
    .reset_all()
}

fn item_row(id: CustomerId, item: &OpenItem) -> open_item::ActiveModel {
    let document = item.document.clone();
    let (system, kind, doc_id, line) = document.map_or((None, None, None, None), |it| {
        (Some(it.system), Some(it.kind), Some(it.id), it.line)
    });
    open_item::Model {
        customer_id: Uuid::from_u128(id.bits()),
        fact_id: Uuid::from_u128(item.invoice.bits()),
        doc_system: system,
        doc_kind: kind,
        doc_id,
        doc_line: line,
        invoiced_on: item.invoiced_on,
        due_on: item.due_on,
        amount: item.amount.units(),
        open_amount: item.open.units(),
        disputed: item.disputed,
    }
    .into_active_model()
    .reset_all()
}

/// What is kept of customers; those of whom no invoice and no payment is known are absent.
pub async fn of_customers(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<CustomerId, Receivables>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(MANY) {
        let heads = receivables::Entity::find()
            .filter(receivables::Column::CustomerId.is_in(chunk.iter().copied()))
            .all(source.connection())
            .await?;
        found.extend(heads.into_iter().map(|row| {
            let id = CustomerId::from_bits(row.customer_id.as_u128());
            (id, to_receivables(&row))
        }));
        let items = open_item::Entity::find()
            .filter(open_item::Column::CustomerId.is_in(chunk.iter().copied()))
            .order_by_asc(open_item::Column::CustomerId)
            .order_by_asc(open_item::Column::FactId)
            .all(source.connection())
            .await?;
        for row in items {
            let id = CustomerId::from_bits(row.customer_id.as_u128());
            let of_customer = found
                .get_mut(&id)
                .ok_or_else(|| DbError::corrupt("open_item", "no receivables beside it"))?;
            of_customer.open_items.push(to_item(row)?);
        }
    }
    for receivables in found.values_mut() {
        let items = &mut receivables.open_items;
        items.sort_by(|one, other| order(one).cmp(&order(other)));
    }
    Ok(found)
}

/// The order of allocation: by due date (none last), invoice date, document, fact.
fn order(
    item: &OpenItem,
) -> (
    bool,
    Option<NaiveDate>,
    NaiveDate,
    Option<&DocumentRef>,
    FactId,
) {
    let undated = item.due_on.is_none();
    let document = item.document.as_ref();
    (
        undated,
        item.due_on,
        item.invoiced_on,
        document,
        item.invoice,
    )
}

fn to_receivables(row: &receivables::Model) -> Receivables {
    Receivables {
        as_of: row.as_of,
        invoice_count: row.invoice_count,
        unallocated: Amount::from_units(row.unallocated),
        next_change_on: row.next_change_on,
        open_items: Vec::new(),
    }
}

fn to_item(row: open_item::Model) -> Result<OpenItem, DbError> {
    let document = match (row.doc_system, row.doc_kind, row.doc_id) {
        (Some(system), Some(kind), Some(id)) => Some(DocumentRef {
            system,
            kind,
            id,
            line: row.doc_line,
        }),
        (None, None, None) => None,
        _ => return Err(DbError::corrupt("open_item", "half a document reference")),
    };
    Ok(OpenItem {
        document,
        invoice: FactId::from_bits(row.fact_id.as_u128()),
        due_on: row.due_on,
        invoiced_on: row.invoiced_on,
        amount: Amount::from_units(row.amount),
        open: Amount::from_units(row.open_amount),
        disputed: row.disputed,
    })
}
