//! A criterion's value, from all facts of the customer or from those that its filter lets through.

use super::evaluate::EvaluationError;
use super::measures::{self, Measure};
use super::model::Criterion;
use super::subject::Subject;
use super::value::{Measured, MissingReason};
use crate::fact::{Fact, FactKind};
use crate::history::{Series, Sums};
use crate::ids::FactId;
use crate::period::{Span, Window};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// The facts that pass the filter of a criterion, and their series.
struct Part {
    facts: Vec<Fact>,
    series: Series,
}

impl Part {
    /// None where the criterion looks at all facts.
    fn of(criterion: &Criterion, facts: &[Fact], as_of: NaiveDate) -> Option<Self> {
        let filter = &criterion.refinement.filter;
        if filter.is_empty() {
            return None;
        }
        let spans = criterion.measure.spans(as_of);
        let wanted = |fact: &&Fact| {
            let held = spans.iter().any(|span| span.contains(fact.occurred_on));
            held && filter.passes(fact)
        };
        let facts: Vec<Fact> = facts.iter().filter(wanted).cloned().collect();
        Some(Self {
            series: Series::of(&facts),
            facts,
        })
    }

    fn subject<'a>(&'a self, subject: &Subject<'a>) -> Subject<'a> {
        Subject {
            sums: Sums::Facts(&self.facts),
            series: &self.series,
            ..*subject
        }
    }
}

pub(super) fn take(
    criterion: &Criterion,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<Measured, EvaluationError> {
    match Part::of(criterion, subject.sums.given(), as_of) {
        None => criterion.measure.take(subject, as_of),
        Some(part) => of_part(&criterion.measure, subject, &part.subject(subject), as_of),
    }
}

/// Whoever ordered, but nothing that passes, has ordered nothing of it: that is zero, not missing.
fn of_part(
    measure: &Measure,
    whole: &Subject<'_>,
    part: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<Measured, EvaluationError> {
    if let Measure::Rank { of, cuts, best } = measure {
        return Ok(measures::rank::ranked(
            of_part(of, whole, part, as_of)?,
            cuts,
            *best,
        ));
    }
    let value = measure.take(part, as_of)?;
    let lines = whole
        .series
        .days_in(FactKind::OrderLine, Span::new(Window::All, as_of));
    let nothing = value == Measured::Missing(MissingReason::NoData);
    if nothing && measure.counts_from_zero() && !lines.is_empty() {
        return Ok(Measured::Number(Decimal::ZERO));
    }
    Ok(value)
}

/// The latest day of a fact behind the value.
pub(super) fn latest_day(
    criterion: &Criterion,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    match Part::of(criterion, subject.sums.given(), as_of) {
        None => criterion.measure.latest_day(subject, as_of),
        Some(part) => criterion.measure.latest_day(&part.subject(subject), as_of),
    }
}

/// The first date after `as_of` on which time alone may change the criterion's points.
pub(super) fn next_change(
    criterion: &Criterion,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let (measure, scoring) = (&criterion.measure, &criterion.scoring);
    let part = Part::of(criterion, subject.sums.given(), as_of);
    let change = match &part {
        None => measure.next_change(scoring, subject, as_of),
        Some(part) => {
            let own = measure.next_change(scoring, &part.subject(subject), as_of);
            let coming = measure.next_coming(subject, as_of);
            [own, coming].into_iter().flatten().min()
        }
    };
    let fading = criterion.refinement.decay.and_then(|decay| {
        let latest = latest_day(criterion, subject, as_of);
        let step = latest.and_then(|latest| decay.next_step(latest, as_of));
        // Which fact is the latest may change while the value stays.
        let passage = match &part {
            None => measure.next_passage(subject, as_of),
            Some(part) => measure.next_passage(&part.subject(subject), as_of),
        };
        [step, passage].into_iter().flatten().min()
    });
    [change, fading].into_iter().flatten().min()
}

/// The facts that the value was taken from; `facts` are all of the subject's.
pub(super) fn facts(
    criterion: &Criterion,
    subject: &Subject<'_>,
    facts: &[Fact],
    as_of: NaiveDate,
) -> Vec<FactId> {
    match Part::of(criterion, facts, as_of) {
        None => criterion.measure.facts(subject, facts, as_of),
        Some(part) => criterion
            .measure
            .facts(&part.subject(subject), &part.facts, as_of),
    }
}
