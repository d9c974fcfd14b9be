//! What can be done with the versions of any document.

use super::wire::{
    ComparisonResponse, DocumentResponse, LintResponse, ListVersions, PublishRequest,
    VersionResponse,
};
use super::{compare, lint, products};
use crate::body;
use crate::book::Book;
use crate::etag::{Conditions, etag};
use crate::faults::Faults;
use crate::flows::simulations;
use crate::listing::{self, Listing};
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::tenant::TenantHandle;
use crate::wire::date;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use tiercel_domain::ids::DocumentId;
use tiercel_persistence::documents::{
    self as store, DocumentKind, DocumentStatus, NewDraft, StoredDocument,
};
use tiercel_persistence::{Source, Tx, crypto, settings};

/// A document and where its versions are on the wire.
pub struct Address {
    pub kind: DocumentKind,
    /// Nothing where it has no version yet.
    pub id: Option<DocumentId>,
    pub code: String,
    /// E.g. `/v1/service-policies/discount`.
    pub base: String,
}

impl Address {
    fn of(&self, version: i64) -> String {
        format!("{}/versions/{version}", self.base)
    }

    pub(super) async fn find(
        &self,
        source: &impl Source,
        version: i64,
    ) -> Result<StoredDocument, Problem> {
        let missing = || Problem::not_found("version");
        let id = self.id.ok_or_else(missing)?;
        let found = store::find(source, self.kind, id, version).await?;
        found.ok_or_else(missing)
    }
}

/// The canonical text of a document as sent: 400 where it does not have the shape of its kind.
/// `at` points to the document in the request.
pub fn canonical(
    kind: DocumentKind,
    document: &serde_json::Value,
    at: &str,
) -> Result<String, Problem> {
    let text = document.to_string();
    lint::canonical_of(kind, text.as_bytes()).map_err(|mut faults| {
        for fault in &mut faults {
            fault.pointer.insert_str(0, at);
        }
        let detail = faults.first().map_or("", |fault| fault.detail.as_str());
        Problem::new(Kind::Unreadable, detail).with_errors(faults.iter().map(lint::told).collect())
    })
}

pub async fn list(
    tenant: &TenantHandle,
    request: &HttpRequest,
    query: &ListVersions,
    at: &Address,
) -> Result<HttpResponse, Problem> {
    let list = format!("versions {}", at.base);
    let listing = Listing::new(tenant, list, query.limit, query.after.as_deref())?;
    let after = listing.after()?.unwrap_or(0);
    let rows = match at.id {
        Some(id) => store::versions(tenant.store(), at.kind, id, after, listing.fetch()).await?,
        None => Vec::new(),
    };
    let key = |row: &StoredDocument| row.version.to_string();
    let page = listing.page(rows, key, |row| VersionResponse::from(&row));
    Ok(listing::answer(request, &page))
}

pub async fn show(
    tenant: &TenantHandle,
    at: &Address,
    version: i64,
) -> Result<HttpResponse, Problem> {
    let found = at.find(tenant.store(), version).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(found.revision)))
        .json(DocumentResponse::try_from(&found)?))
}

pub async fn draft(
    tenant: &TenantHandle,
    retry: &RetryKey,
    at: &Address,
    body: &str,
) -> Result<HttpResponse, Problem> {
    let draft = NewDraft {
        kind: at.kind,
        code: &at.code,
        body,
        author: tenant.principal(),
    };
    let hash = crypto::sha256_hex(body.as_bytes());
    reply::write(tenant, "document.drafted", retry, &hash, async |tx| {
        let stored = store::create_draft(tx, &draft).await?;
        let body = DocumentResponse::try_from(&stored)?;
        Ok(Reply::created(at.of(stored.version), &body)?.version(stored.revision))
    })
    .await
}

pub async fn replace(
    tenant: &TenantHandle,
    conditions: &Conditions,
    retry: &RetryKey,
    (at, version): (&Address, i64),
    body: &str,
) -> Result<HttpResponse, Problem> {
    let hash = crypto::sha256_hex(body.as_bytes());
    reply::write(tenant, "document.replaced", retry, &hash, async |tx| {
        let draft = at.find(tx, version).await?;
        only(&draft, DocumentStatus::Draft)?;
        conditions.require_match(draft.revision)?;
        shown(&store::replace_draft(tx, &draft, body, tenant.principal()).await?)
    })
    .await
}

pub async fn check(
    tenant: &TenantHandle,
    at: &Address,
    version: i64,
) -> Result<HttpResponse, Problem> {
    let found = at.find(tenant.store(), version).await?;
    let (today, book) = (tenant.today(), tenant.book());
    let mut told = findings(tenant.store(), &found, today, &book).await?;
    if found.kind == DocumentKind::DiscountPolicy {
        let floors = products::floors_above_list(&found.body, &book, tenant, today);
        told.warnings.extend(floors);
    }
    Ok(HttpResponse::Ok().json(LintResponse {
        publishable: told.faults.is_empty(),
        faults: told.faults,
        warnings: told.warnings,
        findings: told.findings,
    }))
}

/// Everything that the author of a document should know, were it in force from a day on.
async fn findings(
    source: &impl Source,
    document: &StoredDocument,
    from: NaiveDate,
    book: &Book,
) -> Result<lint::Found, Problem> {
    if document.kind == DocumentKind::EvaluationModel {
        let around = lint::surroundings(source, &document.code, from).await?;
        return Ok(lint::found_in_model(&document.body, &around));
    }
    let known = lint::known(source, from, book).await?;
    Ok(lint::found(document.kind, &document.body, &known))
}

