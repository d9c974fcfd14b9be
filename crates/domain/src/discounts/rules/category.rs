//! Rules for some categories and everything below them.

use super::{Case, Miss, MissReason, listed};
use crate::category::CategoryPath;
use crate::discounts::question::Line;
use std::collections::BTreeSet;

pub(super) fn miss(categories: &BTreeSet<CategoryPath>, case: Case<'_>) -> Option<Miss> {
    let holds = categories.is_empty() || deepest(categories, case.line).is_some();
    (!holds).then(|| {
        let actual = case.line.category.as_ref().map(CategoryPath::as_str);
        let needed = listed(categories);
        Miss::new(
            MissReason::CategoryOther,
            needed,
            actual.unwrap_or_default(),
        )
    })
}

/// The deepest of `categories` that holds the line.
pub(super) fn deepest<'a>(
    categories: &'a BTreeSet<CategoryPath>,
    line: &Line,
) -> Option<&'a CategoryPath> {
    let path = line.category.as_ref()?;
    let holding = categories.iter().filter(|it| path.is_within(it));
    holding.max_by_key(|category| category.depth())
}
