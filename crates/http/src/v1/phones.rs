//! Phone numbers of all customers, above all those that are not valid.

use super::customers::PhoneResponse;
use crate::body::Query;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::scope::need;
use crate::tenant::Tenant;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::phones::{self as store, OwnedPhone};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_phones);
}

/// Which numbers to list.
///
/// With `valid=false`: those nobody can have, which stay as typed and match only as typed.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPhones {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Adds the total.
    pub count: Option<bool>,
    /// `false`: only numbers that no numbering plan knows.
    pub valid: Option<bool>,
}

/// A number and whose it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer_id": "cus_06dv7n5z4h9k3m2p8q1r5s7t0w", "contact_id": null, "number": "4711", "region": "DE", "e164": null, "valid": false}))]
pub struct OwnedPhoneResponse {
    pub customer_id: String,
    /// Null where it is the customer's own.
    pub contact_id: Option<String>,
    #[serde(flatten)]
    pub phone: PhoneResponse,
}

impl From<OwnedPhone> for OwnedPhoneResponse {
    fn from(owned: OwnedPhone) -> Self {
        Self {
            customer_id: owned.customer.to_string(),
            contact_id: owned.contact.map(|id| id.to_string()),
            phone: PhoneResponse::from(&owned.phone),
        }
    }
}

/// List phone numbers
///
/// With `valid=false`: those nobody can have, which stay as typed and match only as typed.
#[utoipa::path(tag = "phones", params(ListPhones), responses((status = 200, description = "A page of numbers", body = Page<OwnedPhoneResponse>)))]
#[get("/phones")]
pub async fn list_phones(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    Query(query): Query<ListPhones>,
) -> Result<HttpResponse, Problem> {
    let list = format!("phones {:?}", query.valid);
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let after = listing
        .after::<String>()?
        .map(|key| place(&key))
        .transpose()?;
    let rows = store::page(tenant.store(), query.valid, after, listing.fetch()).await?;
    let key = |row: &OwnedPhone| format!("{} {}", row.customer, row.number);
    let mut page = listing.page(rows, key, OwnedPhoneResponse::from);
    if query.count == Some(true) {
        page.total = Some(store::count(tenant.store(), query.valid).await?);
    }
    Ok(listing::answer(&request, &page))
}

fn place(key: &str) -> Result<(CustomerId, i64), Problem> {
    let read = key.split_once(' ');
    let read = read.and_then(|(id, number)| Some((id.parse().ok()?, number.parse().ok()?)));
    read.ok_or_else(|| Problem::new(Kind::BadCursor, "take `next` of the page before"))
}
