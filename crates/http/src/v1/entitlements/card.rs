//! The service card: what a customer has, in words that the customer may read.

use super::resolve::Grounds;
use super::words::{Language, benefits};
use crate::body::{Id, Query};
use crate::faults::Faults;
use crate::flows::model;
use crate::problem::Problem;
use crate::scope::need;
use crate::tenant::{CustomerTenant, Tenant, TenantHandle};
use crate::v1::{asking, tier_path};
use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::{CustomerRef, ExternalRef};
use utoipa::{IntoParams, ToSchema};

/// In which language.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServiceCardQuery {
    /// `en` (where absent) or `zh`.
    #[param(example = "en")]
    pub language: Option<String>,
}

/// What a customer has, in words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "language": "en", "tier": {"code": "general", "label": "General"}, "evaluated_as_of": "2026-02-28", "stale": false, "as_of": "2026-03-01", "benefits": [{"kind": "discount", "text": "Discounts of up to 5 %"}], "next_tier": {"code": "high", "label": "High value", "path": "/v1/customers/cus_01k8z6v3q2e4r5t6y7a8b9c0de/path", "by": "2026-03-31", "ways": ["an order of 38,000.00 EUR by 31 March 2026"]}}))]
pub struct ServiceCardResponse {
    pub customer_id: String,
    pub language: String,
    /// Null where the customer was never evaluated.
    pub tier: Option<CardTier>,
    /// The day the evaluation is of.
    #[schema(format = Date)]
    pub evaluated_as_of: Option<String>,
    /// Never evaluated, or more than 400 days ago.
    pub stale: bool,
    #[schema(format = Date)]
    pub as_of: String,
    pub benefits: Vec<CardBenefit>,
    /// Null for the best tier, and where there is no tier.
    pub next_tier: Option<NextTier>,
}

/// A tier, as people call it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "general", "label": "General"}))]
pub struct CardTier {
    pub code: String,
    pub label: String,
}

/// The tier above, and the way there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "high", "label": "High value", "path": "/v1/customers/cus_01k8z6v3q2e4r5t6y7a8b9c0de/path", "by": "2026-03-31", "ways": ["an order of 38,000.00 EUR by 31 March 2026"]}))]
pub struct NextTier {
    pub code: String,
    pub label: String,
    /// Where the way is told in full.
    pub path: String,
    /// The day by which something of `ways` would have to happen.
    #[schema(format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// In words, the cheapest first; each is enough. Empty where nothing that was thought of is, or
    /// where a tier by hand holds.
    pub ways: Vec<String>,
}

/// One thing that the customer has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"kind": "discount", "text": "Discounts of up to 5 %"}))]
pub struct CardBenefit {
    /// `discount`, `payment_term`, `early_payment`, `grace`, `credit_limit`, `dedicated_line`,
    /// `priority` or `contact`.
    pub kind: String,
    pub text: String,
}

/// Show a customer's service card
///
/// For front ends that customers see: the tier, what it brings in words, how fresh that is, and the
/// next tier with the way there in words. No cost, floor, rule or weight is in it. A token bound to the customer reads it.
#[utoipa::path(
    tag = "entitlements",
    params(("id" = String, Path, description = "The customer", example = "cus_01k8z6v3q2e4r5t6y7a8b9c0de"), ServiceCardQuery),
    responses((status = 200, description = "The card", body = ServiceCardResponse)),
    security(("customer" = []))
)]
#[get("/customers/{id}/service-card")]
pub async fn find_service_card(
    tenant: CustomerTenant<need::CustomersRead>,
    Id(id): Id<CustomerId>,
    Query(query): Query<ServiceCardQuery>,
) -> Result<web::Json<ServiceCardResponse>, Problem> {
    Ok(web::Json(card(&tenant, id, &query).await?))
}

/// Show the service card by the customer's id in another system
///
/// The same card as by our own id.
#[utoipa::path(
    tag = "entitlements",
    params(
        ("system" = String, Path, description = "The other system", example = "erp1"),
        ("id" = String, Path, description = "The customer's id there", example = "C-1042"),
        ServiceCardQuery,
    ),
    responses((status = 200, description = "The card", body = ServiceCardResponse))
)]
#[get("/customers/by-external/{system}/{id}/service-card")]
pub async fn find_service_card_by_external_id(
    tenant: Tenant<need::CustomersRead>,
    path: web::Path<(String, String)>,
    Query(query): Query<ServiceCardQuery>,
) -> Result<web::Json<ServiceCardResponse>, Problem> {
    let (system, id) = path.into_inner();
    let named = CustomerRef::External(ExternalRef { system, id });
    let known = tenant.book().find(&named).map(|it| it.id);
    let id = known.ok_or_else(|| Problem::not_found("customer"))?;
    Ok(web::Json(card(&tenant, id, &query).await?))
}

async fn card(
    tenant: &TenantHandle,
    id: CustomerId,
    query: &ServiceCardQuery,
) -> Result<ServiceCardResponse, Problem> {
    let mut faults = Faults::default();
    let word = query.language.as_deref().unwrap_or("en");
    let language = faults.word("language", word, Language::from_word);
    let language = faults.finish(language)?;
    asking::existing(tenant.store(), id).await?;
    let book = tenant.book();
    let customer = book.customer(id).map(AsRef::as_ref);
    let grounds = Grounds::new(tenant, &book, customer);
    let standing = grounds.standing();
    let model = model::on(tenant.store(), tenant.today()).await?;
    let tiers: Vec<(&str, &str)> = model.iter().flat_map(|model| model.labels()).collect();
    let place = tiers.iter().position(|(code, _)| *code == standing.code);
    let above = place.and_then(|place| place.checked_sub(1));
    let label = |place: usize| tiers.get(place).map_or("", |(_, label)| *label);
    Ok(ServiceCardResponse {
        customer_id: id.to_string(),
        language: language.word().to_owned(),
        tier: (!standing.code.is_empty()).then(|| CardTier {
            label: place.map_or(standing.code.as_str(), label).to_owned(),
            code: standing.code.clone(),
        }),
        evaluated_as_of: standing.as_of,
        stale: standing.stale,
        as_of: grounds.today.to_string(),
        benefits: benefits(&grounds, language, tenant.settings().base_currency)?,
        next_tier: match above.and_then(|above| tiers.get(above)) {
            Some(next) => Some(next_tier(tenant, id, *next, language).await?),
            None => None,
        },
    })
}

async fn next_tier(
    tenant: &TenantHandle,
    id: CustomerId,
    (code, label): (&str, &str),
    language: Language,
) -> Result<NextTier, Problem> {
    let way = tier_path::way_in_words(tenant, id).await?;
    // A tier by hand may lie elsewhere than the evaluated one, from which ways lead.
    let way = way.filter(|way| way.tier == code);
    let by = way.as_ref().filter(|way| !way.ways.is_empty());
    Ok(NextTier {
        code: code.to_owned(),
        label: label.to_owned(),
        path: format!("/v1/customers/{id}/path"),
        by: by.map(|way| way.by.to_string()),
        ways: way
            .into_iter()
            .flat_map(|way| way.ways)
            .map(|text| language.say(text.en, text.zh))
            .collect(),
    })
}
