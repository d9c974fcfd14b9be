//! Credit decisions: which terms a customer gets, what is outstanding, and whether orders are held.
//!
//! | look-up        | here and `credit/answer.rs`, from one snapshot of the book            |
//! | authorisations | `credit/authorize.rs`, `credit/authorizations.rs`, `credit/batch.rs`, `credit/replay.rs`, `credit/wire.rs` |
//! | finance        | `credit/snapshots.rs`, `credit/dunning.rs`                            |
//! | accounts       | `credit/accounts.rs`, `credit/limits.rs`, `credit/proposals.rs`       |
//! | holds          | `credit/holds.rs`                                                     |
//! | schedule       | `credit/schedule.rs`                                                  |
//! | receipt        | `credit/receipt.rs`: the terms as numbers                             |
//! | flows          | `crates/http/src/flows/credit/`                                       |
//! | decided        | `crates/domain/src/credit/`                                           |

mod accounts;
mod answer;
mod authorizations;
mod authorize;
mod batch;
mod dunning;
mod holds;
mod limits;
mod proposals;
pub mod receipt;
mod replay;
mod schedule;
mod snapshots;
mod wire;

pub(crate) use wire::kept;

pub use answer::CreditTermsResponse;

use crate::body::{Id, Query};
use crate::book::{Book, Wanted};
use crate::etag::Conditions;
use crate::faults::Faults;
use crate::problem::{Kind, Problem};
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::deciding::{Stamp, find_customer, without_policy};
use crate::v1::ground::{AskedWhen, Present, When};
use crate::v1::receipts;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use tiercel_domain::credit::limits::effective;
use tiercel_domain::credit::{self, AccountView, Decision, Facts, Limit, Policy};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::{CustomerRef, ExternalRef};
use tiercel_persistence::book::{BookCustomer, CreditSummary};
use tiercel_persistence::crypto;
use tiercel_persistence::documents::DocumentKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

/// How long an answer may be kept by who asked.
const CACHE: &str = "private, max-age=60";

pub fn routes(config: &mut ServiceConfig) {
    config.service(find_credit_terms);
    config.service(find_credit_terms_by_external_id);
    config
        .service(schedule::find_payment_schedule)
        .service(schedule::find_payment_schedule_by_external_id)
        .service(authorize::authorize_credit)
        .service(batch::authorize_credit_batch)
        .service(dunning::find_dunning)
        .service(dunning::set_dunning)
        .service(snapshots::post_credit_snapshot)
        .service(snapshots::list_credit_snapshots)
        .service(snapshots::find_credit_snapshot)
        .service(authorizations::list_credit_authorizations)
        .service(authorizations::find_credit_authorization)
        .service(replay::replay_credit_authorization)
        .service(authorizations::commit_credit)
        .service(authorizations::adjust_credit)
        .service(authorizations::release_credit)
        .service(accounts::open_credit_account)
        .service(accounts::list_credit_accounts)
        .service(accounts::find_credit_account)
        .service(accounts::update_credit_account)
        .service(accounts::list_credit_entries)
        .service(limits::change_credit_limit)
        .service(proposals::propose_credit_limit)
        .service(proposals::propose_credit_limits)
        .service(proposals::list_limit_proposals)
        .service(proposals::find_limit_proposal)
        .service(proposals::approve_limit_proposal)
        .service(proposals::reject_limit_proposal)
        .service(limits::list_credit_limits)
        .service(limits::give_credit_override)
        .service(holds::list_credit_holds)
        .service(holds::find_credit_hold)
        .service(holds::release_credit_hold);
}

/// Whose terms, and of when.
///
/// The same answer as by our own id.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CreditTermsQuery {
    /// Of the credit account; absent = the one for all companies.
    pub company: Option<String>,
    /// Of the credit account; absent = the one for all segments.
    pub segment: Option<String>,
    /// A business date; today where absent.
    #[param(format = Date)]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant; now where absent.
    pub known_at: Option<String>,
    /// `full` adds a receipt to the answer; `none` where absent.
    pub receipt: Option<String>,
    /// Answer 404 for an unknown customer instead of the terms of the default tier.
    pub strict: Option<bool>,
}

