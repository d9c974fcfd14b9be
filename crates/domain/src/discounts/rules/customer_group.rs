//! Rules for customers of some groups or of groups below them.

use super::{Case, Miss, MissReason, listed};
use crate::ids::GroupId;
use std::collections::BTreeSet;

pub(super) fn miss(groups: &BTreeSet<GroupId>, case: Case<'_>) -> Option<Miss> {
    let holds = groups.is_empty() || !groups.is_disjoint(&case.facts.groups);
    (!holds).then(|| {
        let actual = listed(&case.facts.groups);
        Miss::new(MissReason::CustomerGroupOther, listed(groups), actual)
    })
}
