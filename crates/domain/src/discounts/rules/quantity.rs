//! Rules for lines of at least some quantity.

use super::{Case, Miss, MissReason};
use crate::scaled::Quantity;

pub(super) fn miss(min_quantity: Option<Quantity>, case: Case<'_>) -> Option<Miss> {
    let actual = case.line.quantity;
    let needed = min_quantity.filter(|needed| actual < *needed)?;
    let miss = Miss::new(
        MissReason::QuantityBelow,
        needed.to_string(),
        actual.to_string(),
    );
    Some(Miss {
        delta: needed.checked_sub(actual),
        ..miss
    })
}