impl CreditTermsQuery {
    fn read(&self, present: Present) -> Result<When, Problem> {
        let mut faults = Faults::default();
        for (name, value) in [("company", &self.company), ("segment", &self.segment)] {
            if let Some(text) = value {
                faults.text(name, text, 40);
            }
        }
        let when = AskedWhen {
            as_of: self.as_of.as_deref(),
            known_at: self.known_at.as_deref(),
            receipt: self.receipt.as_deref(),
        };
        let when = When::read(present, when, "", &mut faults);
        faults.finish(Some(when))
    }
}

/// Finds a customer's payment term, credit limit, exposure and hold
///
/// An unknown customer gets the terms of the default tier, with `customer_matched: false`.
#[utoipa::path(
    tag = "credit",
    params(("id" = String, Path, description = "The customer, e.g. `cus_…`", example = "cus_01k8z6v3q2e4r5t6y7a8b9c0de"), CreditTermsQuery),
    responses(
        (status = 200, description = "The terms", body = CreditTermsResponse),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
    )
)]
#[get("/customers/{id}/credit-terms")]
pub async fn find_credit_terms(
    tenant: Tenant<need::CreditRead>,
    Id(id): Id<CustomerId>,
    Query(query): Query<CreditTermsQuery>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    answer_terms(&tenant, CustomerRef::Id(id), query, &conditions).await
}

/// Finds the same by the customer's id in another system
///
/// The same answer as by our own id.
#[utoipa::path(
    tag = "credit",
    params(
        ("system" = String, Path, description = "The other system", example = "erp1"),
        ("id" = String, Path, description = "The customer's id there", example = "C-1042"),
        CreditTermsQuery,
    ),
    responses(
        (status = 200, description = "The terms", body = CreditTermsResponse),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
    )
)]
#[get("/customers/by-external/{system}/{id}/credit-terms")]
pub async fn find_credit_terms_by_external_id(
    tenant: Tenant<need::CreditRead>,
    path: web::Path<(String, String)>,
    Query(query): Query<CreditTermsQuery>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (system, id) = path.into_inner();
    let customer = CustomerRef::External(ExternalRef { system, id });
    answer_terms(&tenant, customer, query, &conditions).await
}

async fn answer_terms(
    tenant: &TenantHandle,
    customer: CustomerRef,
    query: CreditTermsQuery,
    conditions: &Conditions,
) -> Result<HttpResponse, Problem> {
    let when = query.read(Present::of(tenant))?;
    let ground = when.ground(tenant, || wanted(&customer)).await?;
    let found = find_customer(&ground.book, &customer, query.strict)?.map(AsRef::as_ref);
    let base = tenant.settings().base_currency;
    let asked = receipt::Asked {
        customer,
        company: query.company,
        segment: query.segment,
    };
    let account = found.and_then(|it| asked.account_of(it));
    let sitting = (tenant.now(), base);
    let decision = decide(
        &ground.book,
        found,
        ground.as_of,
        account.map(|it| (it, sitting)),
    )?;
    let receipt = match when.receipt {
        true => {
            let decided = receipt::of(&asked, found, &decision, base);
            let stamp = Stamp::new(tenant.now());
            Some(receipts::make(tenant, decided, &stamp, &ground)?)
        }
        false => None,
    };
    // Of the past only the balances are known, not what held them.
    let account = account.filter(|_| ground.position.is_none());
    let terms = answer::terms(&decision, found, sitting, account, asked);
    let terms = CreditTermsResponse {
        position: ground.position,
        receipt,
        ..terms
    };
    let terms = match ground.position {
        None => confirmed(tenant, found, ground.as_of, terms),
        Some(_) => terms,
    };
    if terms.receipt.is_some() {
        // Each receipt is another one: there is nothing to revalidate.
        let mut response = HttpResponse::Ok();
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        return Ok(response.json(terms));
    }
    answer_cached(terms, conditions)
}

