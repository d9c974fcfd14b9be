//! Rules for customers of some segments.

use super::{Case, Miss, MissReason, listed};
use std::collections::BTreeSet;

pub(super) fn miss(segments: &BTreeSet<String>, case: Case<'_>) -> Option<Miss> {
    let holds = segments.is_empty() || !segments.is_disjoint(&case.facts.segments);
    (!holds).then(|| {
        let actual = listed(&case.facts.segments);
        Miss::new(MissReason::SegmentOther, listed(segments), actual)
    })
}
