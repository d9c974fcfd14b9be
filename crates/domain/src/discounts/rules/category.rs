//! Rules for some categories and everything below them.

use super::{Case, Miss, MissReason, listed};
use crate::category::CategoryPath;
use crate::discounts::question::Line;
use std::collections::BTreeSet;

pub(super) fn miss(categories: &BTreeSet<CategoryPath>, case: Case<'_>) -> Option<Miss> {
    let holds = categories.is_empty() || depth(categories, case.line) > 0;
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

/// The depth of the deepest of `categories` that holds the line; zero where none does.
pub(super) fn depth(categories: &BTreeSet<CategoryPath>, line: &Line) -> usize {
    let holding = line.category.as_ref().and_then(|path| {
        let ancestors = categories
            .iter()
            .filter(|category| path.is_within(category));
        ancestors.map(CategoryPath::depth).max()
    });
    holding.unwrap_or(0)
}
