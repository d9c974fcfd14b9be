//! Rules for quotes in some currencies.

use super::{Case, Miss, MissReason, listed};
use crate::currency::Currency;
use std::collections::BTreeSet;

pub(super) fn miss(currencies: &BTreeSet<Currency>, case: Case<'_>) -> Option<Miss> {
    let actual = case.question.currency;
    let holds = currencies.is_empty() || currencies.contains(&actual);
    (!holds).then(|| Miss::new(MissReason::CurrencyOther, listed(currencies), actual.code()))
}
