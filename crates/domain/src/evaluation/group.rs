//! Groups of criteria whose sum has a lower and an upper end.

use super::evaluate::{CriterionResult, EvaluationError};
use super::model::Model;
use crate::scaled::Points;
use std::collections::BTreeMap;

/// Criteria whose points together count for no less and no more than this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub code: String,
    pub label: String,
    pub min: Option<Points>,
    pub max: Option<Points>,
}

/// What a group came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupResult {
    /// The sum of its criteria's weighed points.
    pub sum: Points,
    /// What of it counts.
    pub points: Points,
}

impl Group {
    pub(super) fn capped(&self, sum: Points) -> Points {
        let least = self.min.map_or(sum, |min| min.max(sum));
        self.max.map_or(least, |max| max.min(least))
    }
}

/// Caps the groups: criteria count in the model's order until their group is full, so that the
/// points that count always add up to what the group counts for.
pub(super) fn cap(
    model: &Model,
    criteria: &mut [CriterionResult],
) -> Result<Vec<GroupResult>, EvaluationError> {
    if model.groups().is_empty() {
        return Ok(Vec::new());
    }
    let mut sums: BTreeMap<&str, GroupResult> = BTreeMap::new();
    for (criterion, result) in model.criteria().iter().zip(criteria) {
        let group = criterion.refinement.group.as_deref();
        let Some(group) = group.and_then(|code| model.group(code)) else {
            continue;
        };
        let before = sums.get(group.code.as_str()).copied();
        let before = before.unwrap_or(GroupResult {
            sum: Points::ZERO,
            points: Points::ZERO,
        });
        let sum = before.sum.checked_add(result.weighed);
        let sum = sum.ok_or(EvaluationError::Overflow)?;
        let points = group.capped(sum);
        let counted = points.checked_sub(before.points);
        result.points = counted.ok_or(EvaluationError::Overflow)?;
        sums.insert(&group.code, GroupResult { sum, points });
    }
    let nothing = GroupResult {
        sum: Points::ZERO,
        points: Points::ZERO,
    };
    let results = model.groups().iter();
    let results = results.map(|group| sums.get(group.code.as_str()).copied().unwrap_or(nothing));
    Ok(results.collect())
}
