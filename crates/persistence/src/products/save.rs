//! Products as source systems send them, matched by sku with what is known.

use super::{CHUNK, costs};
use crate::crypto;
use crate::entity::product;
use crate::error::DbError;
use crate::store::sealed::Sealed;
use crate::write::{Change, Tx};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::ProductId;
use tiercel_domain::incoming::{self, IncomingProduct, MarginClass};
use uuid::Uuid;

/// What became of an incoming product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
}

/// An incoming product as it is known now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upserted {
    pub id: ProductId,
    pub version: i64,
    /// Of its sku in this write: a sku that is sent twice has one outcome.
    pub outcome: Outcome,
}

/// A product while changes are applied to it.
struct Draft {
    before: Option<product::Model>,
    row: product::Model,
}

/// Creates and changes products, matched by sku, in a bounded number of statements; the answer has
/// the order of `incoming`. A later mention of the same sku is applied to the earlier one. Without
/// a currency a product keeps the one it has; a new one gets `base`.
///
/// # Errors
/// `Conflict` where another write came between: run the transaction again.
pub async fn upsert(
    tx: &Tx,
    base: Currency,
    incoming: &[IncomingProduct],
) -> Result<Vec<Upserted>, DbError> {
    let mut drafts = drafts(tx, base, incoming).await?;
    let mut new_costs = costs::Batch::default();
    for item in incoming {
        let Some(draft) = drafts.get_mut(item.sku.as_str()) else {
            continue;
        };
        apply(&mut draft.row, item);
        if let Some((valid_from, cost)) = item.cost {
            let currency = item.currency.map_or_else(
                || draft.row.currency.clone(),
                |currency| currency.code().to_owned(),
            );
            new_costs.add(draft.row.product_id, valid_from, cost, currency);
        }
    }
    store(tx, &mut drafts).await?;
    let with_new_cost = costs::record(tx, new_costs).await?;
    Ok(incoming
        .iter()
        .filter_map(|item| drafts.get(item.sku.as_str()))
        .map(|draft| draft.outcome(&with_new_cost))
        .collect())
}

impl Draft {
    fn is_new_version(&self) -> bool {
        self.before.as_ref() != Some(&self.row)
    }

    fn outcome(&self, with_new_cost: &BTreeSet<Uuid>) -> Upserted {
        let outcome = match &self.before {
            None => Outcome::Created,
            Some(before) if before.version != self.row.version => Outcome::Updated,
            Some(_) if with_new_cost.contains(&self.row.product_id) => Outcome::Updated,
            Some(_) => Outcome::Unchanged,
        };
        Upserted {
            id: ProductId::from_bits(self.row.product_id.as_u128()),
            version: self.row.version,
            outcome,
        }
    }
}

async fn drafts<'a>(
    tx: &Tx,
    base: Currency,
    incoming: &'a [IncomingProduct],
) -> Result<BTreeMap<&'a str, Draft>, DbError> {
    let skus: BTreeSet<&str> = incoming.iter().map(|item| item.sku.as_str()).collect();
    let skus: Vec<&str> = skus.into_iter().collect();
    let mut known = BTreeMap::new();
    for chunk in skus.chunks(CHUNK) {
        let rows = product::Entity::find()
            .filter(product::Column::SupersededBy.is_null())
            .filter(product::Column::Sku.is_in(chunk.iter().copied()))
            .all(tx.connection())
            .await?;
        known.extend(rows.into_iter().map(|row| (row.sku.clone(), row)));
    }
    let draft = |sku: &'a str| {
        let before = known.remove(sku);
        let row = before.clone().unwrap_or_else(|| blank(tx, sku, base));
        (sku, Draft { before, row })
    };
    Ok(skus.into_iter().map(draft).collect())
}

fn blank(tx: &Tx, sku: &str, base: Currency) -> product::Model {
    product::Model {
        product_id: Uuid::from_u128(tx.mint()),
        version: 0,
        sku: sku.to_owned(),
        name: None,
        category: None,
        list_price: None,
        currency: base.code().to_owned(),
        margin_class: MarginClass::default().word().to_owned(),
        write_id: tx.write_uuid(),
        recorded_at: tx.micros(),
        superseded_by: None,
    }
}

fn apply(row: &mut product::Model, item: &IncomingProduct) {
    change(&mut row.name, &item.name, Clone::clone);
    change(&mut row.category, &item.category, ToString::to_string);
    change(&mut row.list_price, &item.list_price, |price| price.units());
    if let Some(class) = item.margin_class {
        class.word().clone_into(&mut row.margin_class);
    }
    if let Some(currency) = item.currency {
        currency.code().clone_into(&mut row.currency);
    }
}

fn change<T, C>(column: &mut Option<C>, change: &incoming::Change<T>, convert: impl Fn(&T) -> C) {
    match change {
        incoming::Change::Keep => {}
        incoming::Change::Clear => *column = None,
        incoming::Change::Set(value) => *column = Some(convert(value)),
    }
}