/// Where the rules ask for it, whoever wrote a draft does not publish it.
async fn two_people(
    source: &impl Source,
    draft: &StoredDocument,
    publisher: &str,
) -> Result<(), Problem> {
    let wrote = draft.created_by == publisher || draft.changed_by.as_deref() == Some(publisher);
    if wrote && settings::four_eyes(source).await? {
        let detail = "whoever drafted a version or changed it last may not publish it";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    Ok(())
}

/// 422 with everything that keeps a document from being in force from a day on. Whoever decides that
/// does so one after the other: what is published at the same time must not overlap either.
async fn faultless(
    tx: &Tx,
    document: &StoredDocument,
    from: NaiveDate,
    book: &Book,
) -> Result<(), Problem> {
    store::one_at_a_time(tx, document.kind).await?;
    let faults = findings(tx, document, from, book).await?.faults;
    if faults.is_empty() {
        return Ok(());
    }
    Err(Problem::invalid(faults))
}

/// Publishes a copy of a version that was published before; `bytes` as in [`publish`].
pub async fn roll_back(
    tenant: &TenantHandle,
    retry: &RetryKey,
    (at, version): (&Address, i64),
    bytes: &[u8],
) -> Result<HttpResponse, Problem> {
    let from = first_day(tenant, bytes)?;
    let book = tenant.book();
    let hash = crypto::sha256_hex(bytes);
    reply::write(tenant, "document.published", retry, &hash, async |tx| {
        let former = at.find(tx, version).await?;
        if former.status == DocumentStatus::Draft {
            let detail = format!("version {version} was never published");
            return Err(Problem::new(Kind::Conflict, detail));
        }
        faultless(tx, &former, from, &book).await?;
        let copy = store::roll_back(tx, &former, from, tenant.principal()).await?;
        let body = DocumentResponse::try_from(&copy)?;
        Ok(Reply::created(at.of(copy.version), &body)?.version(copy.revision))
    })
    .await
}

/// Compares a version with another one of the same document.
pub async fn compare(
    tenant: &TenantHandle,
    at: &Address,
    version: i64,
    with: i64,
) -> Result<HttpResponse, Problem> {
    let one = DocumentResponse::try_from(&at.find(tenant.store(), version).await?)?;
    let other = DocumentResponse::try_from(&at.find(tenant.store(), with).await?)?;
    Ok(HttpResponse::Ok().json(ComparisonResponse {
        from: version,
        to: with,
        changes: compare::changes(&one.document, &other.document),
    }))
}

/// Publishes a draft that has no faults; `bytes` may be empty or a [`PublishRequest`].
pub async fn publish(
    tenant: &TenantHandle,
    retry: &RetryKey,
    (at, version): (&Address, i64),
    bytes: &[u8],
) -> Result<HttpResponse, Problem> {
    let from = first_day(tenant, bytes)?;
    let book = tenant.book();
    let hash = crypto::sha256_hex(bytes);
    reply::write(tenant, "document.published", retry, &hash, async |tx| {
        let draft = at.find(tx, version).await?;
        only(&draft, DocumentStatus::Draft)?;
        two_people(tx, &draft, tenant.principal()).await?;
        faultless(tx, &draft, from, &book).await?;
        simulated(tenant, tx, &draft).await?;
        shown(&store::publish(tx, &draft, from, tenant.principal()).await?)
    })
    .await
}

/// Where the operator asks for it, a model is published only after a simulation of this very draft.
async fn simulated(
    tenant: &TenantHandle,
    source: &impl Source,
    draft: &StoredDocument,
) -> Result<(), Problem> {
    let asked = tenant.hosted().require_simulation && draft.kind == DocumentKind::EvaluationModel;
    if !asked || simulations::is_fresh(source, draft, tenant.now()).await? {
        return Ok(());
    }
    let detail =
        "simulate exactly this draft over everyone first; a simulation counts for 24 hours";
    Err(Problem::new(Kind::Conflict, detail))
}

/// Retires a version. What comes back into force in its place must have no faults by now.
pub async fn retire(
    tenant: &TenantHandle,
    retry: &RetryKey,
    at: &Address,
    version: i64,
) -> Result<HttpResponse, Problem> {
    let book = tenant.book();
    reply::write(tenant, "document.retired", retry, "", async |tx| {
        let published = at.find(tx, version).await?;
        only(&published, DocumentStatus::Published)?;
        let retired = store::retire(tx, &published).await?;
        let today = tenant.today();
        let mut back = store::in_force_each(tx, at.kind, today).await?;
        back.retain(|other| other.id == retired.id);
        for former in &back {
            faultless(tx, former, today, &book).await?;
        }
        shown(&retired)
    })
    .await
}

fn first_day(tenant: &TenantHandle, bytes: &[u8]) -> Result<NaiveDate, Problem> {
    let request = match bytes {
        [] => PublishRequest::default(),
        bytes => body::parse(bytes)?,
    };
    let mut faults = Faults::default();
    let day = match &request.effective_from {
        Some(text) => date(&mut faults, "/effective_from", text),
        None => Some(tenant.today()),
    };
    faults.finish(day)
}

pub(super) fn only(document: &StoredDocument, status: DocumentStatus) -> Result<(), Problem> {
    if document.status == status {
        return Ok(());
    }
    let (is, wanted) = (document.status.word(), status.word());
    let detail = format!("version {} is {is}, not {wanted}", document.version);
    Err(Problem::new(Kind::Conflict, detail))
}

pub(super) fn shown(stored: &StoredDocument) -> Result<Reply, Problem> {
    Ok(Reply::ok(&DocumentResponse::try_from(stored)?)?.version(stored.revision))
}
