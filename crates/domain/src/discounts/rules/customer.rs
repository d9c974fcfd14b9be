//! Rules for some customers by name.

use super::{Case, Miss, MissReason, listed};
use crate::ids::CustomerId;
use std::collections::BTreeSet;

pub(super) fn miss(customers: &BTreeSet<CustomerId>, case: Case<'_>) -> Option<Miss> {
    let actual = case.facts.customer;
    let holds = customers.is_empty() || actual.is_some_and(|it| customers.contains(&it));
    (!holds).then(|| {
        let actual = listed(actual);
        Miss::new(MissReason::CustomerOther, listed(customers), actual)
    })
}