/// Stores the drafts that differ from what is known, as the next version of each.
async fn store(tx: &Tx, drafts: &mut BTreeMap<&str, Draft>) -> Result<(), DbError> {
    let mut replaced = Vec::new();
    let mut rows = Vec::new();
    for draft in drafts.values_mut().filter(|draft| draft.is_new_version()) {
        if draft.before.is_some() {
            replaced.push(draft.row.product_id);
        }
        draft.row.version = draft.row.version.saturating_add(1);
        draft.row.write_id = tx.write_uuid();
        draft.row.recorded_at = tx.micros();
        tx.note(noted(draft));
        rows.push(draft.row.clone().into_active_model());
    }
    for chunk in replaced.chunks(CHUNK) {
        supersede(tx, chunk).await?;
    }
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(CHUNK));
        product::Entity::insert_many(std::mem::replace(&mut rows, rest))
            .exec_without_returning(tx.connection())
            .await
            .map_err(|error| came_first(error.into()))?;
    }
    Ok(())
}

async fn supersede(tx: &Tx, ids: &[Uuid]) -> Result<(), DbError> {
    let done = product::Entity::update_many()
        .col_expr(
            product::Column::SupersededBy,
            Expr::value(Some(tx.write_uuid())),
        )
        .filter(product::Column::ProductId.is_in(ids.iter().copied()))
        .filter(product::Column::SupersededBy.is_null())
        .exec(tx.connection())
        .await?;
    if usize::try_from(done.rows_affected) == Ok(ids.len()) {
        return Ok(());
    }
    Err(DbError::Conflict("a product has changed".into()))
}

/// A sku or a version that another write took meanwhile: the next attempt sees it.
pub(super) fn came_first(error: DbError) -> DbError {
    match error {
        DbError::Taken(detail) => DbError::Conflict(detail),
        other => other,
    }
}

fn noted(draft: &Draft) -> Change {
    let row = &draft.row;
    let content = serde_json::json!([
        row.sku,
        row.name,
        row.category,
        row.list_price,
        row.currency,
        row.margin_class
    ]);
    Change {
        entity: "product",
        id: ProductId::from_bits(row.product_id.as_u128()).to_string(),
        version: row.version,
        what: if draft.before.is_some() {
            "updated"
        } else {
            "created"
        },
        customer: None,
        content: Some(crypto::sha256_hex(content.to_string().as_bytes())),
        detail: vec![("sku", row.sku.clone())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::{Filter, by_sku, cost_history, history, page};
    use crate::test_store;
    use crate::{Store, Written};
    use chrono::NaiveDate;
    use tiercel_domain::incoming::Change::{Clear, Keep, Set};

    fn product(sku: &str) -> IncomingProduct {
        IncomingProduct {
            sku: sku.to_owned(),
            name: Keep,
            category: Keep,
            list_price: Keep,
            margin_class: None,
            currency: None,
            cost: None,
        }
    }

    async fn send(store: &Store, incoming: &[IncomingProduct]) -> Vec<Outcome> {
        let write = async |tx: &Tx| Ok((upsert(tx, Currency::EUR, incoming).await?, None));
        let done: Result<_, DbError> = store.write(&test_store::writing(), write).await;
        match done.unwrap() {
            Written::Fresh { value, .. } => value.iter().map(|done| done.outcome).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_product_is_created_changed_and_left_alone() {
        let (_dir, store) = test_store::open().await;
        let servo = IncomingProduct {
            category: Set("drives/servo".parse().unwrap()),
            list_price: Set("10.50".parse().unwrap()),
            ..product("A")
        };
        let both = [servo.clone(), product("B")];
        assert_eq!(send(&store, &both).await, [Outcome::Created; 2]);
        assert_eq!(send(&store, &both).await, [Outcome::Unchanged; 2]);
        let cheaper = IncomingProduct {
            list_price: Clear,
            ..product("A")
        };
        let answer = send(&store, &[cheaper, product("B")]).await;
        assert_eq!(answer, [Outcome::Updated, Outcome::Unchanged]);
        let drives = Filter {
            within: Some("drives".parse().unwrap()),
            ..Filter::default()
        };
        let found = page(&store, &drives, None, 10).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].version, found[0].list_price), (2, None));
        let versions = history(&store, found[0].id, 0, 10).await.unwrap();
        assert_eq!(versions.len(), 2);
        assert!(versions[0].superseded_by == Some(versions[1].write_id));
    }

    #[tokio::test]
    async fn a_cost_of_the_same_day_is_a_correction() {
        let (_dir, store) = test_store::open().await;
        let day: NaiveDate = "2024-03-01".parse().unwrap();
        let costing = |cost: &str| IncomingProduct {
            cost: Some((day, cost.parse().unwrap())),
            ..product("A")
        };
        assert_eq!(send(&store, &[costing("1")]).await, [Outcome::Created]);
        assert_eq!(send(&store, &[costing("2")]).await, [Outcome::Updated]);
        assert_eq!(send(&store, &[costing("2")]).await, [Outcome::Unchanged]);
        let known = by_sku(&store, &BTreeSet::from(["A".to_owned()]))
            .await
            .unwrap();
        assert_eq!(
            known["A"].cost_on(day),
            Some(("2".parse().unwrap(), Currency::EUR))
        );
        let costs = cost_history(&store, known["A"].id).await.unwrap();
        assert_eq!(costs.len(), 2);
    }

    #[tokio::test]
    async fn more_products_than_one_statement_takes_are_saved() {
        let (_dir, store) = test_store::open().await;
        let many: Vec<_> = (0..1_203)
            .map(|index| product(&format!("P{index}")))
            .collect();
        assert!(
            send(&store, &many)
                .await
                .iter()
                .all(|done| *done == Outcome::Created)
        );
        assert!(
            send(&store, &many)
                .await
                .iter()
                .all(|done| *done == Outcome::Unchanged)
        );
    }
}
