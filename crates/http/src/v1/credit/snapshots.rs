//! Open items as finance tells them, compared with ours; every difference is told and kept.

use super::answer::CreditDocument;
use super::authorize::{known, sitting};
use crate::body::{Id, Json, Query};
use crate::faults::Faults;
use crate::flows::credit::desk::{Sitting, lock};
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use crate::v1::deciding::{CustomerReference, without_policy};
use crate::wire::{date, instant, money};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::credit::reconcile::{Difference, DriftKind, Open, Told, reconcile};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::{CreditSnapshotId, CustomerId};
use tiercel_domain::scaled::Amount;
use tiercel_persistence::credit::{self as store, NewSnapshot, Snapshot, SnapshotFilter};
use tiercel_persistence::receivables::Receivables;
use tiercel_persistence::{Tx, facts};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Items of one snapshot.
const MOST: usize = 5_000;

/// The open items of a customer as finance has them at the end of a day.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer": {"external": {"system": "erp1", "id": "C-1042"}}, "currency": "EUR", "items": [{"document": {"system": "fin", "type": "invoice", "id": "R-77"}, "due_on": "2026-04-09", "open": "1200.00"}]}))]
pub struct PostCreditSnapshotRequest {
    pub customer: CustomerReference,
    /// Facts up to this day are compared; today where absent, never later.
    #[schema(format = Date)]
    pub as_of: Option<String>,
    /// The base currency: in it open items are kept.
    pub currency: String,
    /// All that is open, at most 5,000; empty = nothing is. One line of a document told twice in the
    /// same words counts once.
    pub items: Vec<SnapshotItem>,
}

/// One open item.
#[derive(Debug, Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document": {"system": "fin", "type": "invoice", "id": "R-77"}, "due_on": "2026-04-09", "open": "1200.00"}))]
pub struct SnapshotItem {
    #[validate(nested)]
    pub document: SnapshotDocument,
    /// Absent: without a due date.
    #[schema(format = Date)]
    pub due_on: Option<String>,
    /// What is still to be paid; below zero for money that settles nothing yet.
    pub open: String,
}

/// A document, or one line of it, in the system that keeps it.
#[derive(Debug, Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "fin", "type": "invoice", "id": "R-77"}))]
pub struct SnapshotDocument {
    #[validate(length(min = 1, max = 200))]
    pub system: String,
    #[serde(rename = "type")]
    #[validate(length(min = 1, max = 200))]
    pub kind: String,
    #[validate(length(min = 1, max = 200))]
    pub id: String,
    /// Lines of a document add up; it is due when the last of them is.
    #[validate(length(min = 1, max = 200))]
    pub line: Option<String>,
}

/// One difference: what each side has of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"kind": "amount", "document": {"system": "fin", "type": "invoice", "id": "R-77"}, "ours": "1200.00", "theirs": "700.00"}))]
pub struct CreditDifference {
    /// `missing` (finance has it, we do not), `extra` (we have it, finance does not), `amount`,
    /// `due`, or `credit`: money that settles nothing yet, of no document.
    pub kind: String,
    /// Absent for `credit`, and for a bill whose document nobody told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub document: Option<CreditDocument>,
    /// Amounts; absent where a side does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ours: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub theirs: Option<String>,
    /// Due days; absent where a side tells none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, nullable = false)]
    pub our_due_on: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, nullable = false)]
    pub their_due_on: Option<String>,
}

/// A snapshot, compared.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "snp_01k8z6v3q2e4r5t6y7a8b9c0de", "customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "as_of": "2026-03-01", "currency": "EUR", "status": "drifted", "documents": 1, "ours": "1200.00", "theirs": "700.00", "drift": "500.00", "differences": [{"kind": "amount", "document": {"system": "fin", "type": "invoice", "id": "R-77"}, "ours": "1200.00", "theirs": "700.00"}], "principal": "cli_06dv7n5z4h9k3m2p8q1r5s7t11", "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct CreditSnapshotResponse {
    pub id: String,
    pub customer_id: String,
    #[schema(format = Date)]
    pub as_of: String,
    pub currency: String,
    /// `agrees`, or `drifted`: amounts differ by more than the policy tolerates, or a date does.
    pub status: String,
    /// Documents that finance told, each once.
    pub documents: i64,
    /// Open in all, less money that settles nothing yet.
    pub ours: String,
    /// The same of finance.
    pub theirs: String,
    /// The sum of all differences of amounts, without signs.
    pub drift: String,
    /// Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub differences: Option<Vec<CreditDifference>>,
    /// Who posted it.
    pub principal: String,
    pub recorded_at: String,
}

/// Which snapshots to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListSnapshots {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…` or `system:id`.
    pub customer: Option<String>,
    /// `agrees` or `drifted`.
    pub status: Option<String>,
}

