//! Where a customer stands in its model's lifecycle, for one answer.

use crate::problem::Problem;
use crate::tenant::TenantHandle;
use crate::v1::asking::{Moment, Subject};
use chrono::NaiveDate;
use tiercel_domain::evaluation::{self as decision, Model, Standing};
use tiercel_domain::history::{Series, Sums};
use tiercel_domain::receivables::{Allocation, allocate};
use tiercel_persistence::evaluations::{self, Before, ModelInForce};
use tiercel_persistence::refresh::RefreshError;

/// Which knowledge past calendar dates are decided with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::v1) enum Steps {
    Recorded,
    Again,
}

impl Steps {
    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word {
            "recorded" => Some(Self::Recorded),
            "again" => Some(Self::Again),
            _ => None,
        }
    }
}

/// Where the customer stands on the day, if the model has a lifecycle.
pub(in crate::v1) async fn standing(
    tenant: &TenantHandle,
    applied: &ModelInForce<'_>,
    subject: &Subject,
    moment: &Moment,
    steps: Steps,
) -> Result<Option<Standing>, Problem> {
    let model = applied.model;
    let Some(lifecycle) = model.lifecycle() else {
        return Ok(None);
    };
    let (id, as_of) = (subject.state.id, moment.as_of);
    let series = Series::of(&subject.facts);
    let raw = |date| score_tier(model, subject, &series, date);
    let before = match steps {
        Steps::Recorded => {
            let store = tenant.store();
            evaluations::stood(store, applied, &subject.state, as_of, moment.known_at).await?
        }
        Steps::Again => match evaluations::first_day(tenant.store(), id, moment.known_at).await? {
            Some(first) if first < as_of => Before {
                standing: Some(Standing::begin(raw(first)?, first)),
                quiet_until: None,
            },
            _ => Before::default(),
        },
    };
    let quiet = before.quiet_until;
    decision::carry(lifecycle, before.standing, quiet, as_of, raw).map(Some)
}

/// Where it will stand on a later day if nothing happens.
pub(in crate::v1) fn later(
    model: &Model,
    subject: &Subject,
    standing: Option<Standing>,
    on: NaiveDate,
) -> Result<Option<Standing>, Problem> {
    let Some(lifecycle) = model.lifecycle() else {
        return Ok(None);
    };
    let series = Series::of(&subject.facts);
    let raw = |date| score_tier(model, subject, &series, date);
    decision::carry(lifecycle, standing, None, on, raw).map(Some)
}

/// What the score alone says on a day.
fn score_tier(
    model: &Model,
    subject: &Subject,
    series: &Series,
    on: NaiveDate,
) -> Result<usize, Problem> {
    let too_large = || Problem::from(RefreshError::TooLarge(subject.state.id));
    let ledger = allocate(&subject.facts, on).map_err(|_| too_large())?;
    let read = reading(subject, series, &ledger);
    let judged = decision::evaluate(model, &read, on).map_err(|_| too_large())?;
    Ok(judged.score_tier)
}

/// Every fact is at hand, so that each can be named.
pub(super) fn reading<'a>(
    subject: &'a Subject,
    series: &'a Series,
    ledger: &'a Allocation,
) -> decision::Subject<'a> {
    decision::Subject {
        profile: &subject.profile,
        sums: Sums::Facts(&subject.facts),
        series,
        invoices: &ledger.invoices,
    }
}
