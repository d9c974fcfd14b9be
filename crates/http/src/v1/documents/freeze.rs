//! Freezes what a draft of an evaluation model takes from the portfolio.

use super::flow::{self, Address};
use super::wire::FreezeRequest;
use crate::etag::Conditions;
use crate::faults::Faults;
use crate::flows::freezing;
use crate::problem::{Kind, Problem};
use crate::reply;
use crate::retry::RetryKey;
use crate::tenant::TenantHandle;
use crate::wire::date;
use actix_web::HttpResponse;
use tiercel_documents::evaluation_model::parse_model;
use tiercel_persistence::crypto;
use tiercel_persistence::documents::{self as store, DocumentStatus};

pub async fn freeze(
    tenant: &TenantHandle,
    conditions: &Conditions,
    retry: &RetryKey,
    (at, version): (&Address, i64),
    request: &FreezeRequest,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let asked = request.as_of.as_deref();
    let asked = asked.and_then(|text| date(&mut faults, "/as_of", text));
    faults.finish(Some(()))?;
    let as_of = freezing::day(asked, tenant.today())?;
    let draft = at.find(tenant.store(), version).await?;
    flow::only(&draft, DocumentStatus::Draft)?;
    conditions.require_match(draft.revision)?;
    let unreadable = |_| Problem::new(Kind::Internal, "a stored document cannot be read");
    let document = parse_model(draft.body.as_bytes()).map_err(unreadable)?;
    // Long before the write: nothing is locked while everyone is evaluated.
    let frozen = freezing::frozen(tenant.store(), &at.code, document, as_of).await?;
    let value = serde_json::to_value(&frozen)
        .map_err(|_| Problem::new(Kind::Internal, "a document cannot be spelled"))?;
    let body = flow::canonical(at.kind, &value, "")?;
    let hash = crypto::sha256_hex(body.as_bytes());
    reply::write(tenant, "document.replaced", retry, &hash, async |tx| {
        let now = at.find(tx, version).await?;
        flow::only(&now, DocumentStatus::Draft)?;
        conditions.require_match(now.revision)?;
        if now.revision != draft.revision {
            let detail = "the draft was changed while it was frozen";
            return Err(Problem::new(Kind::Conflict, detail));
        }
        flow::shown(&store::replace_draft(tx, &now, &body, tenant.principal()).await?)
    })
    .await
}