/// A snapshot, read.
struct Asked {
    customer: CustomerId,
    as_of: NaiveDate,
    items: Vec<Told>,
}

impl SnapshotItem {
    fn read(self, pointer: &str, currency: Currency, faults: &mut Faults) -> Option<Told> {
        faults.declared(pointer, &self);
        let at = format!("{pointer}/open");
        let open: Amount = faults.number(&at, &self.open)?;
        if open.decimal().scale() > currency.exponent() {
            let detail = format!("has more than {} decimals", currency.exponent());
            faults.add(at, "too_precise", detail);
        }
        let due = self.due_on.as_deref();
        let due_on = due.and_then(|text| date(faults, &format!("{pointer}/due_on"), text));
        Some(Told {
            document: Some(DocumentRef {
                system: self.document.system,
                kind: self.document.kind,
                id: self.document.id,
                line: self.document.line,
            }),
            due_on,
            open,
        })
    }
}

impl PostCreditSnapshotRequest {
    async fn read(self, tenant: &TenantHandle) -> Result<Asked, Problem> {
        let mut faults = Faults::default();
        let base = tenant.settings().base_currency;
        let customer = self.customer.read("/customer", &mut faults);
        let currency = faults.currency("/currency", &self.currency);
        if currency.is_some_and(|asked| asked != base) {
            let detail = format!("open items are kept in {base}");
            faults.add("/currency", "currency_mismatch", detail);
        }
        let as_of = match &self.as_of {
            Some(text) => date(&mut faults, "/as_of", text),
            None => Some(tenant.today()),
        };
        if as_of.is_some_and(|day| day > tenant.today()) {
            faults.add("/as_of", "future", "lies after today");
        }
        if self.items.len() > MOST {
            faults.add("/items", "length", format!("must be at most {MOST} items"));
            return faults.finish(None);
        }
        let items = self.items.into_iter().enumerate();
        let items: Vec<Told> = items
            .filter_map(|(place, it)| it.read(&format!("/items/{place}"), base, &mut faults))
            .collect();
        let (customer, as_of) = faults.finish(customer.zip(as_of))?;
        Ok(Asked {
            customer: known(tenant, &customer).await?,
            as_of,
            items,
        })
    }
}

/// Compare the open items of finance with ours
///
/// Finance posts what is open of a customer at the end of a day; the answer is every difference:
/// documents that one side lacks, other amounts, other due dates. A document counts once, by its
/// reference, whoever told it how often. Nothing is changed by it: send the missing facts. The
/// journal says `credit.drift_detected` or `credit.reconciled`, and the snapshot confirms how fresh
/// the exposure is (`data_age_seconds` of the credit terms).
#[utoipa::path(tag = "credit", params(("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 201, description = "The comparison", body = CreditSnapshotResponse)))]
#[post("/credit/snapshots")]
pub async fn post_credit_snapshot(
    tenant: Tenant<need::CreditAuthorize>,
    retry: RetryKey,
    body: Json<PostCreditSnapshotRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let asked = body.value.read(&tenant).await?;
    let action = "credit.reconciled";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let sitting = sitting(&tenant);
        let kept = compare(tx, &sitting, &asked).await?;
        let location = format!("/v1/credit/snapshots/{}", kept.id);
        Reply::created(location, &shown(kept, tenant.settings().base_currency)?)
    })
    .await
}

async fn compare(tx: &Tx, sitting: &Sitting<'_>, asked: &Asked) -> Result<Snapshot, Problem> {
    let customer = lock(tx, sitting, asked.customer).await?.id;
    let book = sitting.hosted.book.snapshot();
    let policy = book.policies().credit.on(sitting.today);
    let policy = policy.ok_or_else(|| without_policy("credit", sitting.today))?;
    let facts = facts::of_customers(tx, &BTreeSet::from([customer]), None).await?;
    let facts = facts.get(&customer).map_or(&[][..], Vec::as_slice);
    let owed = Receivables::of(customer, facts, asked.as_of)?;
    let ours = owed.open_items.into_iter().map(|item| Told {
        document: item.document,
        due_on: item.due_on,
        open: item.open,
    });
    let ours: Vec<Told> = ours.collect();
    let compared = reconcile(&ours, owed.unallocated, &asked.items).map_err(|fault| {
        let mut faults = Faults::default();
        faults.add(format!("/items/{}", fault.0), "contradiction", fault);
        Problem::invalid(faults.into_errors())
    })?;
    let drifted = compared.drifted(policy.data.tolerated_drift);
    if drifted {
        tx.call_it("credit.drift_detected");
    }
    let base = sitting.hosted.settings.base_currency;
    let differences: Vec<CreditDifference> = compared
        .differences
        .iter()
        .map(|it| difference(it, base))
        .collect();
    let differences = serde_json::to_string(&differences)
        .map_err(|_| Problem::new(Kind::Internal, "the differences could not be written"))?;
    let kept = NewSnapshot {
        customer,
        as_of: asked.as_of,
        documents: i64::try_from(compared.documents).unwrap_or(i64::MAX),
        ours: compared.ours,
        theirs: compared.theirs,
        drift: compared.drift(),
        drifted,
        differences,
        confirms_until: confirms_until(sitting, asked.as_of),
    };
    Ok(store::keep_snapshot(tx, kept).await?)
}

