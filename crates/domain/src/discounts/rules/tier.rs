//! Rules for customers of some tiers.

use super::{Case, Miss, MissReason, listed};
use std::collections::BTreeSet;

pub(super) fn miss(tiers: &BTreeSet<String>, case: Case<'_>) -> Option<Miss> {
    let holds = tiers.is_empty() || tiers.contains(case.tier);
    (!holds).then(|| Miss::new(MissReason::TierOther, listed(tiers), case.tier))
}
