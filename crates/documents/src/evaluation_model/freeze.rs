//! Thresholds and references that a version takes from the portfolio and keeps.
//!
//! First the [bare](Unfrozen::bare) model measures what is ranked and what the company earns, then
//! the model with these references scores everyone, and the quantiles of the scores become
//! thresholds.

use super::EvaluationModelDocument;
use super::measure::{MeasureDocument, MeasureKind};
use super::parts::FrozenDocument;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tiercel_domain::evaluation::cut;
use tiercel_domain::scaled::{Amount, Percent, Points};

/// 100 per cent in units.
const WHOLE: u64 = 1_000_000;
/// The smallest difference between two cuts.
const STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 4);

/// What a model takes from a portfolio.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unfrozen {
    /// The places of criteria whose values are wanted.
    pub values: Vec<usize>,
    /// Whether the scores of all customers are wanted.
    pub scores: bool,
}

/// What the customers to whom a model applies measure and score.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frozen {
    /// By place of the criterion; those of customers without a value are left out.
    pub values: BTreeMap<usize, Vec<Decimal>>,
    pub scores: Vec<Points>,
    pub customers: u64,
}

impl EvaluationModelDocument {
    /// What is taken from a portfolio, whether it was before or not.
    pub fn unfrozen(&self) -> Unfrozen {
        let wants = |kind| matches!(kind, MeasureKind::Rank | MeasureKind::ShareOfProfit);
        let criteria = self.criteria.iter().enumerate();
        let criteria = criteria.filter(|(_, criterion)| wants(criterion.measure.kind));
        Unfrozen {
            values: criteria.map(|(place, _)| place).collect(),
            scores: self.tiers.iter().any(|tier| tier.quantile.is_some()),
        }
    }

    /// The model that measures what references are taken from: nothing is ranked or shared in it.
    #[must_use]
    pub fn bare(&self) -> Self {
        let mut bare = self.scoring();
        for criterion in &mut bare.criteria {
            let measure = &criterion.measure;
            criterion.measure = match (measure.kind, &measure.of) {
                (MeasureKind::Rank, Some(of)) => (**of).clone(),
                (MeasureKind::ShareOfProfit, _) => MeasureDocument {
                    kind: MeasureKind::ProfitContribution,
                    company_profit: None,
                    ..measure.clone()
                },
                _ => continue,
            };
        }
        bare
    }

    /// The model with place-holders where quantiles of its own scores become thresholds.
    #[must_use]
    pub fn scoring(&self) -> Self {
        let mut scoring = self.clone();
        let quantiles = scoring.tiers.iter().any(|tier| tier.quantile.is_some());
        if quantiles {
            let last = scoring.tiers.len().saturating_sub(1);
            let thresholds = (1..=last).rev().map(Some).chain([None]);
            for (tier, from) in scoring.tiers.iter_mut().zip(thresholds) {
                tier.quantile = None;
                tier.from = from.map(|from| from.to_string());
            }
        }
        scoring
    }
}

/// Writes what a portfolio says into the document. What no customer tells becomes a cut above
/// everybody.
pub fn freeze(document: &mut EvaluationModelDocument, as_of: NaiveDate, portfolio: &Frozen) {
    for (place, values) in &portfolio.values {
        if let Some(criterion) = document.criteria.get_mut(*place) {
            reference(&mut criterion.measure, values);
        }
    }
    if !portfolio.scores.is_empty() {
        thresholds(document, &portfolio.scores);
    }
    document.frozen = Some(FrozenDocument {
        as_of: as_of.to_string(),
        customers: portfolio.customers,
    });
}

fn reference(measure: &mut MeasureDocument, values: &[Decimal]) {
    if measure.kind == MeasureKind::ShareOfProfit {
        let sum = values
            .iter()
            .try_fold(Decimal::ZERO, |sum, value| sum.checked_add(*value));
        let sum = sum.and_then(|sum| Amount::from_decimal(sum).ok());
        measure.company_profit = sum.map(|sum| sum.to_string());
        return;
    }
    // Cuts have four decimals, rounded down, so that the value that makes a cut reaches it.
    let down = |value: &Decimal| {
        let cut = value.trunc_with_scale(4);
        if cut > *value {
            cut.checked_sub(STEP).unwrap_or(cut)
        } else {
            cut
        }
    };
    let mut sorted: Vec<Decimal> = values.iter().map(down).collect();
    sorted.sort_unstable();
    let ranks = u64::from(measure.ranks.unwrap_or(2));
    let above = sorted.last().map_or(Decimal::ZERO, |most| {
        most.checked_add(STEP).unwrap_or(*most)
    });
    let cuts = (1..ranks).map(|rank| cut(&sorted, rank, ranks).unwrap_or(above));
    measure.cuts = Some(cuts.map(|cut| cut.normalize().to_string()).collect());
}

fn thresholds(document: &mut EvaluationModelDocument, scores: &[Points]) {
    let mut sorted: Vec<i64> = scores.iter().map(|score| score.units()).collect();
    sorted.sort_unstable();
    let above = sorted.last().copied().unwrap_or(0).saturating_add(1);
    // Thresholds descend: of quantiles that fall on one score, the better tiers move up.
    let mut below: Option<i64> = None;
    for tier in document.tiers.iter_mut().rev() {
        let Some(quantile) = &tier.quantile else {
            continue;
        };
        let part = quantile.parse::<Percent>().map_or(0, Percent::units);
        let part = u64::try_from(part).unwrap_or(0);
        let threshold = cut(&sorted, part, WHOLE).unwrap_or(above);
        let threshold = below.map_or(threshold, |below| threshold.max(below.saturating_add(1)));
        below = Some(threshold);
        tier.from = Some(Points::from_units(threshold).to_string());
    }
}
