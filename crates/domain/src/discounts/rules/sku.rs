//! Rules for some articles.

use super::{Case, Miss, MissReason, listed};
use std::collections::BTreeSet;

pub(super) fn miss(skus: &BTreeSet<String>, case: Case<'_>) -> Option<Miss> {
    let actual = case.line.sku.as_deref();
    let holds = skus.is_empty() || actual.is_some_and(|sku| skus.contains(sku));
    (!holds).then(|| {
        Miss::new(
            MissReason::SkuOther,
            listed(skus),
            actual.unwrap_or_default(),
        )
    })
}
