//! Rules that hold from a day on, or until a day.

use super::{Case, Miss, MissReason};
use chrono::NaiveDate;

/// Both days are included.
pub(super) fn miss(
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    case: Case<'_>,
) -> Option<Miss> {
    let today = case.question.today;
    let tell = |reason, needed: NaiveDate| Miss::new(reason, needed.to_string(), today.to_string());
    let early = from.filter(|from| today < *from);
    let late = until.filter(|until| today > *until);
    early
        .map(|from| tell(MissReason::DateNotStarted, from))
        .or_else(|| late.map(|until| tell(MissReason::DateEnded, until)))
}
