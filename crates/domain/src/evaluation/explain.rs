//! The facts behind a criterion.

use super::filtered;
use super::model::Criterion;
use super::subject::Subject;
use crate::fact::Fact;
use crate::ids::FactId;
use chrono::NaiveDate;

/// The facts that the criterion's value was taken from, in the order of their ids; none for
/// attributes. An on-time rate names the invoices; what settled them is told by the settlement.
/// `facts` are all of the subject's.
pub fn evidence(
    criterion: &Criterion,
    subject: &Subject<'_>,
    facts: &[Fact],
    as_of: NaiveDate,
) -> Vec<FactId> {
    let mut facts = filtered::facts(criterion, subject, facts, as_of);
    facts.sort_unstable();
    facts.dedup();
    facts
}
