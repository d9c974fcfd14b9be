//! Second files by name: which there are, and taking one away with the personal data in it.

use super::start::ImportFileResponse;
use crate::body::Query;
use crate::listing::{self, Listing, PageQuery};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, delete, get};
use tiercel_persistence::customers::scrub;
use tiercel_persistence::imports::{self, SecondFile};

/// List the second files
///
/// In order of their names.
#[utoipa::path(tag = "imports", params(PageQuery),
    responses((status = 200, description = "A page of files", body = Page<ImportFileResponse>)))]
#[get("/import-files")]
pub async fn list_import_files(
    tenant: Tenant<need::ImportsWrite>,
    request: HttpRequest,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let list = "import files";
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let after = listing.after::<String>()?;
    let rows = imports::list_files(tenant.store(), after.as_deref(), listing.fetch()).await?;
    let key = |file: &SecondFile| file.name.clone();
    let page = listing.page(rows, key, ImportFileResponse::from);
    Ok(listing::answer(&request, &page))
}

/// Take a second file away
///
/// Its content is deleted at once, or when the last job that was queued with it has ended.
#[utoipa::path(tag = "imports",
    params(("name" = String, Path, description = "The name of the look-up", example = "orders")),
    responses((status = 204, description = "Taken away")))]
#[delete("/import-files/{name}")]
pub async fn remove_import_file(
    tenant: Tenant<need::ImportsWrite>,
    name: Path<String>,
    retry: RetryKey,
) -> Result<HttpResponse, Problem> {
    let answer = reply::write(&tenant, "import_file.removed", &retry, "", async |tx| {
        if !imports::remove_file(tx, &name).await? {
            return Err(Problem::new(Kind::NotFound, "no second file has this name"));
        }
        Ok(Reply::no_content())
    })
    .await?;
    scrub(tenant.store()).await?;
    Ok(answer)
}
