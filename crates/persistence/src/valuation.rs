//! Keeps facts in step with the rates and costs they are valued with.
//!
//! A write that values facts and one that changes a rate or a cost may overlap; neither may miss
//! the other. Before it commits, the first locks one slot, shared, and looks again where something
//! has changed since it read; the second locks all slots, and only then looks which facts it
//! touches. So a fact with the value of before is committed before that look, or not at all.
//!
//! Slots are the last locks a write takes: whoever holds one waits for nobody.

use crate::error::DbError;
use crate::products::{self, KnownProduct};
use crate::rates::{self, RateTable};
use crate::revaluations;
use crate::sql;
use crate::store::sealed::Sealed;
use crate::write::Tx;
use sea_orm::DbBackend;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::{JobId, ProductId};

/// Rows of `valuation_slot`.
const SLOTS: u128 = 16;

/// What one write has valued facts with.
#[derive(Debug)]
pub(crate) struct Prices {
    /// The count of changes before anything was read.
    changes: i64,
    pub base: Currency,
    pub rates: RateTable,
    pub products: BTreeMap<ProductId, KnownProduct>,
}

/// What a write has to do with rates and costs.
#[derive(Default)]
pub(crate) struct Part {
    read: RefCell<Vec<Arc<Prices>>>,
    changed: Cell<bool>,
    settled: Cell<bool>,
    revaluation: Cell<Option<JobId>>,
}

impl Part {
    /// A rate or cost was recorded in this write.
    pub(crate) fn changed(&self) {
        self.changed.set(true);
    }

    /// The job that brings the facts of this write's rates and costs up to date.
    pub(crate) const fn revaluation(&self) -> Option<JobId> {
        self.revaluation.get()
    }
}

impl Prices {
    /// Rates, and the products that have these skus.
    pub(crate) async fn of_skus(
        tx: &Tx,
        base: Currency,
        skus: &BTreeSet<String>,
    ) -> Result<Arc<Self>, DbError> {
        let changes = changes(tx).await?;
        let products = products::by_sku(tx, skus).await?;
        let products = products.into_values().map(|it| (it.id, it)).collect();
        Self::read(tx, changes, base, products).await
    }

    /// Rates, and the products that have these ids.
    pub(crate) async fn of_products(
        tx: &Tx,
        base: Currency,
        ids: &BTreeSet<ProductId>,
    ) -> Result<Arc<Self>, DbError> {
        let changes = changes(tx).await?;
        let products = products::by_id(tx, ids).await?;
        Self::read(tx, changes, base, products).await
    }

    async fn read(
        tx: &Tx,
        changes: i64,
        base: Currency,
        products: BTreeMap<ProductId, KnownProduct>,
    ) -> Result<Arc<Self>, DbError> {
        let prices = Arc::new(Self {
            changes,
            base,
            rates: rates::table(tx).await?,
            products,
        });
        tx.valuation().read.borrow_mut().push(Arc::clone(&prices));
        Ok(prices)
    }

    async fn still_hold(&self, tx: &Tx) -> Result<bool, DbError> {
        let ids = self.products.keys().copied().collect();
        let products = products::by_id(tx, &ids).await?;
        let same = |(id, before): (&ProductId, &KnownProduct)| {
            products
                .get(id)
                .is_some_and(|now| now.costs == before.costs)
        };
        Ok(self.products.iter().all(same) && rates::table(tx).await? == self.rates)
    }
}

async fn changes(tx: &Tx) -> Result<i64, DbError> {
    let text = "SELECT changes FROM valuation_slot WHERE slot = $1";
    count(tx, text, vec![slot(tx).into()]).await
}

fn slot(tx: &Tx) -> i64 {
    i64::try_from(tx.write_id().bits() % SLOTS).unwrap_or_default()
}

/// Called last in every write: proves that what facts were valued with still holds, and queues the
/// job for the facts that changed rates and costs touch.
///
/// # Errors
/// `Conflict` where another write came between: run the transaction again.
pub(crate) async fn settle(tx: &Tx) -> Result<(), DbError> {
    let part = tx.valuation();
    let read = part.read.borrow().clone();
    if part.settled.replace(true) || (read.is_empty() && !part.changed.get()) {
        return Ok(());
    }
    let now = lock(tx, part.changed.get()).await?;
    for prices in read {
        if prices.changes != now && !prices.still_hold(tx).await? {
            let detail = "a rate or a cost was recorded meanwhile";
            return Err(DbError::Conflict(detail.into()));
        }
    }
    if part.changed.get() {
        sql::run(
            tx,
            "UPDATE valuation_slot SET changes = changes + 1",
            Vec::new(),
        )
        .await?;
        part.revaluation.set(revaluations::queue(tx).await?);
    }
    Ok(())
}

/// Locks one slot shared, or all for this write alone; returns the count of changes. SQLite has
/// one writer anyway.
async fn lock(tx: &Tx, alone: bool) -> Result<i64, DbError> {
    let (share, alone_clause) = match tx.backend() {
        DbBackend::Postgres => (" FOR SHARE", " FOR UPDATE"),
        _ => ("", ""),
    };
    if alone {
        let text = format!("SELECT changes FROM valuation_slot ORDER BY slot{alone_clause}");
        return count(tx, &text, Vec::new()).await;
    }
    let text = format!("SELECT changes FROM valuation_slot WHERE slot = $1{share}");
    count(tx, &text, vec![slot(tx).into()]).await
}

async fn count(tx: &Tx, text: &str, values: Vec<sea_orm::Value>) -> Result<i64, DbError> {
    let rows = sql::rows(tx, text, values).await?;
    let first = rows.first();
    let first = first.ok_or_else(|| DbError::corrupt("valuation_slot", "a slot is missing"))?;
    Ok(first.try_get("", "changes")?)
}
