//! When a score may change although nothing happens.

use super::filtered;
use super::model::Model;
use super::subject::Subject;
use chrono::NaiveDate;

/// The first date after `as_of` on which time alone may change the points: facts leave a window or
/// begin to count, recency or tenure reach another band, an invoice falls late or later.
///
/// Never later than the real change and perhaps earlier: on every date before it the evaluation
/// gives the same points. `None` where time alone will never change them.
pub fn next_change_on(model: &Model, subject: &Subject<'_>, as_of: NaiveDate) -> Option<NaiveDate> {
    let criteria = model.criteria().iter();
    let changes = criteria.filter_map(|criterion| filtered::next_change(criterion, subject, as_of));
    let vetoes = model.vetoes().iter().flat_map(|veto| veto.when.measured());
    let vetoes = vetoes.filter_map(|(measure, edges)| measure.next_change(&edges, subject, as_of));
    changes.chain(vetoes).min()
}
