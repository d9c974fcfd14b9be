//! Credit accounts: opened, grouped, blocked, with their ledger.

use super::authorize::{known, read_place};
use super::wire::money;
use crate::body::{Id, Json, Query};
use crate::etag::{Conditions, etag};
use crate::faults::Faults;
use crate::flows::credit::desk::no_rate;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use crate::v1::deciding::CustomerReference;
use crate::wire::{instant, present};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::ids::CreditAccountId;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::Tx;
use tiercel_persistence::credit::{self as store, Account, AccountFilter, Entry, NewAccount};
use utoipa::{IntoParams, ToSchema};

/// An account to open: of a customer, or a group of accounts with a name.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer": {"external": {"system": "erp1", "id": "C-1042"}}, "company": "DE01", "segment": "main", "currency": "EUR"}))]
pub struct OpenCreditAccountRequest {
    /// Absent: a group.
    pub customer: Option<CustomerReference>,
    /// Of a group; a customer's account has none.
    pub name: Option<String>,
    pub company: Option<String>,
    pub segment: Option<String>,
    /// ISO 4217; of another than the base currency a rate must be known.
    pub currency: String,
}

/// What to change of an account: absent fields stay.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parent_id": "acc_01k8z6v3q2e4r5t6y7a8b9c0de"}))]
pub struct PatchCreditAccountRequest {
    /// The group that the account stands under; null takes it out.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<Option<String>>,
    /// `open` or `blocked`.
    pub status: Option<String>,
}

/// A credit account with its balances.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "acc_01k8z6v3q2e4r5t6y7a8b9c0de", "version": 3, "customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "name": null, "parent_id": null, "company": "DE01", "segment": "main", "currency": "EUR", "status": "open", "posted": "31200.00", "pending": "4000.00", "billed": "31200.00", "credit_balance": "0.00", "limit_version": 1, "created_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct CreditAccountResponse {
    pub id: String,
    pub version: i64,
    /// Null: a group.
    pub customer_id: Option<String>,
    pub name: Option<String>,
    pub parent_id: Option<String>,
    /// Null: all companies.
    pub company: Option<String>,
    /// Null: all segments.
    pub segment: Option<String>,
    pub currency: String,
    /// `open` or `blocked`.
    pub status: String,
    /// Open bills, and what was committed and is not billed yet.
    pub posted: String,
    /// Reserved.
    pub pending: String,
    /// The part of `posted` that open bills make.
    pub billed: String,
    /// Money that settles no bill yet; not part of `posted`.
    pub credit_balance: String,
    pub limit_version: i64,
    pub created_at: String,
}

/// One movement of an account's balances.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"no": 2, "kind": "authorized", "authorization_id": "aut_01k8z6v3q2e4r5t6y7a8b9c0de", "posted_change": "0.00", "pending_change": "6000.00", "posted": "31200.00", "pending": "6000.00", "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct CreditEntryResponse {
    pub no: i64,
    /// `authorized`, `adjusted`, `committed`, `released`, `expired`, `followed` (facts of the
    /// document), `bills` (facts of bills and payments) or `member_moved`.
    pub kind: String,
    pub authorization_id: Option<String>,
    pub posted_change: String,
    pub pending_change: String,
    /// The balances after it.
    pub posted: String,
    pub pending: String,
    pub recorded_at: String,
}

/// Which accounts to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAccounts {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…` or `system:id`.
    pub customer: Option<String>,
    /// The group: `acc_…`.
    pub parent: Option<String>,
}

/// Which part of a ledger to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListEntries {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

impl From<Account> for CreditAccountResponse {
    fn from(account: Account) -> Self {
        let show = |amount: Amount| money(amount, account.currency);
        Self {
            id: account.id.to_string(),
            version: account.version,
            customer_id: account.customer.map(|id| id.to_string()),
            parent_id: account.parent.map(|id| id.to_string()),
            currency: account.currency.to_string(),
            status: if account.open { "open" } else { "blocked" }.to_owned(),
            posted: show(account.posted),
            pending: show(account.pending),
            billed: show(account.from_facts),
            credit_balance: show(account.credit_balance),
            limit_version: account.limit_version,
            created_at: instant(account.created_at),
            name: some(account.name),
            company: some(account.place.company),
            segment: some(account.place.segment),
        }
    }
}

