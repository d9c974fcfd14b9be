//! How one customer's tier goes from date to date, by the models in force on each.

use super::timeline::Day;
use crate::flows::model::PublishedModel;
use chrono::NaiveDate;
use tiercel_domain::evaluation::{self as decision, Standing};
use tiercel_persistence::refresh::RefreshError;

/// Begins where the score says on the first date. Where a model has a lifecycle, a date begins
/// where the one before ended, and the calendar dates between them count by its model.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// The tier by code, so that another model can read it.
    stands: Option<(String, Standing)>,
}

/// A tier of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranked {
    pub rank: usize,
    pub code: String,
}

impl Course {
    /// The tier that decisions would use on the next date.
    pub(super) fn next(
        &mut self,
        day: &Day<'_>,
        models: &PublishedModel,
    ) -> Result<Ranked, RefreshError> {
        let model = models.in_force().of(day.profile()).model;
        let judged = day.judge(model)?;
        let before = self.stands.take().and_then(|(code, standing)| {
            let tier = model.index_of(&code)?;
            Some(Standing { tier, ..standing })
        });
        let says = |on: NaiveDate| {
            if on == day.on() {
                return Ok::<_, RefreshError>(judged.score_tier);
            }
            Ok(day.at(on)?.judge(model)?.score_tier)
        };
        let standing = match model.lifecycle() {
            Some(lifecycle) => decision::carry(lifecycle, before, None, day.on(), says)?,
            None => Standing::begin(judged.score_tier, day.on()),
        };
        let code = |tier: usize| {
            let tier = model.tiers().get(tier);
            tier.map(|tier| tier.code.clone()).unwrap_or_default()
        };
        self.stands = Some((code(standing.tier), standing));
        let (rank, _) = model.vetoed(standing.tier, &judged.vetoes);
        Ok(Ranked {
            rank,
            code: code(rank),
        })
    }
}
