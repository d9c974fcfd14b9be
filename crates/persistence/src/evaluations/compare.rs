//! Evaluates customers by several sets of models at once, for a look: nothing is written.

use super::ModelInForce;
use super::save::{self, Occasion};
use super::standing;
use crate::customers;
use crate::histories::Known;
use crate::receivables;
use crate::refresh::{Cause, RefreshError};
use crate::store::Source;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tiercel_domain::evaluation::{Evaluation, Model, Subject};
use tiercel_domain::history::Totals;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::period::{Span, Window};

/// Over which customers' sales are told beside their evaluations.
pub const YEAR: Window = Window::Months(12);

/// One customer, by every side.
#[derive(Debug, Clone)]
pub struct Compared<'a> {
    pub customer: CustomerId,
    /// In the order of the sides: the model that is the customer's there, and what it says, with
    /// the tier that would be in force, after lifecycle and vetoes.
    pub evaluations: Vec<(&'a Model, Evaluation)>,
    /// Sums of the year that ends with the date.
    pub year: Totals,
}

/// Evaluates the customers by each of the sides as a run as of the date would, from what is kept of
/// them. Those that are erased are left out.
pub async fn compare<'a>(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
    sides: &[ModelInForce<'a>],
    as_of: NaiveDate,
) -> Result<Vec<Compared<'a>>, RefreshError> {
    let year = Span::new(YEAR, as_of);
    let models: Vec<&Model> = sides.iter().flat_map(ModelInForce::all).collect();
    let known = Known::seen(source, ids, &models, as_of, year).await?;
    let ledgers = receivables::allocate_all(&known, ids, as_of)?;
    let profiles = customers::profiles(source, ids, None).await?;
    let mut states = customers::state(source, ids).await?;
    states.retain(|_, state| state.erased_at.is_none());
    let occasion = Occasion {
        as_of,
        cause: Cause::Run,
        stands: false,
    };
    let current = save::current(source, &states).await?;
    let mut lives = Vec::with_capacity(sides.len());
    for side in sides {
        let starts = save::starts(source, side, occasion, &states, &profiles, &current).await?;
        let steps = standing::facts_of_steps(source, side, &profiles, &starts, as_of).await?;
        lives.push((side, starts, steps));
    }
    let mut compared = Vec::with_capacity(states.len());
    for id in states.keys() {
        let (Some(profile), Some(ledger)) = (profiles.get(id), ledgers.get(id)) else {
            continue;
        };
        let subject = Subject {
            profile,
            sums: known.sums(*id),
            series: &known.history(*id).series,
            invoices: &ledger.invoices,
        };
        let mut evaluations = Vec::with_capacity(sides.len());
        for (side, starts, steps) in &lives {
            let start = starts.get(id).copied().unwrap_or_default();
            let own = side.of(profile);
            let made = save::judge(&own, occasion, *id, &subject, (&start, &known, steps))?;
            evaluations.push((own.model, made.in_force()));
        }
        compared.push(Compared {
            customer: *id,
            evaluations,
            year: subject.sums.over(year),
        });
    }
    Ok(compared)
}
