//! The evaluation of one customer on one date.

use super::model::{Band, Category, Criterion, Model, Scoring};
use super::subject::Subject;
use super::value::{Measured, MissingReason};
use crate::scaled::Points;
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
    /// Index into [`Model::tiers`].
    pub tier: usize,
    /// One result per criterion, in the model's order.
    pub criteria: Vec<CriterionResult>,
}

/// What one criterion gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriterionResult {
    pub value: Measured,
    pub matched: Matched,
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
    let mut score = model.initial();
    for criterion in model.criteria() {
        let value = criterion.measure.take(subject, as_of)?;
        let result = score_value(criterion, value);
        score = score
            .checked_add(result.points)
            .ok_or(EvaluationError::Overflow)?;
        criteria.push(result);
    }
    Ok(Evaluation {
        score,
        tier: model.tier_of(score),
        criteria,
    })
}

fn score_value(criterion: &Criterion, value: Measured) -> CriterionResult {
    let found = match (&value, &criterion.scoring) {
        (Measured::Number(number), Scoring::Bands(bands)) => in_band(bands, *number),
        (Measured::Text(text), Scoring::Categories { entries, other }) => {
            Some(in_category(entries, *other, text))
        }
        (Measured::Flag(flag), Scoring::Categories { entries, other }) => {
            let word = if *flag { "true" } else { "false" };
            Some(in_category(entries, *other, word))
        }
        _ => None,
    };
    let (matched, points) = found.unwrap_or((Matched::Missing, criterion.missing));
    let value = match (value, matched) {
        (missing @ Measured::Missing(_), _) => missing,
        // A text where bands score numbers, or the other way round, says nothing.
        (_, Matched::Missing) => Measured::Missing(MissingReason::OtherType),
        (value, _) => value,
    };
    CriterionResult {
        value,
        matched,
        points,
    }
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
