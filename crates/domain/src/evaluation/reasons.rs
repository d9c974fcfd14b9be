//! Ranked reasons, as PMML scorecards have them: where points differ most from their baseline.

use super::evaluate::Evaluation;
use super::model::{Criterion, Model, Scoring};
use super::refinement::Reason;
use crate::scaled::Points;

/// Which differences are reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReasonOrder {
    /// Where the customer has less than the baseline: why the score is not higher.
    #[default]
    PointsBelow,
    /// Where the customer has more than the baseline: why the score is not lower.
    PointsAbove,
}

impl ReasonOrder {
    pub const fn word(self) -> &'static str {
        match self {
            Self::PointsBelow => "points_below",
            Self::PointsAbove => "points_above",
        }
    }
}

/// A criterion that explains the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedReason<'a> {
    /// Its place in the model.
    pub criterion: usize,
    /// By how much it differs from its baseline: always more than zero.
    pub difference: Points,
    /// What is told; none where the model tells nothing.
    pub reason: Option<&'a Reason>,
}

/// The criteria whose points, before their groups are capped, differ from the baseline in the
/// model's direction: the largest difference first, equal ones in the model's order.
pub fn ranked_reasons<'a>(model: &'a Model, evaluation: &Evaluation) -> Vec<RankedReason<'a>> {
    let criteria = model.criteria().iter().zip(&evaluation.criteria);
    let order = model.reason_order();
    let differing = criteria
        .enumerate()
        .filter_map(|(place, (criterion, result))| {
            let baseline = baseline(criterion, order);
            let difference = match order {
                ReasonOrder::PointsBelow => baseline.checked_sub(result.weighed),
                ReasonOrder::PointsAbove => result.weighed.checked_sub(baseline),
            };
            let difference = difference.filter(|it| *it > Points::ZERO)?;
            Some(RankedReason {
                criterion: place,
                difference,
                reason: criterion.refinement.reasons.of(result.matched),
            })
        });
    let mut ranked: Vec<RankedReason<'a>> = differing.collect();
    // A stable sort keeps the model's order among equals.
    ranked.sort_by_key(|reason| std::cmp::Reverse(reason.difference));
    ranked
}

/// As the model says; else the most that the criterion can give, or the least where reasons are
/// what lies above.
fn baseline(criterion: &Criterion, order: ReasonOrder) -> Points {
    if let Some(baseline) = criterion.refinement.baseline {
        return baseline;
    }
    let weigh = |points: Points| criterion.refinement.weigh(points, None).ok();
    let given = given(&criterion.scoring)
        .into_iter()
        .chain([criterion.missing]);
    let worth = given.filter_map(weigh);
    let end = match order {
        ReasonOrder::PointsBelow => worth.max(),
        ReasonOrder::PointsAbove => worth.min(),
    };
    end.unwrap_or_default()
}

fn given(scoring: &Scoring) -> Vec<Points> {
    match scoring {
        Scoring::Bands(bands) => bands.iter().map(|band| band.points).collect(),
        Scoring::Categories { entries, other } => {
            let named = entries.iter().map(|entry| entry.points);
            named.chain([*other]).collect()
        }
    }
}
