//! Loads the company into a database, through the same doors as any import.

use super::generate::{self, Batch};
use crate::failure::Failure;
use crate::opening::Opened;
use chrono::NaiveDate;
use tiercel_http::flows::model;
use tiercel_persistence::customers;
use tiercel_persistence::facts;
use tiercel_persistence::products;
use tiercel_persistence::refresh::Basis;
use tiercel_persistence::{Tx, Writing, evaluations};

const WRITER: &str = "demo";

/// Loads and evaluates everything; tells after each batch how many facts are in.
pub async fn company(
    opened: &Opened,
    customers: usize,
    today: NaiveDate,
    mut on_progress: impl FnMut(usize),
) -> Result<(), Failure> {
    let model = model::on(&*opened.store, today).await?;
    let model = model.ok_or_else(|| Failure::new("no evaluation model is published"))?;
    let basis = Basis {
        settings: &opened.settings,
        today,
        model: Some(model.in_force()),
    };
    let mut facts = 0_usize;
    for batch in generate::company(generate::SEED, customers, today) {
        let writing = Writing {
            principal: WRITER,
            action: "demo.loaded",
            retry: None,
        };
        opened
            .store
            .write::<_, Failure>(&writing, async |tx| {
                Ok((save(tx, &batch, &basis).await?, None))
            })
            .await?;
        if let Batch::Facts(batch) = &batch {
            facts = facts.saturating_add(batch.len());
            on_progress(facts);
        }
    }
    evaluations::run_all(&opened.store, WRITER, &basis, today, |_, _| {})
        .await
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok(())
}

async fn save(tx: &Tx, batch: &Batch, basis: &Basis<'_>) -> Result<(), Failure> {
    match batch {
        Batch::Products(batch) => {
            products::upsert(tx, basis.settings.base_currency, batch).await?;
        }
        Batch::Customers(batch) => {
            customers::upsert(tx, batch, &basis.settings.default_region).await?;
        }
        Batch::Facts(batch) => {
            facts::record(tx, batch, basis).await?;
        }
    }
    Ok(())
}
