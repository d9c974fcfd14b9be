//! A champion and a challenger: a second model evaluates everyone beside the one in force, on
//! several dates and without effect.

use super::course::{Course, Ranked};
use super::timeline::{Known, everyone, models};
use crate::flows::model::{self, PublishedModel};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tiercel_domain::portfolio::Moves;
use tiercel_persistence::Store;
use tiercel_persistence::documents::StoredDocument;
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

/// Evaluates everyone on each date by the models in force, and by those with a challenger instead of
/// the version of its code, without effect. Reads every fact once.
pub async fn contest(
    store: &Store,
    dates: &[NaiveDate],
    challenger: &StoredDocument,
    known_at: Option<i64>,
) -> Result<Contest, RefreshError> {
    let champions = models(store, dates).await?;
    let mut challengers = Vec::with_capacity(dates.len());
    for date in dates {
        challengers.push(model::with_draft(store, challenger.clone(), *date).await?);
    }
    let mut contest = Contest {
        dates: dates.to_vec(),
        agreements: vec![Agreement::default(); dates.len()],
        champion: Moves::new(dates.len()),
        challenger: Moves::new(dates.len()),
    };
    everyone(store, known_at, |known| {
        contest.add(known, &champions, &challengers)
    })
    .await?;
    Ok(contest)
}

impl Contest {
    fn add(
        &mut self,
        known: &Known<'_>,
        champions: &[Option<PublishedModel>],
        challengers: &[Option<PublishedModel>],
    ) -> Result<(), RefreshError> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let (mut champion, mut challenger) = (Course::default(), Course::default());
        let models = champions.iter().zip(challengers);
        let agreements = self.agreements.iter_mut();
        for ((date, (one, other)), agreement) in self.dates.iter().zip(models).zip(agreements) {
            let (Some(one), Some(other), Some(day)) = (one, other, known.on(*date)?) else {
                ours.push(None);
                theirs.push(None);
                continue;
            };
            let (one, other) = (champion.next(&day, one)?, challenger.next(&day, other)?);
            agreement.add(&one, &other);
            ours.push(Some(one.code));
            theirs.push(Some(other.code));
        }
        self.champion.add(&ours);
        self.challenger.add(&theirs);
        Ok(())
    }
}

impl Agreement {
    fn add(&mut self, one: &Ranked, other: &Ranked) {
        let better = u64::from(other.rank < one.rank);
        let worse = u64::from(other.rank > one.rank);
        self.better = self.better.saturating_add(better);
        self.worse = self.worse.saturating_add(worse);
        let named = (one.code.clone(), other.code.clone());
        let count = self.cells.entry(named).or_default();
        *count = count.saturating_add(1);
    }
}
