//! A champion and a challenger: a second model evaluates everyone beside the one in force, on
//! several dates and without effect.

use super::timeline::{Known, everyone, models};
use crate::flows::model::PublishedModel;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tiercel_domain::evaluation::Model;
use tiercel_domain::portfolio::Moves;
use tiercel_persistence::Store;
use tiercel_persistence::refresh::RefreshError;

/// How far two models agree on one date.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agreement {
    /// By tier of the champion and of the challenger.
    pub cells: BTreeMap<(String, String), u64>,
    /// Customers whom the challenger puts into a better tier, by its rank, and into a worse one.
    pub better: u64,
    pub worse: u64,
}

/// A challenger beside the models in force, over several dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contest {
    pub dates: Vec<NaiveDate>,
    pub agreements: Vec<Agreement>,
    /// How steady each is.
    pub champion: Moves,
    pub challenger: Moves,
}

/// Evaluates everyone on each date by the model in force and by a challenger, without effect.
/// Reads every fact once.
pub async fn contest(
    store: &Store,
    dates: &[NaiveDate],
    challenger: &Model,
    known_at: Option<i64>,
) -> Result<Contest, RefreshError> {
    let champions = models(store, dates).await?;
    let mut contest = Contest {
        dates: dates.to_vec(),
        agreements: vec![Agreement::default(); dates.len()],
        champion: Moves::new(dates.len()),
        challenger: Moves::new(dates.len()),
    };
    everyone(store, known_at, |known| {
        contest.add(known, &champions, challenger)
    })
    .await?;
    Ok(contest)
}

impl Contest {
    fn add(
        &mut self,
        known: &Known<'_>,
        champions: &[Option<PublishedModel>],
        challenger: &Model,
    ) -> Result<(), RefreshError> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let agreements = self.agreements.iter_mut();
        for ((date, champion), agreement) in self.dates.iter().zip(champions).zip(agreements) {
            let champion = champion.as_ref().map(|it| it.in_force().model);
            let (Some(champion), Some(day)) = (champion, known.on(*date)?) else {
                ours.push(None);
                theirs.push(None);
                continue;
            };
            let (one, other) = (day.tier(champion)?, day.tier(challenger)?);
            let code =
                |model: &Model, tier: usize| model.tiers().get(tier).map(|tier| tier.code.clone());
            agreement.better = agreement.better.saturating_add(u64::from(other < one));
            agreement.worse = agreement.worse.saturating_add(u64::from(other > one));
            ours.push(code(champion, one));
            theirs.push(code(challenger, other));
            let named = ours
                .last()
                .cloned()
                .flatten()
                .zip(theirs.last().cloned().flatten());
            if let Some(named) = named {
                let count = agreement.cells.entry(named).or_default();
                *count = count.saturating_add(1);
            }
        }
        self.champion.add(&ours);
        self.challenger.add(&theirs);
        Ok(())
    }
}
