//! Which facts an evaluation by months needs besides the months.

use super::model::Model;
use crate::fact::FactKind;
use crate::period::{Span, merged};
use chrono::NaiveDate;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The facts of these kinds on these days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edges {
    /// In order, without overlap.
    pub days: Vec<RangeInclusive<NaiveDate>>,
    pub kinds: BTreeSet<FactKind>,
}

/// The facts in the months that the model's windows cut when they end with `as_of`.
pub fn edges(model: &Model, as_of: NaiveDate) -> Edges {
    let measures = model.criteria().iter().map(|criterion| &criterion.measure);
    let mut edges = Edges::default();
    for (spans, kinds) in measures.map(|measure| measure.summed(as_of)) {
        let days: Vec<_> = spans.into_iter().flat_map(Span::edges).collect();
        if !days.is_empty() {
            edges.days.extend(days);
            edges.kinds.extend(kinds);
        }
    }
    edges.days = merged(edges.days);
    edges
}