/// Adds how old the data of finance are; of the past it is not known.
fn confirmed(
    tenant: &TenantHandle,
    customer: Option<&BookCustomer>,
    today: NaiveDate,
    mut terms: CreditTermsResponse,
) -> CreditTermsResponse {
    let until = customer.and_then(|it| it.finance.confirmed_until);
    let age = until.map(|until| tenant.now().signed_duration_since(until).num_seconds());
    let age = age.map(|seconds| seconds.max(0).unsigned_abs());
    let book = tenant.book();
    let policy = book.policies().credit.on(today);
    terms.exposure.degraded = policy.is_some_and(|policy| policy.data.degraded(age));
    terms.exposure.data_age_seconds = age;
    terms
}

/// What of the past such a decision needs.
fn wanted(customer: &CustomerRef) -> Wanted {
    Wanted {
        customer: Some(customer.clone()),
        open_items: true,
        policies: vec![DocumentKind::CreditPolicy],
        ..Wanted::default()
    }
}

/// The answer with its entity tag; nothing but the tag where the caller has it already.
fn answer_cached(
    mut terms: CreditTermsResponse,
    conditions: &Conditions,
) -> Result<HttpResponse, Problem> {
    // An age that grows by itself is no change.
    let age = terms.exposure.data_age_seconds.take();
    let body = written(&terms)?;
    let tag = format!("\"{}\"", &crypto::sha256_hex(&body)[..32]);
    let seen = conditions.has_seen(&tag);
    let status = if seen {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ETAG, tag));
    response.insert_header((header::CACHE_CONTROL, CACHE));
    if seen {
        return Ok(response.finish());
    }
    let body = match age {
        Some(_) => {
            terms.exposure.data_age_seconds = age;
            written(&terms)?
        }
        None => body,
    };
    Ok(response.content_type("application/json").body(body))
}

fn written(terms: &CreditTermsResponse) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(terms)
        .map_err(|_| Problem::new(Kind::Internal, "the answer could not be written"))
}

/// The credit of a customer on a day, also for others who need to know of a hold; with an account,
/// the instant and the base currency it includes what is reserved.
pub fn decide(
    book: &Book,
    customer: Option<&BookCustomer>,
    today: NaiveDate,
    account: Option<(&CreditSummary, (DateTime<Utc>, Currency))>,
) -> Result<Decision, Problem> {
    let policy = book.policies().credit.on(today);
    let policy: &Policy = policy.ok_or_else(|| without_policy("credit", today))?;
    let narrowed = customer.map(|it| policy.for_customer(it.id, &book.groups_of(it)));
    let policy: &Policy = narrowed.as_deref().unwrap_or(policy);
    let facts = Facts {
        customer_matched: customer.is_some(),
        tier: customer.and_then(|it| it.tier_on(today)),
        open_items: customer
            .filter(|it| it.invoices_known)
            .map(|it| it.open_items.as_slice()),
        credit_limit: customer.and_then(|it| it.credit_limit),
        dunning: customer.map_or(&[][..], |it| &it.finance.dunning),
        today,
    };
    let decision = credit::decide(&facts, policy);
    let account = account.filter(|(account, (_, base))| account.currency == *base);
    let Some((account, (now, _))) = account else {
        return Ok(decision);
    };
    let expired = policy.authorization.expired_limit;
    let granted = Some((decision.limit.amount, decision.limit.source));
    let own = effective(&account.limits, granted, today, expired);
    let view = AccountView {
        limit: own.map(|limit| Limit {
            amount: limit.amount,
            source: limit.source,
        }),
        posted: account.posted,
        pending: answer::pending(account, now),
    };
    Ok(decision.with_account(&view, policy))
}
