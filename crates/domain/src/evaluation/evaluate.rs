//! The evaluation of one customer on one date.

use super::filtered;
use super::group::{self, GroupResult};
use super::model::{Band, Category, Criterion, Model, Scoring};
use super::subject::Subject;
use super::value::{Measured, MissingReason};
use super::veto;
use crate::scaled::{Percent, Points};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A calculation that does not fit the numbers it is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    #[error("the amounts are too large to calculate with")]
    Overflow,
}

/// What a model says about a customer on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Initial points plus the points of every criterion, exactly.
    pub score: Points,
    /// Index into [`Model::tiers`] of the tier that the score falls into.
    pub score_tier: usize,
    /// The same after the vetoes that hold.
    pub tier: usize,
    /// One result per criterion, in the model's order.
    pub criteria: Vec<CriterionResult>,
    /// One result per group, in the model's order.
    pub groups: Vec<GroupResult>,
    /// The vetoes that hold, by their places in the model.
    pub vetoes: Vec<usize>,
}

/// What one criterion gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriterionResult {
    pub value: Measured,
    pub matched: Matched,
    /// What the entry that matched gives.
    pub given: Points,
    /// What is left of it with age, per cent; none where it does not fade.
    pub left: Option<Percent>,
    /// After weight and age.
    pub weighed: Points,
    /// What counts after the group's cap: these add up to the score.
    pub points: Points,
}

/// Which entry of the scoring gave the points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// Index of the band.
    Band(usize),
    /// Index of the category.
    Category(usize),
    /// A value that no category names.
    Other,
    /// No value.
    Missing,
}

/// Evaluates `subject` as of the end of `as_of`. A pure function of its arguments, in which the
/// order of facts and invoices does not matter. Fails only where amounts overflow.
pub fn evaluate(
    model: &Model,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<Evaluation, EvaluationError> {
    let mut criteria = Vec::with_capacity(model.criteria().len());
    for criterion in model.criteria() {
        criteria.push(score_value(criterion, subject, as_of)?);
    }
    let groups = group::cap(model, &mut criteria)?;
    let mut counted = criteria.iter().map(|result| result.points);
    let score = counted.try_fold(model.initial(), |score, points| score.checked_add(points));
    let score = score.ok_or(EvaluationError::Overflow)?;
    let vetoes = veto::holding(model, subject, as_of)?;
    let score_tier = model.tier_of(score);
    Ok(Evaluation {
        score,
        score_tier,
        tier: model.vetoed(score_tier, &vetoes).0,
        criteria,
        groups,
        vetoes,
    })
}

fn score_value(
    criterion: &Criterion,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<CriterionResult, EvaluationError> {
    let value = filtered::take(criterion, subject, as_of)?;
    let (matched, given) = match_value(criterion, &value);
    let value = match (value, matched) {
        (missing @ Measured::Missing(_), _) => missing,
        // A text where bands score numbers, or the other way round, says nothing.
        (_, Matched::Missing) => Measured::Missing(MissingReason::OtherType),
        (value, _) => value,
    };
    let decay = criterion.refinement.decay;
    let left = decay
        .filter(|_| matched != Matched::Missing)
        .and_then(|decay| {
            let latest = filtered::latest_day(criterion, subject, as_of)?;
            Some(decay.left(latest, as_of))
        });
    let weighed = criterion.refinement.weigh(given, left)?;
    Ok(CriterionResult {
        value,
        matched,
        given,
        left,
        weighed,
        points: weighed,
    })
}

/// What the value matches, and the points that this gives.
fn match_value(criterion: &Criterion, value: &Measured) -> (Matched, Points) {
    let found = match (value, &criterion.scoring) {
        (Measured::Number(number), Scoring::Bands(bands)) => in_band(bands, *number),
        (Measured::Text(text), Scoring::Categories { entries, other }) => {
            Some(in_category(entries, *other, text))
        }
        (Measured::Flag(flag), Scoring::Categories { entries, other }) => {
            Some(in_category(entries, *other, super::condition::word(*flag)))
        }
        _ => None,
    };
    found.unwrap_or((Matched::Missing, criterion.missing))
}

fn in_band(bands: &[Band], value: Decimal) -> Option<(Matched, Points)> {
    let mut bands = bands.iter().enumerate();
    let (index, band) = bands.find(|(_, band)| band.holds(value))?;
    Some((Matched::Band(index), band.points))
}

fn in_category(entries: &[Category], other: Points, value: &str) -> (Matched, Points) {
    let mut entries = entries.iter().enumerate();
    match entries.find(|(_, entry)| entry.value == value) {
        Some((index, entry)) => (Matched::Category(index), entry.points),
        None => (Matched::Other, other),
    }
}
