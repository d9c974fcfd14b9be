//! The price last told to a customer, beside the one told now.

use super::Decided;
use super::lines::DiscountLine;
use super::request::Asked;
use crate::problem::Problem;
use crate::tenant::TenantHandle;
use crate::wire::instant;
use serde::Serialize;
use std::collections::BTreeMap;
use tiercel_persistence::quotes::{self, PriceTold};
use utoipa::ToSchema;

/// The price that a customer was last told for an article.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"unit_price": "81.50", "currency": "EUR", "quantity": "30", "told_at": "2026-02-11T09:00:00.000000Z", "quote": "dec_01k8z6v3q2e4r5t6y7a8b9c0de"}))]
pub struct LastPrice {
    pub unit_price: String,
    pub currency: String,
    pub quantity: String,
    #[schema(format = DateTime)]
    pub told_at: String,
    /// The firm quote that told it.
    pub quote: String,
}

impl From<&PriceTold> for LastPrice {
    fn from(told: &PriceTold) -> Self {
        Self {
            unit_price: told.unit_price.clone(),
            currency: told.currency.clone(),
            quantity: told.quantity.clone(),
            told_at: instant(told.at),
            quote: told.quote.to_string(),
        }
    }
}

/// What the customer was told before for the articles asked for, where that is asked for.
pub(super) async fn of(
    tenant: &TenantHandle,
    asked: &Asked,
    decided: &Decided,
) -> Result<BTreeMap<String, PriceTold>, Problem> {
    let customer = decided.customer.as_ref();
    let Some(customer) = customer.filter(|_| asked.includes_last_price) else {
        return Ok(BTreeMap::new());
    };
    let skus = asked.lines.iter().filter_map(|it| it.sku.clone());
    Ok(quotes::last_told(tenant.store(), customer.id, &skus.collect()).await?)
}

/// Lines come in the order asked.
pub(super) fn added(
    mut lines: Vec<DiscountLine>,
    asked: &Asked,
    told: &BTreeMap<String, PriceTold>,
) -> Vec<DiscountLine> {
    for (line, asked) in lines.iter_mut().zip(&asked.lines) {
        let last = asked.sku.as_ref().and_then(|sku| told.get(sku));
        line.last_price = last.map(LastPrice::from);
    }
    lines
}
