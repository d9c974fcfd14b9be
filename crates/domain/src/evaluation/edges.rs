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

/// The facts in the months that the model's windows cut when they end with `as_of`, and all facts
/// of the windows of criteria that look at some of them only.
pub fn edges(model: &Model, as_of: NaiveDate) -> Edges {
    let mut edges = Edges::default();
    let mut read = |days: Vec<RangeInclusive<NaiveDate>>, kinds: &[FactKind]| {
        if !days.is_empty() {
            edges.days.extend(days);
            edges.kinds.extend(kinds);
        }
    };
    for criterion in model.criteria() {
        let (spans, kinds) = criterion.measure.summed(as_of);
        if criterion.refinement.filter.is_empty() {
            read(spans.into_iter().flat_map(Span::edges).collect(), kinds);
        } else {
            let spans = criterion.measure.spans(as_of);
            read(spans.into_iter().filter_map(Span::days).collect(), kinds);
        }
        read(criterion.measure.whole(as_of), kinds);
    }
    for (measure, _) in model.vetoes().iter().flat_map(|veto| veto.when.measured()) {
        let (spans, kinds) = measure.summed(as_of);
        read(spans.into_iter().flat_map(Span::edges).collect(), kinds);
        read(measure.whole(as_of), kinds);
    }
    edges.days = merged(edges.days);
    edges
}