/// A snapshot of a past day says nothing of the days after it.
fn confirms_until(sitting: &Sitting<'_>, as_of: NaiveDate) -> DateTime<Utc> {
    let next = as_of.succ_opt().unwrap_or(as_of).and_time(NaiveTime::MIN);
    let zone = sitting.hosted.zone;
    let over = zone.from_local_datetime(&next).earliest();
    over.map_or(sitting.now, |over| {
        over.with_timezone(&Utc).min(sitting.now)
    })
}

fn difference(of: &Difference, currency: Currency) -> CreditDifference {
    let due = of.kind == DriftKind::Due;
    let amount = |side: Option<Open>| {
        let side = side.filter(|_| !due);
        side.map(|open| money(open.amount.decimal(), currency))
    };
    let day = |side: Option<Open>| side.and_then(|open| open.due_on).map(|day| day.to_string());
    CreditDifference {
        kind: of.kind.word().to_owned(),
        document: of.document.as_ref().map(super::wire::document),
        ours: amount(of.ours),
        theirs: amount(of.theirs),
        our_due_on: day(of.ours),
        their_due_on: day(of.theirs),
    }
}

fn shown(kept: Snapshot, currency: Currency) -> Result<CreditSnapshotResponse, Problem> {
    let show = |amount: Amount| money(amount.decimal(), currency);
    let differences = match kept.differences.as_str() {
        "" => None,
        text => Some(
            serde_json::from_str(text)
                .map_err(|_| Problem::new(Kind::Internal, "the differences cannot be read"))?,
        ),
    };
    Ok(CreditSnapshotResponse {
        id: kept.id.to_string(),
        customer_id: kept.customer.to_string(),
        as_of: kept.as_of.to_string(),
        currency: currency.to_string(),
        status: if kept.drifted { "drifted" } else { "agrees" }.to_owned(),
        documents: kept.documents,
        ours: show(kept.ours),
        theirs: show(kept.theirs),
        drift: show(kept.drift),
        differences,
        principal: kept.principal,
        recorded_at: instant(kept.recorded_at),
    })
}

/// List the snapshots of finance and how ours differed
///
/// The newest first, without their differences.
#[utoipa::path(tag = "credit", params(ListSnapshots), responses((status = 200, description = "A page of snapshots", body = Page<CreditSnapshotResponse>)))]
#[get("/credit/snapshots")]
pub async fn list_credit_snapshots(
    tenant: Tenant<need::CreditRead>,
    request: HttpRequest,
    Query(query): Query<ListSnapshots>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let status = query.status.as_deref();
    let drifted = status.and_then(|word| faults.word("status", word, drifted));
    faults.finish(Some(()))?;
    let customer = match &query.customer {
        Some(text) => Some(asking::named(&tenant, text).await?),
        None => None,
    };
    let filter = SnapshotFilter { customer, drifted };
    let list = format!("credit snapshots {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let (after, fetch) = (listing.after()?, listing.fetch());
    let rows = store::snapshots(tenant.store(), &filter, after, fetch).await?;
    let base = tenant.settings().base_currency;
    let bodies = rows.into_iter().map(|row| shown(row, base));
    let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
    let page = listing.page(bodies, |body| body.id.clone(), |body| body);
    Ok(listing::answer(&request, &page))
}

fn drifted(word: &str) -> Option<bool> {
    match word {
        "drifted" => Some(true),
        "agrees" => Some(false),
        _ => None,
    }
}

/// Find a snapshot of finance
///
/// As it was compared then.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The snapshot", example = "snp_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The comparison", body = CreditSnapshotResponse)))]
#[get("/credit/snapshots/{id}")]
pub async fn find_credit_snapshot(
    tenant: Tenant<need::CreditRead>,
    Id(id): Id<CreditSnapshotId>,
) -> Result<web::Json<CreditSnapshotResponse>, Problem> {
    let found = store::snapshot(tenant.store(), id).await?;
    let found = found.ok_or_else(|| Problem::not_found("snapshot"))?;
    Ok(web::Json(shown(found, tenant.settings().base_currency)?))
}
