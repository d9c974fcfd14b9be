//! Which values a measure can have, and what is scored that it cannot.

use super::{Oddity, Severity};
use crate::evaluation::measures::Measure;
use crate::evaluation::model::{Band, Model, Scoring};
use crate::path::Path;
use rust_decimal::Decimal;

/// The least and the most that a measure can yield; none where there is no end.
fn ends(measure: &Measure) -> (Option<Decimal>, Option<Decimal>) {
    let (zero, hundred) = (Some(Decimal::ZERO), Some(Decimal::ONE_HUNDRED));
    match measure {
        Measure::OnTimeRate { .. }
        | Measure::SettledOnTimeRate { .. }
        | Measure::ReturnRate { .. } => (zero, hundred),
        Measure::ComplaintSeverity { .. } => (Some(Decimal::ONE), Some(Decimal::from(5))),
        Measure::Rank { cuts, .. } => {
            let most = Decimal::from(cuts.len().saturating_add(1));
            (Some(Decimal::ONE), Some(most))
        }
        Measure::OrderCount { .. }
        | Measure::PurchaseDays { .. }
        | Measure::RecencyDays
        | Measure::BtydRecencyDays
        | Measure::PurchaseIntervalDays
        | Measure::RhythmOverdue
        | Measure::ProductBreadth { .. }
        | Measure::AverageDaysLate { .. }
        | Measure::WorstDaysLate { .. }
        | Measure::OverdueAmount
        | Measure::ComplaintRate { .. }
        | Measure::ContactCount { .. }
        | Measure::ServiceMinutes { .. }
        | Measure::TenureMonths => (zero, None),
        _ => (None, None),
    }
}

/// Bands that no value of their measure falls into.
pub(super) fn impossible(model: &Model) -> Vec<Oddity> {
    let list = Path::root().field("criteria");
    let mut found = Vec::new();
    for (place, criterion) in model.criteria().iter().enumerate() {
        let Scoring::Bands(bands) = &criterion.scoring else {
            continue;
        };
        let (least, most) = ends(&criterion.measure);
        let never = |band: &Band| {
            let below = band.to.zip(least).is_some_and(|(to, least)| to <= least);
            let above = band.from.zip(most).is_some_and(|(from, most)| from > most);
            below || above
        };
        for (index, band) in bands.iter().enumerate().filter(|(_, band)| never(band)) {
            let ends = [("from", band.from), ("to", band.to)];
            let ends = ends.into_iter();
            let told = |(name, end): (&str, Option<Decimal>)| {
                Some((name.to_owned(), end?.normalize().to_string()))
            };
            found.push(Oddity {
                path: list.index(place).field("bands").index(index),
                severity: Severity::Warning,
                code: "band_cannot_occur",
                detail: format!("no value of `{}` falls into it", criterion.measure.word()),
                witness: ends.filter_map(told).collect(),
            });
        }
    }
    found
}

/// Criteria that give more to whom nothing is known of than to anybody else.
pub(super) fn better_unknown(model: &Model) -> Vec<Oddity> {
    let list = Path::root().field("criteria");
    let criteria = model.criteria().iter().enumerate();
    let odd = criteria.filter(|(_, criterion)| {
        let given = criterion.scoring.points();
        given.iter().all(|points| *points < criterion.missing)
    });
    odd.map(|(place, criterion)| Oddity {
        path: list.index(place).field("missing_points"),
        severity: Severity::Warning,
        code: "missing_is_best",
        detail: "a customer of whom nothing is known gets more than any other".to_owned(),
        witness: vec![
            ("value".to_owned(), "missing".to_owned()),
            ("points".to_owned(), criterion.missing.to_string()),
        ],
    })
    .collect()
}
