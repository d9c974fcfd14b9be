//! When a score may change although nothing happens.

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
    let changes = criteria.filter_map(|criterion| {
        let scoring = &criterion.scoring;
        criterion.measure.next_change(scoring, subject, as_of)
    });
    changes.min()
}
