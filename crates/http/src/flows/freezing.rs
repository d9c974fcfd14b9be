//! Takes a model's thresholds and references from the portfolio, as a job (`freezing/job.rs`).

pub mod job;

use crate::flows::model::{self, PublishedModel};
use crate::problem::{FieldError, Kind, Problem};
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tiercel_documents::evaluation_model::{EvaluationModelDocument, Frozen, freeze};
use tiercel_documents::fault::DocumentFault;
use tiercel_domain::evaluation::{self as decision, Evaluation, Measured, Model, Subject};
use tiercel_domain::history::{Series, Sums};
use tiercel_domain::profile::Profile;
use tiercel_domain::receivables::allocate;
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{Store, customers, facts};

/// Customers read at a time: memory stays flat.
const CHUNK: u64 = 500;

/// The document with everything that it takes from the portfolio as of a date.
pub async fn frozen(
    store: &Store,
    code: &str,
    mut document: EvaluationModelDocument,
    as_of: NaiveDate,
) -> Result<EvaluationModelDocument, Problem> {
    let others = model::on(store, as_of).await?;
    let survey = Survey {
        store,
        others: others.as_ref(),
        code,
        as_of,
    };
    let wanted = document.unfrozen();
    if !wanted.values.is_empty() {
        let mut portfolio = Frozen::default();
        // Of whom no customer has a value is frozen too.
        portfolio.values = wanted.values.iter().map(|it| (*it, Vec::new())).collect();
        portfolio.customers = survey
            .of(&read(&document.bare())?, |evaluation| {
                for place in &wanted.values {
                    let value = evaluation.criteria.get(*place).map(|it| &it.value);
                    if let Some(Measured::Number(number)) = value {
                        portfolio.values.entry(*place).or_default().push(*number);
                    }
                }
            })
            .await?;
        freeze(&mut document, as_of, &portfolio);
    }
    let scoring = read(&document.scoring())?;
    if wanted.scores || wanted.values.is_empty() {
        let mut portfolio = Frozen::default();
        portfolio.customers = survey
            .of(&scoring, |evaluation| {
                portfolio.scores.push(evaluation.score);
            })
            .await?;
        freeze(&mut document, as_of, &portfolio);
    }
    Ok(document)
}

/// What is wrong besides what is to be frozen has to be mended first.
fn read(document: &EvaluationModelDocument) -> Result<Model, Problem> {
    let told =
        |fault: &DocumentFault| FieldError::new(fault.pointer.clone(), fault.code, &fault.detail);
    let model = document.to_domain();
    model.map_err(|faults| Problem::invalid(faults.iter().map(told).collect()))
}

/// Everyone to whom a model applies, evaluated by it.
struct Survey<'a> {
    store: &'a Store,
    others: Option<&'a PublishedModel>,
    /// Of the model's document: what it has in force now does not count.
    code: &'a str,
    as_of: NaiveDate,
}

impl Survey<'_> {
    async fn of(&self, model: &Model, mut each: impl FnMut(&Evaluation)) -> Result<u64, Problem> {
        let (mut after, mut customers) = (None, 0_u64);
        loop {
            let ids = customers::ids_after(self.store, after, CHUNK).await?;
            let Some(last) = ids.last().copied() else {
                return Ok(customers);
            };
            after = Some(last);
            let ids: BTreeSet<_> = ids.into_iter().collect();
            let profiles = customers::profiles(self.store, &ids, None).await?;
            let wanted = profiles
                .iter()
                .filter(|(_, profile)| self.applies(model, profile));
            let wanted: BTreeSet<_> = wanted.map(|(id, _)| *id).collect();
            let mut facts = facts::of_customers(self.store, &wanted, None).await?;
            for id in &wanted {
                let facts = facts.remove(id).unwrap_or_default();
                let too_large = || Problem::from(RefreshError::TooLarge(*id));
                let ledger = allocate(&facts, self.as_of).map_err(|_| too_large())?;
                let Some(profile) = profiles.get(id) else {
                    continue;
                };
                let subject = Subject {
                    profile,
                    sums: Sums::Facts(&facts),
                    series: &Series::of(&facts),
                    invoices: &ledger.invoices,
                };
                let evaluation = decision::evaluate(model, &subject, self.as_of);
                each(&evaluation.map_err(|_| too_large())?);
                customers = customers.saturating_add(1);
            }
        }
    }

    /// A model for some customers is for those; one for everyone is for whom no other is.
    fn applies(&self, model: &Model, profile: &Profile) -> bool {
        match model.applies_to() {
            Some(condition) => condition.fits(profile),
            None => self
                .others
                .is_none_or(|others| !others.is_special(profile, self.code)),
        }
    }
}

/// The day a portfolio is frozen as of: not one to come.
pub fn day(as_of: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate, Problem> {
    let day = as_of.unwrap_or(today);
    if day > today {
        return Err(Problem::new(
            Kind::InvalidInput,
            "nobody can be evaluated as of a day to come",
        ));
    }
    Ok(day)
}
