//! Rules for products whose margin is to be promoted, left alone or restricted.

use super::{Case, Miss, MissReason, listed};
use crate::incoming::MarginClass;
use std::collections::BTreeSet;

pub(super) fn miss(classes: &BTreeSet<MarginClass>, case: Case<'_>) -> Option<Miss> {
    let actual = case.line.margin_class;
    let holds = classes.is_empty() || classes.contains(&actual);
    (!holds).then(|| {
        let needed = listed(classes.iter().map(|class| class.word()));
        Miss::new(MissReason::MarginClassOther, needed, actual.word())
    })
}
