//! The problems that operations may answer with, besides those they declare.

use super::ProblemBody;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Components, Content, Ref, RefOr, Response, ResponseBuilder};

/// A status and the name of its kind of problem.
type Kind = (&'static str, &'static str);

const EVERYWHERE: [Kind; 10] = [
    ("400", "Unreadable"),
    ("401", "Unauthorized"),
    ("403", "Forbidden"),
    ("404", "NotFound"),
    ("415", "UnsupportedMediaType"),
    ("422", "InvalidInput"),
    ("429", "TooManyRequests"),
    ("500", "Internal"),
    ("503", "Unavailable"),
    ("504", "TimedOut"),
];

/// Of changes, and of answers that need a published document.
const CONFLICT: Kind = ("409", "Conflict");

const WITH_BODY: Kind = ("413", "TooLarge");

/// Of operations that look at `If-Match` or `If-None-Match`.
const STALE: Kind = ("412", "Stale");

/// Of operations that need `If-Match`.
const UNCONDITIONAL: Kind = ("428", "PreconditionRequired");

/// Slices whose answers need a model or a policy in force.
const DOCUMENTED: [&str; 5] = [
    "discounts",
    "credit",
    "routing",
    "evaluations",
    "entitlements",
];

/// One response a kind, for operations to refer to.
pub fn define(components: &mut Components) {
    let others = [WITH_BODY, CONFLICT, STALE, UNCONDITIONAL];
    let kinds = EVERYWHERE.into_iter().chain(others);
    for (status, name) in kinds {
        let response = RefOr::T(problem(status));
        components
            .responses
            .insert(format!("{name}Problem"), response);
    }
}

/// Adds the problems of an operation by reference, unless it describes the status itself.
pub fn refer(method: &str, path: &str, operation: &mut Operation) {
    let secured = super::is_secured(path);
    let of_callers = |(status, _): &Kind| matches!(*status, "401" | "403" | "422");
    let everywhere = EVERYWHERE.into_iter();
    let mut due: Vec<Kind> = everywhere.filter(|it| secured || !of_callers(it)).collect();
    if operation.request_body.is_some() {
        due.push(WITH_BODY);
    }
    let tags = operation.tags.iter().flatten();
    let documented = tags
        .into_iter()
        .any(|tag| DOCUMENTED.contains(&tag.as_str()));
    if secured && (method != "get" || documented) {
        due.push(CONFLICT);
    }
    let mut parameters = operation.parameters.iter().flatten();
    let asks = parameters.any(|it| matches!(it, RefOr::T(it) if it.name == "If-Match"));
    let settles = asks || path.ends_with("/publish") || path.ends_with("/retire");
    let changes = matches!(method, "put" | "patch" | "delete");
    if secured && (changes || settles) {
        due.push(STALE);
    }
    if secured && (settles || matches!(method, "patch" | "delete") || path.contains("{version}")) {
        due.push(UNCONDITIONAL);
    }
    for (status, name) in due {
        let reference = RefOr::Ref(Ref::new(format!("#/components/responses/{name}Problem")));
        let responses = &mut operation.responses.responses;
        responses.entry(status.into()).or_insert(reference);
    }
}

fn problem(status: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
    ResponseBuilder::new()
        .description(format!("Problem {status}, as RFC 9457 describes it"))
        .content("application/problem+json", content)
        .build()
}
