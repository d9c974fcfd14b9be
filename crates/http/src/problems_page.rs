//! `/problems/{slug}`: what every problem type means, for the person who follows its URL.

use crate::problem::{Kind, Problem};
use actix_web::{HttpResponse, get, web};

/// Explain a problem type
///
/// The `type` of every problem leads here: what it means, what causes it, what to do.
#[utoipa::path(
    tag = "operations",
    params(("slug" = String, Path, description = "The last segment of a problem's `type`", example = "not-found")),
    responses((status = 200, description = "The explanation", body = String, content_type = "text/html"))
)]
#[get("/problems/{slug}")]
pub async fn explain_problem(slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    let kind = Kind::ALL.iter().find(|kind| kind.slug() == *slug);
    let kind = kind.ok_or_else(|| Problem::not_found("problem type"))?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <body><h1>{title}</h1><p>Status {status}. {advice}</p>",
        title = kind.title(),
        status = kind.status(),
        advice = advice(*kind),
    );
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(page))
}

const fn advice(kind: Kind) -> &'static str {
    match kind {
        Kind::Unreadable => {
            "The body is no JSON, has a field this operation does not know, or a value of another type: money, quantities and percentages are strings. Nothing was written."
        }
        Kind::UnknownParameter => {
            "A query parameter is unknown, repeated or unreadable; a typo never means “no filter”."
        }
        Kind::BadCursor => "Send `next` of the page before as it is, with the same filters.",
        Kind::KeyRequired => "Send an `Idempotency-Key` header, so that a retry cannot act twice.",
        Kind::Unauthorized => {
            "Get a token at `/oauth/token` and send it as `Authorization: Bearer`."
        }
        Kind::Forbidden => "The detail names the scope that the credential lacks.",
        Kind::NotFound => "The address or the id names nothing that this credential may see.",
        Kind::MethodNotAllowed => "See the `Allow` header.",
        Kind::Conflict => {
            "The detail says which state stands against the request; read the resource again."
        }
        Kind::AuthorizationReleased | Kind::AuthorizationExpired => {
            "What it reserved is free again; authorise the document anew, with a new key."
        }
        Kind::AuthorizationCommitted => {
            "Nothing is reserved any more; what was committed may move on to a later stage with `from`."
        }
        Kind::ExceedsAuthorization => {
            "The detail says how much is left; adjust the authorization first, or commit with `allow_increment`."
        }
        Kind::InFlight => {
            "The same request is being worked on; repeat it with the same key in a moment."
        }
        Kind::Stale => {
            "Somebody changed the resource since you read it: read it again and repeat with the new ETag."
        }
        Kind::PreconditionRequired => "Read the resource and send its `ETag` as `If-Match`.",
        Kind::TooLarge => "Split the request.",
        Kind::UnsupportedMediaType => "See the operation for the media types that it reads.",
        Kind::InvalidInput => {
            "Every fault is listed in `errors` with a JSON pointer and a stable code."
        }
        Kind::KeyReused => "The key was used for another request; use a new key for a new request.",
        Kind::TooMany => "The request was not processed; wait as long as `Retry-After` says.",
        Kind::Overloaded => {
            "The request was not processed; wait as long as `Retry-After` says and repeat it, and send less at once."
        }
        Kind::TimedOut => {
            "Whether the request was carried out is not known: repeat it with the same `Idempotency-Key`, or read what became of it."
        }
        Kind::Internal => "The request was not carried out. Tell us the `request_id`.",
        Kind::Unavailable => {
            "The request was not processed or was rolled back; wait as long as `Retry-After` says and repeat it."
        }
    }
}
