//! Criteria that count the same facts for the same thing.

use super::{Oddity, Severity};
use crate::evaluation::filter::Filter;
use crate::evaluation::measures::Measure;
use crate::evaluation::model::Model;
use crate::path::Path;

/// What a measure is about: two criteria about one thing count it twice.
fn subject(measure: &Measure) -> String {
    match measure {
        Measure::ProfitContribution { .. }
        | Measure::NetContribution { .. }
        | Measure::ShareOfProfit { .. } => "profit_contribution".to_owned(),
        Measure::OnTimeRate { .. } | Measure::SettledOnTimeRate { .. } => "on_time_rate".to_owned(),
        Measure::ContactCount { .. } | Measure::ServiceMinutes { .. } => "contacts".to_owned(),
        Measure::Rank { of, .. } => subject(of),
        Measure::Attribute { code } => format!("attribute {code}"),
        other => other.word().to_owned(),
    }
}

/// Whether no fact passes both.
fn are_apart(one: &Filter, other: &Filter) -> bool {
    let within = |a: &Filter, b: &Filter| {
        let meets = |path: &crate::category::CategoryPath| {
            b.categories.iter().any(|wanted| path.is_within(wanted))
        };
        a.categories.iter().any(meets)
    };
    let both = |a: usize, b: usize| a > 0 && b > 0;
    (both(one.categories.len(), other.categories.len())
        && !within(one, other)
        && !within(other, one))
        || (both(one.channels.len(), other.channels.len())
            && one.channels.is_disjoint(&other.channels))
        || (both(one.sources.len(), other.sources.len()) && one.sources.is_disjoint(&other.sources))
}

pub(super) fn counted(model: &Model) -> Vec<Oddity> {
    let list = Path::root().field("criteria");
    let mut seen: std::collections::BTreeMap<String, Vec<usize>> = Default::default();
    let mut found = Vec::new();
    for (place, criterion) in model.criteria().iter().enumerate() {
        let before = seen.entry(subject(&criterion.measure)).or_default();
        let same = before.iter().find_map(|other| {
            let other = model.criteria().get(*other)?;
            let (one, two) = (&other.refinement.filter, &criterion.refinement.filter);
            (!are_apart(one, two)).then_some(other)
        });
        if let Some(other) = same {
            found.push(Oddity {
                path: list.index(place).field("measure"),
                severity: Severity::Warning,
                code: "counted_twice",
                detail: format!("`{}` counts the same facts for the same thing", other.code),
                witness: vec![("criterion".to_owned(), other.code.clone())],
            });
        }
        before.push(place);
    }
    found
}
