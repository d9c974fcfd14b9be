//! The OpenAPI 3.1 document: collected from the handlers, completed centrally.

mod describe;
mod merge;
mod problems;
mod shapes;

use crate::problem::{FieldError, ProblemBody};
use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes,
    SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, RefOr, Required};
use utoipa::{PartialSchema, ToSchema};

/// Operations whose answers hold secrets: they are not kept, so they take no `Idempotency-Key`.
const SECRET: [&str; 3] = [
    "/v1/clients",
    "/v1/clients/{id}/rotate",
    "/v1/customer-tokens",
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
    for (name, scheme) in schemes() {
        let schemes = &mut components.security_schemes;
        schemes.insert(name.into(), RefOr::T(scheme));
    }
    problems::define(components);
    // Says where tokens come from. How they are sent is said by every operation itself.
    document.security = Some(vec![alone("oauth2")]);
    for (path, item) in &mut document.paths.paths {
        let methods = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            problems::refer(method, path, operation);
            secure(operation, path);
            if method == "post" && path.starts_with("/v1") && !SECRET.contains(&path.as_str()) {
                accept_key(operation);
            }
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

/// Whether an operation asks who calls.
fn is_secured(path: &str) -> bool {
    path.starts_with("/v1") || path == "/metrics"
}

fn secure(operation: &mut Operation, path: &str) {
    if is_secured(path) {
        let declared = operation.security.take().unwrap_or_default();
        let for_customers = !declared.is_empty();
        // Not `oauth2` too: generated clients would write the header twice, and some of them wrongly.
        let mut all: Vec<_> = ["bearer", "basic", "apiKey"].map(alone).into();
        all.extend(for_customers.then(|| alone("customer")));
        operation.security = Some(all);
    } else {
        operation.security = Some(Vec::new());
    }
}

fn alone(scheme: &str) -> SecurityRequirement {
    let none: [&str; 0] = [];
    SecurityRequirement::new(scheme, none)
}

/// Adds `Idempotency-Key`, unless the operation declares it itself.
fn accept_key(operation: &mut Operation) {
    let key = idempotency_key();
    let parameters = operation.parameters.get_or_insert_default();
    let declared = parameters.iter().any(|declared| match declared {
        RefOr::T(declared) => declared.name == key.name,
        RefOr::Ref(_) => false,
    });
    if !declared {
        parameters.push(RefOr::T(key));
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

/// How a caller may show who it is.
fn schemes() -> [(&'static str, SecurityScheme); 5] {
    let key = "`<client id>.<client secret>`, for systems that can do no better than one header";
    let key = ApiKeyValue::with_description("X-Api-Key", key);
    [
        (
            "bearer",
            bearer("A token of `POST /oauth/token`, or of a configured issuer"),
        ),
        ("oauth2", oauth2()),
        (
            "basic",
            http(
                HttpAuthScheme::Basic,
                "Client id and client secret, for systems that can do no better",
            ),
        ),
        ("apiKey", SecurityScheme::ApiKey(ApiKey::Header(key))),
        (
            "customer",
            bearer("A token of `POST /v1/customer-tokens`, for the customer in the path"),
        ),
    ]
}

fn http(scheme: HttpAuthScheme, description: &str) -> SecurityScheme {
    let builder = HttpBuilder::new().scheme(scheme);
    SecurityScheme::Http(builder.description(Some(description)).build())
}

fn bearer(description: &str) -> SecurityScheme {
    let builder = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let builder = builder.bearer_format("JWT");
    SecurityScheme::Http(builder.description(Some(description)).build())
}

fn oauth2() -> SecurityScheme {
    let scopes = crate::scope::Scope::ALL
        .iter()
        .map(|scope| (scope.word(), scope.word()));
    let flow = ClientCredentials::new("/oauth/token", Scopes::from_iter(scopes));
    SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)]))
}
