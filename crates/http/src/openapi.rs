//! The OpenAPI 3.1 document: collected from the handlers, completed centrally.

mod describe;

use crate::problem::{FieldError, ProblemBody};
use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme,
};
use utoipa::openapi::{
    ContactBuilder, Content, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, Required, Response,
    ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

/// Problems every operation may answer with, besides its own.
const EVERYWHERE: [(&str, &str); 8] = [
    ("400", "Unreadable"),
    ("401", "Unauthorized"),
    ("403", "Forbidden"),
    ("404", "NotFound"),
    ("422", "InvalidInput"),
    ("429", "TooManyRequests"),
    ("500", "Internal"),
    ("503", "Unavailable"),
];

/// Problems of operations that need `If-Match`.
const WITH_CONDITIONS: [(&str, &str); 3] = [
    ("409", "Conflict"),
    ("412", "Stale"),
    ("428", "PreconditionRequired"),
];

/// Completes what the handlers declare: title, security, problem responses.
pub fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Tiercel")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The headless CRM that decides how to treat every customer.",
        ))
        .contact(Some(ContactBuilder::new().name(Some("Tiercel")).build()))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert("FieldError".into(), FieldError::schema());
    components
        .schemas
        .insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    for (status, name) in EVERYWHERE {
        components
            .responses
            .insert(format!("{name}Problem"), RefOr::T(problem(status)));
    }
    components
        .security_schemes
        .insert("bearer".into(), RefOr::T(bearer()));
    components
        .security_schemes
        .insert("oauth2".into(), RefOr::T(oauth2()));
    for (status, name) in WITH_CONDITIONS {
        let response = RefOr::T(problem(status));
        components
            .responses
            .insert(format!("{name}Problem"), response);
    }
    for (path, item) in &mut document.paths.paths {
        if let Some(patch) = &mut item.patch {
            refer(patch, &WITH_CONDITIONS);
        }
        if let Some(post) = item.post.as_mut().filter(|_| path.starts_with("/v1")) {
            post.parameters
                .get_or_insert_default()
                .push(RefOr::T(idempotency_key()));
        }
        let secured = path.starts_with("/v1");
        for operation in [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ]
        .into_iter()
        .flatten()
        {
            complete_operation(operation, secured);
        }
    }
    document
}

/// The document as it is published: with what handlers leave to `openapi/describe.rs`.
pub fn publish(document: &OpenApi) -> Value {
    match serde_json::to_value(document) {
        Ok(mut value) => {
            describe::complete(&mut value);
            value
        }
        Err(fault) => Value::String(fault.to_string()),
    }
}

fn complete_operation(operation: &mut Operation, secured: bool) {
    let public = |(status, _): &(&str, &str)| !matches!(*status, "401" | "403" | "422");
    let due: Vec<_> = EVERYWHERE
        .into_iter()
        .filter(|it| secured || public(it))
        .collect();
    refer(operation, &due);
    if secured {
        let none: [&str; 0] = [];
        operation.security.get_or_insert_with(|| {
            vec![utoipa::openapi::security::SecurityRequirement::new(
                "bearer", none,
            )]
        });
    } else {
        operation.security = Some(Vec::new());
    }
}

/// Adds problems by reference, unless the operation describes the status itself.
fn refer(operation: &mut Operation, problems: &[(&str, &str)]) {
    for (status, name) in problems {
        let reference = RefOr::Ref(Ref::new(format!("#/components/responses/{name}Problem")));
        let responses = &mut operation.responses.responses;
        responses.entry((*status).into()).or_insert(reference);
    }
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("1 to 255 visible characters: a repetition of the request under the same key gets the same answer and acts once"))
        .schema(Some(String::schema()))
        .build()
}

fn problem(status: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
    ResponseBuilder::new()
        .description(format!("Problem {status}, as RFC 9457 describes it"))
        .content("application/problem+json", content)
        .build()
}

fn bearer() -> SecurityScheme {
    SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build(),
    )
}

fn oauth2() -> SecurityScheme {
    let scopes = crate::scope::Scope::ALL
        .iter()
        .map(|scope| (scope.word(), scope.word()));
    let flow = ClientCredentials::new("/oauth/token", Scopes::from_iter(scopes));
    SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)]))
}
