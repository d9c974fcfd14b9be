//! An answer in the caller's time: what the database does not tell in time, memory does.

use super::Asked;
use super::answer::Late;
use crate::book::Wanted;
use crate::faults::Faults;
use crate::problem::Problem;
use crate::tenant::TenantHandle;
use crate::v1::ground::Ground;
use std::time::Duration;
use tiercel_persistence::WriteError;

/// No telephone system waits longer.
const MOST_MS: u32 = 10_000;

/// Reads `budget_ms`; a fault is noted.
pub(super) fn read(budget_ms: Option<u32>, faults: &mut Faults) -> Option<Duration> {
    let asked = budget_ms?;
    if !(1..=MOST_MS).contains(&asked) {
        faults.add("budget_ms", "range", "must be 1 to 10,000 milliseconds");
        return None;
    }
    Some(Duration::from_millis(asked.into()))
}

/// What the decision stands on, and why it is not what was asked for. Plain questions are answered
/// from memory anyway; with a budget, those of the past and those with a receipt fall back on it.
pub(super) async fn ground(
    tenant: &TenantHandle,
    asked: &Asked,
    wanted: impl FnOnce() -> Wanted,
) -> Result<(Ground, Option<Late>), Problem> {
    let reading = asked.when.ground(tenant, wanted);
    let Some(budget) = asked.budget else {
        let ground = reading.await?;
        let late = late_book(tenant, &ground);
        return Ok((ground, late));
    };
    let now = || Ground {
        book: tenant.book(),
        as_of: tenant.today(),
        position: None,
    };
    match tokio::time::timeout(budget, reading).await {
        Ok(Ok(ground)) => {
            let late = late_book(tenant, &ground);
            Ok((ground, late))
        }
        Ok(Err(problem)) => match problem.database_error() {
            Some(error) => {
                tracing::warn!(error = %error, "a call was routed from memory");
                Ok((now(), Some(Late::DatabaseAway)))
            }
            None => Err(problem),
        },
        Err(_) => Ok((now(), Some(Late::OverBudget))),
    }
}

/// Memory lags behind where the journal cannot be followed.
fn late_book(tenant: &TenantHandle, ground: &Ground) -> Option<Late> {
    let from_memory = ground.position.is_none();
    (from_memory && tenant.is_behind()).then_some(Late::DatabaseAway)
}
