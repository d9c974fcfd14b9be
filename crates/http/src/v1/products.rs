//! Products: created, changed by id or sku, listed, and their history.
//!
//! | requests, answers | `products/wire.rs`                     |
//! | unit costs        | `products/costs.rs`                    |
//! | rows              | `crates/persistence/src/products.rs`   |
//! | bulk              | imports use `persistence::products::upsert` |

mod costs;
mod wire;

use crate::body::{Id, Json, Query};
use crate::etag::{Conditions, etag};
use crate::listing::{self, Listing, PageQuery};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, patch, post, put};
use tiercel_domain::ids::ProductId;
use tiercel_domain::incoming::IncomingProduct;
use tiercel_persistence::Tx;
use tiercel_persistence::products::{self as store, Outcome, Product};
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{
    CreateProductRequest, ListProducts, PatchProductRequest, ProductResponse,
    ProductVersionResponse,
};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(create_product)
        .service(list_products)
        .service(find_product_by_sku)
        .service(upsert_product_by_sku)
        .service(find_product)
        .service(update_product)
        .service(list_product_history)
        .service(costs::record_product_cost)
        .service(costs::list_product_costs);
}

/// Create a product
///
/// In order of their ids, a page at a time.
#[utoipa::path(tag = "products", responses(
    (status = 201, description = "The product; `Location` and `ETag` in the headers", body = ProductResponse),
    (status = 409, description = "The sku is taken", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[post("/products")]
pub async fn create_product(
    tenant: Tenant<need::ProductsWrite>,
    retry: RetryKey,
    body: Json<CreateProductRequest>,
) -> Result<HttpResponse, Problem> {
    let incoming = body.value.into_incoming()?;
    let taken = || Problem::new(Kind::Conflict, "a product has this sku already");
    reply::write(&tenant, "product.created", &retry, &body.hash, async |tx| {
        if store::find_by_sku(tx, &incoming.sku).await?.is_some() {
            return Err(taken());
        }
        let (product, _) = save(&tenant, tx, &incoming).await?;
        created(product)
    })
    .await
}

/// List products
///
/// In order of their ids, a page at a time.
#[utoipa::path(tag = "products", params(ListProducts), responses((status = 200, description = "A page of products", body = Page<ProductResponse>)))]
#[get("/products")]
pub async fn list_products(
    tenant: Tenant<need::ProductsRead>,
    request: HttpRequest,
    Query(query): Query<ListProducts>,
) -> Result<HttpResponse, Problem> {
    let filter = query.filter()?;
    let list = format!("products {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let mut page = listing.page(rows, |row| row.id.to_string(), ProductResponse::from);
    if query.count == Some(true) {
        page.total = Some(store::count(tenant.store(), &filter).await?);
    }
    Ok(listing::answer(&request, &page))
}

/// Find a product
///
/// With its entity tag, for a change under `If-Match`.
#[utoipa::path(tag = "products",
    params(("id" = String, Path, description = "Id of the product", example = "prd_06dv7n5z4h9k3m2p8q1r5s7t0w")),
    responses((status = 200, description = "The product", body = ProductResponse)))]
#[get("/products/{id}")]
pub async fn find_product(
    tenant: Tenant<need::ProductsRead>,
    Id(id): Id<ProductId>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(existing(tenant.store(), id).await?))
}

/// Change a product
///
/// A JSON merge patch: absent fields stay, null clears.
#[utoipa::path(tag = "products",
    params(
        ("id" = String, Path, description = "Id of the product", example = "prd_06dv7n5z4h9k3m2p8q1r5s7t0w"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is changed"),
    ),
    responses((status = 200, description = "The product as it is now", body = ProductResponse)))]
#[patch("/products/{id}")]
pub async fn update_product(
    tenant: Tenant<need::ProductsWrite>,
    Id(id): Id<ProductId>,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<PatchProductRequest>,
) -> Result<HttpResponse, Problem> {
    conditions.require_present()?;
    let mut incoming = body.value.into_incoming(String::new())?;
    incoming.sku = existing(tenant.store(), id).await?.sku;
    reply::write(&tenant, "product.updated", &retry, &body.hash, async |tx| {
        conditions.require_match(existing(tx, id).await?.version)?;
        let (product, _) = save(&tenant, tx, &incoming).await?;
        let version = product.version;
        Ok(Reply::ok(&ProductResponse::from(product))?.version(version))
    })
    .await
}