fn entry(entry: Entry, account: &Account) -> CreditEntryResponse {
    let show = |amount: Amount| money(amount, account.currency);
    CreditEntryResponse {
        no: entry.no,
        kind: entry.kind,
        authorization_id: entry.authorization.map(|id| id.to_string()),
        posted_change: show(entry.posted_change),
        pending_change: show(entry.pending_change),
        posted: show(entry.posted),
        pending: show(entry.pending),
        recorded_at: instant(entry.recorded_at),
    }
}

impl OpenCreditAccountRequest {
    async fn read(self, tenant: &TenantHandle) -> Result<NewAccount, Problem> {
        let mut faults = Faults::default();
        let currency = faults.currency("/currency", &self.currency);
        let place = read_place(self.company, self.segment, &mut faults);
        let group = self.customer.is_none();
        let customer = self
            .customer
            .and_then(|it| it.read("/customer", &mut faults));
        match (&self.name, group) {
            (Some(name), true) => {
                faults.text("/name", name, 120);
            }
            (None, false) => {}
            _ => faults.add(
                "/name",
                "one_of",
                "a group has a name, a customer's account none",
            ),
        }
        if group && (!place.company.is_empty() || !place.segment.is_empty()) {
            faults.add(
                "/company",
                "not_allowed",
                "a group has no company and no segment",
            );
        }
        let currency = faults.finish(currency)?;
        let base = tenant.settings().base_currency;
        let rated = tenant.book().rates().on(currency, tenant.today()).is_some();
        if currency != base && !rated {
            return Err(no_rate(currency));
        }
        Ok(NewAccount {
            customer: match &customer {
                Some(customer) => Some(known(tenant, customer).await?),
                None => None,
            },
            name: self.name.unwrap_or_default(),
            place,
            currency,
        })
    }
}

/// Open a credit account
///
/// Needed only for what is not usual: another company, segment or currency, or a group. A customer's
/// first account is opened by its first authorization.
#[utoipa::path(tag = "credit", params(("Idempotency-Key" = String, Header, description = "Required")), responses(
    (status = 201, description = "The account; `Location` and `ETag` in the headers", body = CreditAccountResponse),
    (status = 409, description = "The customer has an account there", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[post("/credit/accounts")]
pub async fn open_credit_account(
    tenant: Tenant<need::CreditOverride>,
    retry: RetryKey,
    body: Json<OpenCreditAccountRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let new = body.value.read(&tenant).await?;
    let action = "credit.account.opened";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        if let Some(customer) = new.customer {
            tx.touch(&BTreeSet::from([customer])).await?;
        }
        let mut opened = store::open_account(tx, &new).await?;
        if let Some(customer) = new.customer {
            store::adopt_bills(tx, customer, tenant.today()).await?;
            opened = store::account(tx, opened.id).await?.unwrap_or(opened);
        }
        let (location, version) = (format!("/v1/credit/accounts/{}", opened.id), opened.version);
        Ok(Reply::created(location, &CreditAccountResponse::from(opened))?.version(version))
    })
    .await
}

/// List credit accounts
///
/// All, or those of a customer or a group, in the order they were opened.
#[utoipa::path(tag = "credit", params(ListAccounts), responses((status = 200, description = "A page of accounts", body = Page<CreditAccountResponse>)))]
#[get("/credit/accounts")]
pub async fn list_credit_accounts(
    tenant: Tenant<need::CreditRead>,
    request: HttpRequest,
    Query(query): Query<ListAccounts>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let parent = query.parent.as_deref();
    let parent = parent.and_then(|id| faults.parsed("parent", id, "not_an_id"));
    faults.finish(Some(()))?;
    let customer = match &query.customer {
        Some(text) => Some(asking::named(&tenant, text).await?),
        None => None,
    };
    let filter = AccountFilter { customer, parent };
    let list = format!("credit accounts {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::accounts(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let page = listing.page(rows, |row| row.id.to_string(), CreditAccountResponse::from);
    Ok(listing::answer(&request, &page))
}

pub async fn existing(
    source: &impl tiercel_persistence::Source,
    id: CreditAccountId,
) -> Result<Account, Problem> {
    let found = store::account(source, id).await?;
    found.ok_or_else(|| Problem::not_found("credit account"))
}

/// An account whose customer is locked, so that its balances stand still.
pub async fn locked(tx: &Tx, id: CreditAccountId) -> Result<Account, Problem> {
    let account = existing(tx, id).await?;
    match account.customer {
        Some(customer) => {
            tx.touch(&BTreeSet::from([customer])).await?;
            existing(tx, id).await
        }
        None => Ok(account),
    }
}

/// Find a credit account
///
/// With what is posted and pending; the `ETag` is for `PATCH`. Its limits are a list of their own.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The account", example = "acc_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The account", body = CreditAccountResponse)))]
#[get("/credit/accounts/{id}")]
pub async fn find_credit_account(
    tenant: Tenant<need::CreditRead>,
    Id(id): Id<CreditAccountId>,
) -> Result<HttpResponse, Problem> {
    let account = existing(tenant.store(), id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(account.version)))
        .json(CreditAccountResponse::from(account)))
}

