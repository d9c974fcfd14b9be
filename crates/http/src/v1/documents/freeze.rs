//! Freezes what a draft of an evaluation model takes from the portfolio.

use super::flow::{self, Address};
use super::wire::{FreezeQueuedResponse, FreezeRequest};
use crate::etag::Conditions;
use crate::faults::Faults;
use crate::flows::freezing::{self, job};
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::tenant::TenantHandle;
use crate::wire::date;
use actix_web::HttpResponse;
use tiercel_persistence::documents::DocumentStatus;

pub async fn freeze(
    tenant: &TenantHandle,
    conditions: &Conditions,
    retry: &RetryKey,
    (at, version): (&Address, i64),
    (request, hash): (&FreezeRequest, &str),
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let asked = request.as_of.as_deref();
    let asked = asked.and_then(|text| date(&mut faults, "/as_of", text));
    faults.finish(Some(()))?;
    let as_of = freezing::day(asked, tenant.today())?;
    reply::write(tenant, "document.freezing", retry, hash, async |tx| {
        let draft = at.find(tx, version).await?;
        flow::only(&draft, DocumentStatus::Draft)?;
        conditions.require_match(draft.revision)?;
        let queued = job::queue(tx, &draft, as_of, tenant.principal()).await?;
        let answer = FreezeQueuedResponse {
            job: queued.to_string(),
            state: "queued".to_owned(),
            version,
            as_of: as_of.to_string(),
        };
        Reply::accepted(format!("/v1/jobs/{queued}"), &answer)
    })
    .await
}
