//! Evaluates customers by several models at once, for a look: nothing is written.

use crate::customers;
use crate::histories::Known;
use crate::receivables;
use crate::refresh::RefreshError;
use crate::store::Source;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tiercel_domain::evaluation::{self as decision, Evaluation, Model, Subject};
use tiercel_domain::history::Totals;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::period::{Span, Window};

/// Over which customers' sales are told beside their evaluations.
pub const YEAR: Window = Window::Months(12);

/// One customer, by every model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    pub customer: CustomerId,
    /// In the order of the models.
    pub evaluations: Vec<Evaluation>,
    /// Sums of the year that ends with the date.
    pub year: Totals,
}

/// Evaluates the customers by each of the models as of a date, from what is kept of them. Those
/// that are erased are left out.
pub async fn compare(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
    models: &[&Model],
    as_of: NaiveDate,
) -> Result<Vec<Compared>, RefreshError> {
    let year = Span::new(YEAR, as_of);
    let known = Known::seen(source, ids, models, as_of, year).await?;
    let ledgers = receivables::allocate_all(&known, ids, as_of)?;
    let profiles = customers::profiles(source, ids, None).await?;
    let mut states = customers::state(source, ids).await?;
    states.retain(|_, state| state.erased_at.is_none());
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
        let judge = |model: &&Model| decision::evaluate(model, &subject, as_of);
        let evaluations: Result<Vec<_>, _> = models.iter().map(judge).collect();
        compared.push(Compared {
            customer: *id,
            evaluations: evaluations.map_err(|_| RefreshError::TooLarge(*id))?,
            year: subject.sums.over(year),
        });
    }
    Ok(compared)
}