/// List the ledger of a credit account, oldest first
///
/// The changes sum to the balances.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The account", example = "acc_01k8z6v3q2e4r5t6y7a8b9c0de"), ListEntries),
    responses((status = 200, description = "A page of entries", body = Page<CreditEntryResponse>)))]
#[get("/credit/accounts/{id}/entries")]
pub async fn list_credit_entries(
    tenant: Tenant<need::CreditRead>,
    request: HttpRequest,
    path: web::Path<String>,
    Query(query): Query<ListEntries>,
) -> Result<HttpResponse, Problem> {
    let account = existing(tenant.store(), account_id(&path)?).await?;
    let list = format!("credit entries {}", account.id);
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::entries(
        tenant.store(),
        account.id,
        listing.after()?,
        listing.fetch(),
    )
    .await?;
    let page = listing.page(rows, |row| row.no.to_string(), |row| entry(row, &account));
    Ok(listing::answer(&request, &page))
}

pub fn account_id(segment: &str) -> Result<CreditAccountId, Problem> {
    segment
        .parse()
        .map_err(|_| Problem::not_found("credit account"))
}

/// Change a credit account
///
/// A JSON merge patch. Its balances move to the group with it; a group stands under no other.
#[utoipa::path(tag = "credit",
    params(
        ("id" = String, Path, description = "The account", example = "acc_01k8z6v3q2e4r5t6y7a8b9c0de"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is changed"),
    ),
    responses((status = 200, description = "The account as it is now", body = CreditAccountResponse)))]
#[patch("/credit/accounts/{id}")]
pub async fn update_credit_account(
    tenant: Tenant<need::CreditOverride>,
    Id(id): Id<CreditAccountId>,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<PatchCreditAccountRequest>,
) -> Result<HttpResponse, Problem> {
    conditions.require_present()?;
    let patch = body.value;
    let mut faults = Faults::default();
    let status = patch.status.as_deref();
    let open = status.and_then(|word| faults.word("/status", word, opens));
    let parent = patch.parent_id.map(|id| {
        id.and_then(|id| faults.parsed::<CreditAccountId>("/parent_id", &id, "not_an_id"))
    });
    faults.finish(Some(()))?;
    let action = "credit.account.updated";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let mut account = locked(tx, id).await?;
        conditions.require_match(account.version)?;
        let stale = || Problem::new(Kind::Stale, "the account changed meanwhile");
        if let Some(parent) = parent {
            check_parent(tx, &account, parent).await?;
            account = store::put_under(tx, &account, parent)
                .await?
                .ok_or_else(stale)?;
        }
        if let Some(open) = open {
            account = store::set_open(tx, &account, open)
                .await?
                .ok_or_else(stale)?;
        }
        let version = account.version;
        Ok(Reply::ok(&CreditAccountResponse::from(account))?.version(version))
    })
    .await
}

fn opens(word: &str) -> Option<bool> {
    match word {
        "open" => Some(true),
        "blocked" => Some(false),
        _ => None,
    }
}

async fn check_parent(
    tx: &Tx,
    account: &Account,
    parent: Option<CreditAccountId>,
) -> Result<(), Problem> {
    let Some(parent) = parent else {
        return Ok(());
    };
    let mut faults = Faults::default();
    match store::account(tx, parent).await? {
        None => faults.add("/parent_id", "unknown_account", "no account has this id"),
        Some(group) => {
            if group.customer.is_some() || account.customer.is_none() {
                let detail = "a customer's account stands under a group, and a group under none";
                faults.add("/parent_id", "not_a_group", detail);
            }
            if group.currency != account.currency {
                let detail = format!("the group is in {}", group.currency);
                faults.add("/parent_id", "currency_mismatch", detail);
            }
        }
    }
    faults.finish(Some(()))
}
