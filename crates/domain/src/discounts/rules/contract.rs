//! Rules for lines that are sold under some contracts.

use super::{Case, Miss, MissReason, listed};
use std::collections::BTreeSet;

pub(super) fn miss(contracts: &BTreeSet<String>, case: Case<'_>) -> Option<Miss> {
    let contract = case.line.contract.as_ref();
    let actual = contract.map(|contract| contract.reference.as_str());
    let holds = contracts.is_empty() || actual.is_some_and(|it| contracts.contains(it));
    (!holds).then(|| {
        let actual = actual.unwrap_or_default();
        Miss::new(MissReason::ContractOther, listed(contracts), actual)
    })
}