/// List the versions of a product
///
/// Every version with when it was recorded, the first one first.
#[utoipa::path(tag = "products",
    params(("id" = String, Path, description = "Id of the product", example = "prd_06dv7n5z4h9k3m2p8q1r5s7t0w"), PageQuery),
    responses((status = 200, description = "All versions, oldest first", body = Page<ProductVersionResponse>)))]
#[get("/products/{id}/history")]
pub async fn list_product_history(
    tenant: Tenant<need::ProductsRead>,
    request: HttpRequest,
    Id(id): Id<ProductId>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    existing(tenant.store(), id).await?;
    let list = format!("product history {id}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let after = listing.after()?.unwrap_or(0);
    let rows = store::history(tenant.store(), id, after, listing.fetch()).await?;
    let key = |row: &store::ProductVersion| row.product.version.to_string();
    let page = listing.page(rows, key, ProductVersionResponse::from);
    Ok(listing::answer(&request, &page))
}

/// Find a product by its sku
///
/// The same answer as by our own id.
#[utoipa::path(tag = "products",
    params(("sku" = String, Path, description = "Sku of the product", example = "SRV-200")),
    responses((status = 200, description = "The product", body = ProductResponse)))]
#[get("/products/by-sku/{sku}")]
pub async fn find_product_by_sku(
    tenant: Tenant<need::ProductsRead>,
    Id(sku): Id<String>,
) -> Result<HttpResponse, Problem> {
    let found = store::find_by_sku(tenant.store(), &sku).await?;
    let missing = || Problem::new(Kind::NotFound, "no product has this sku");
    Ok(shown(found.ok_or_else(missing)?))
}

/// Create or change a product by its sku
///
/// Absent fields stay, null clears; `If-None-Match: *` only creates.
#[utoipa::path(tag = "products",
    params(
        ("sku" = String, Path, description = "Sku of the product", example = "SRV-200"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: create only"),
    ),
    responses(
        (status = 200, description = "The product as it is now", body = ProductResponse),
        (status = 201, description = "The new product", body = ProductResponse),
    ))]
#[put("/products/by-sku/{sku}")]
pub async fn upsert_product_by_sku(
    tenant: Tenant<need::ProductsWrite>,
    Id(sku): Id<String>,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<PatchProductRequest>,
) -> Result<HttpResponse, Problem> {
    let incoming = body.value.into_incoming(wire::sku(&sku)?)?;
    reply::write(
        &tenant,
        "product.upserted",
        &retry,
        &body.hash,
        async |tx| {
            let before = store::find_by_sku(tx, &sku).await?;
            if conditions.create_only() && before.is_some() {
                return Err(Problem::new(Kind::Stale, "a product has this sku already"));
            }
            let (product, outcome) = save(&tenant, tx, &incoming).await?;
            if outcome == Outcome::Created {
                return created(product);
            }
            let version = product.version;
            Ok(Reply::ok(&ProductResponse::from(product))?.version(version))
        },
    )
    .await
}

async fn save(
    tenant: &TenantHandle,
    tx: &Tx,
    incoming: &IncomingProduct,
) -> Result<(Product, Outcome), Problem> {
    let base = tenant.settings().base_currency;
    let saved = store::upsert(tx, base, std::slice::from_ref(incoming)).await?;
    let missing = || Problem::not_found("product");
    let saved = saved.first().ok_or_else(missing)?;
    let product = store::find(tx, saved.id).await?.ok_or_else(missing)?;
    Ok((product, saved.outcome))
}

async fn existing(
    source: &impl tiercel_persistence::Source,
    id: ProductId,
) -> Result<Product, Problem> {
    let found = store::find(source, id).await?;
    found.ok_or_else(|| Problem::not_found("product"))
}

fn created(product: Product) -> Result<Reply, Problem> {
    let (id, version) = (product.id, product.version);
    let body = ProductResponse::from(product);
    Ok(Reply::created(format!("/v1/products/{id}"), &body)?.version(version))
}

fn shown(product: Product) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::ETAG, etag(product.version)))
        .json(ProductResponse::from(product))
}
