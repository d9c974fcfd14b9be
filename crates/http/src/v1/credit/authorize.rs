//! Reserving credit for a document.

use super::wire::{CreditAuthorizationResponse, CreditDocumentReference, kept, read_amount};
use crate::body::Json;
use crate::faults::Faults;
use crate::flows::credit::authorize::{Order, Settled, authorize};
use crate::flows::credit::desk::{Desk, Sitting, unknown_customer};
use crate::flows::credit::upkeep;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::deciding::CustomerReference;
use crate::wire::date;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use std::collections::BTreeSet;
use tiercel_domain::credit::authorize::Outcome;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::incoming::CustomerRef;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::credit::{self as store, Place};
use tiercel_persistence::{Tx, customers};
use utoipa::ToSchema;

/// The longest time that may be asked for: 366 days.
const LONGEST: u32 = 366 * 86_400;

/// A document to authorise.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer": {"external": {"system": "erp1", "id": "C-1042"}}, "amount": "6000.00", "currency": "EUR", "document": {"system": "erp1", "type": "sales_order", "id": "SO-555"}, "ttl_seconds": 86400}))]
pub struct AuthorizeCreditRequest {
    pub customer: CustomerReference,
    /// The account's company; absent = the account for all companies.
    pub company: Option<String>,
    /// The account's segment; absent = the account for all segments.
    pub segment: Option<String>,
    /// Of the whole document, above zero.
    pub amount: String,
    /// ISO 4217: the account's.
    pub currency: String,
    pub document: CreditDocumentReference,
    /// The code of a term of the policy; absent = the customer's own.
    pub payment_term: Option<String>,
    /// Not before today; absent = now.
    #[schema(format = Date)]
    pub requested_delivery: Option<String>,
    /// 1 second to 366 days; absent = as the policy says.
    pub ttl_seconds: Option<u32>,
    /// A budget of the account to use where the checks fail.
    pub override_id: Option<String>,
}

impl AuthorizeCreditRequest {
    pub async fn read(self, tenant: &TenantHandle) -> Result<Order, Problem> {
        let mut faults = Faults::default();
        let customer = self.customer.read("/customer", &mut faults);
        let place = read_place(self.company, self.segment, &mut faults);
        let currency = faults.currency("/currency", &self.currency);
        let amount = read_amount(&mut faults, "/amount", &self.amount, currency);
        if amount.is_some_and(Amount::is_zero) {
            faults.add("/amount", "not_positive", "must be above zero");
        }
        let document = self.document.read("/document", &mut faults);
        if let Some(code) = &self.payment_term {
            faults.text("/payment_term", code, 64);
        }
        let day = self.requested_delivery.as_deref();
        let day = day.and_then(|text| date(&mut faults, "/requested_delivery", text));
        if day.is_some_and(|day| day < tenant.today()) {
            faults.add("/requested_delivery", "past", "lies in the past");
        }
        if self
            .ttl_seconds
            .is_some_and(|ttl| !(1..=LONGEST).contains(&ttl))
        {
            faults.add("/ttl_seconds", "range", format!("must be 1 to {LONGEST}"));
        }
        let given = self.override_id.as_deref();
        let override_id = given.and_then(|id| faults.parsed("/override_id", id, "not_an_id"));
        let read = customer.zip(currency).zip(amount);
        let ((customer, currency), amount) = faults.finish(read)?;
        Ok(Order {
            customer: known(tenant, &customer).await?,
            place,
            document,
            amount,
            currency,
            term: self.payment_term,
            ttl_seconds: self.ttl_seconds,
            override_id,
        })
    }
}

pub fn read_place(company: Option<String>, segment: Option<String>, faults: &mut Faults) -> Place {
    for (pointer, value) in [("/company", &company), ("/segment", &segment)] {
        if let Some(text) = value {
            faults.text(pointer, text, 40);
        }
    }
    Place {
        company: company.unwrap_or_default(),
        segment: segment.unwrap_or_default(),
    }
}

/// The customer that a body names.
pub async fn known(
    tenant: &TenantHandle,
    reference: &CustomerRef,
) -> Result<tiercel_domain::ids::CustomerId, Problem> {
    let wanted = BTreeSet::from([reference.clone()]);
    let found = customers::resolve(tenant.store(), &wanted).await?;
    found.get(reference).copied().ok_or_else(unknown_customer)
}

/// Authorize credit for a document
///
/// All checks are made and told. Approved (201) reserves the amount until `expires_at`; held (200)
/// reserves nothing and names a hold and what would help; declined (200) is not worth another try.
/// A document with an open authorization is not authorised twice: only what it grows by is checked
/// and reserved (200). The customer's account is opened on first need with the limit of its terms.
#[utoipa::path(tag = "credit", params(("Idempotency-Key" = String, Header, description = "Required; the same key gets the same answer")), responses(
    (status = 201, description = "Approved: reserved", body = CreditAuthorizationResponse),
    (status = 200, description = "Held or declined, or an authorization that was adjusted", body = CreditAuthorizationResponse),
))]
#[post("/credit/authorizations")]
pub async fn authorize_credit(
    tenant: Tenant<need::CreditAuthorize>,
    retry: RetryKey,
    body: Json<AuthorizeCreditRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let order = body.value.read(&tenant).await?;
    // Also of others in the same group: what has expired never blocks.
    upkeep::expire(tenant.hosted()).await?;
    let action = "credit.authorized";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        settle(&tenant, tx, &order).await
    })
    .await
}

/// Authorises a document and answers.
pub async fn settle(tenant: &TenantHandle, tx: &Tx, order: &Order) -> Result<Reply, Problem> {
    let sitting = sitting(tenant);
    let settled = authorize(tx, &sitting, order, &kept).await?;
    answer(tx, &sitting, &settled, &order.document).await
}

pub fn sitting(tenant: &TenantHandle) -> Sitting<'_> {
    Sitting {
        hosted: tenant.hosted(),
        now: tenant.now(),
        today: tenant.today(),
    }
}

/// 201 where something was reserved anew, else 200, with the account as it is after it.
pub async fn answer(
    tx: &Tx,
    sitting: &Sitting<'_>,
    settled: &Settled,
    document: &DocumentRef,
) -> Result<Reply, Problem> {
    let desk = &settled.desk;
    let account = store::account(tx, desk.account.id).await?;
    let account = account.unwrap_or_else(|| desk.account.clone());
    let version = account.version;
    let after = Desk::at(tx, sitting, desk.customer.clone(), account).await?;
    let room = (after.available(), version);
    let body = CreditAuthorizationResponse::settled(settled, document, room, sitting.now)?;
    let made = settled.authorization.as_ref().filter(|_| !settled.known);
    match made {
        Some(made) if settled.outcome() != Outcome::Held => {
            let location = format!("/v1/credit/authorizations/{}", made.id);
            Ok(Reply::created(location, &body)?.version(made.version))
        }
        _ => Reply::ok(&body),
    }
}
