//! Which scores a model can give, and what they can never do.

use super::{Oddity, Severity};
use crate::evaluation::model::{Criterion, Model};
use crate::evaluation::veto::VetoEffect;
use crate::path::Path;
use crate::scaled::Points;
use std::collections::BTreeSet;

/// More different scores than this are taken for everything between the least and the most.
const MOST_SCORES: usize = 20_000;

/// The least and the most of something, in units of points.
#[derive(Debug, Clone, Copy)]
struct Ends {
    least: i128,
    most: i128,
}

impl Ends {
    const fn add(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: self.most.saturating_add(other.most),
        }
    }
}

/// All weighed points that a criterion can give; with decay also everything towards zero, which
/// the ends tell.
fn points(criterion: &Criterion) -> BTreeSet<i128> {
    let given = criterion.scoring.points().into_iter();
    let given = given.chain([criterion.missing]);
    let weighed = given.filter_map(|points| criterion.refinement.weigh(points, None).ok());
    let mut points: BTreeSet<i128> = weighed.map(|it| i128::from(it.units())).collect();
    if criterion.refinement.decay.is_some() {
        points.insert(0);
    }
    points
}

fn ends(points: &BTreeSet<i128>) -> Ends {
    Ends {
        least: points.first().copied().unwrap_or(0),
        most: points.last().copied().unwrap_or(0),
    }
}

/// The ends of what criteria that pass `wanted` add to the score, their groups capped.
fn range(model: &Model, wanted: impl Fn(usize) -> bool) -> Ends {
    let nothing = Ends { least: 0, most: 0 };
    let criteria = || {
        let criteria = model.criteria().iter().enumerate();
        criteria.filter(|(place, _)| wanted(*place))
    };
    let free = criteria().filter(|(_, criterion)| criterion.refinement.group.is_none());
    let free = free.map(|(_, criterion)| ends(&points(criterion)));
    let groups = model.groups().iter().map(|group| {
        let own = criteria()
            .filter(|(_, criterion)| criterion.refinement.group.as_ref() == Some(&group.code));
        let sum = own.fold(nothing, |sum, (_, criterion)| {
            sum.add(ends(&points(criterion)))
        });
        let cap = |end: i128| {
            let min = group.min.map_or(i128::MIN, |min| min.units().into());
            let max = group.max.map_or(i128::MAX, |max| max.units().into());
            end.clamp(min.min(max), max)
        };
        Ends {
            least: cap(sum.least),
            most: cap(sum.most),
        }
    });
    free.chain(groups).fold(nothing, Ends::add)
}

/// Every score, where the criteria give few enough and neither groups nor age blur them.
fn exact(model: &Model) -> Option<BTreeSet<i128>> {
    let fades = |criterion: &Criterion| criterion.refinement.decay.is_some();
    if !model.groups().is_empty() || model.criteria().iter().any(fades) {
        return None;
    }
    let mut scores = BTreeSet::from([i128::from(model.initial().units())]);
    for criterion in model.criteria() {
        let points = points(criterion);
        if scores.len().saturating_mul(points.len()) > MOST_SCORES {
            return None;
        }
        let sums = scores.iter().flat_map(|score| {
            let add = move |points: &i128| score.saturating_add(*points);
            points.iter().map(add).collect::<Vec<_>>()
        });
        scores = sums.collect();
    }
    Some(scores)
}

/// Tiers that no score falls into and no veto forces.
pub(super) fn unreachable(model: &Model) -> Vec<Oddity> {
    let initial = i128::from(model.initial().units());
    let all = range(model, |_| true);
    let scores = exact(model);
    let least = initial.saturating_add(all.least);
    let most = initial.saturating_add(all.most);
    let mut above = i128::MAX;
    let mut found = Vec::new();
    for (place, tier) in model.tiers().iter().enumerate() {
        let from = tier.from.map_or(i128::MIN, |from| from.units().into());
        let reached = match &scores {
            Some(scores) => scores.range(from..above).next().is_some(),
            None => from <= most && least < above,
        };
        above = from;
        let forces = |effect: &VetoEffect| *effect == VetoEffect::Force(tier.code.clone());
        let forced = model.vetoes().iter().any(|veto| forces(&veto.effect));
        if !reached && !forced {
            found.push(Oddity {
                path: Path::root().field("tiers").index(place),
                severity: Severity::Error,
                code: "unreachable_tier",
                detail: format!(
                    "no score falls into it: scores go from {} to {}",
                    shown(least),
                    shown(most)
                ),
                witness: vec![
                    ("lowest_score".to_owned(), shown(least)),
                    ("highest_score".to_owned(), shown(most)),
                ],
            });
        }
    }
    found
}

/// Criteria whose points can change no tier, whatever the others give.
pub(super) fn idle(model: &Model) -> Vec<Oddity> {
    let initial = i128::from(model.initial().units());
    let all = range(model, |_| true);
    let criteria = model.criteria().iter().enumerate();
    let idle = criteria.filter(|(place, criterion)| {
        let own = ends(&points(criterion));
        let others = if model.groups().is_empty() {
            // Nothing is capped, so that what the others give is what is left.
            Ends {
                least: all.least.saturating_sub(own.least),
                most: all.most.saturating_sub(own.most),
            }
        } else {
            range(model, |other| other != *place)
        };
        let least = initial
            .saturating_add(others.least)
            .saturating_add(own.least);
        let most = initial.saturating_add(others.most).saturating_add(own.most);
        let thresholds = model.tiers().iter().filter_map(|tier| tier.from);
        let between = |from: Points| {
            let from = i128::from(from.units());
            least < from && from <= most
        };
        let mut thresholds = thresholds;
        own.least == own.most || !thresholds.any(between)
    });
    idle.map(|(place, criterion)| Oddity {
        path: Path::root().field("criteria").index(place),
        severity: Severity::Warning,
        code: "changes_no_tier",
        detail: "its points can never change a tier, whatever the others give".to_owned(),
        witness: vec![
            (
                "lowest_points".to_owned(),
                shown(ends(&points(criterion)).least),
            ),
            (
                "highest_points".to_owned(),
                shown(ends(&points(criterion)).most),
            ),
        ],
    })
    .collect()
}

fn shown(units: i128) -> String {
    i64::try_from(units).map_or_else(
        |_| units.to_string(),
        |it| Points::from_units(it).to_string(),
    )
}
