//! The OpenAPI 3.1 document: collected from the handlers, completed centrally.

use crate::problem::{FieldError, ProblemBody};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes,
    SecurityRequirement, SecurityScheme,
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
        .contact(Some(
            ContactBuilder::new()
                .name(Some("Tiercel"))
                .url(Some("/docs"))
                .build(),
        ))
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
    for (name, scheme) in schemes() {
        let schemes = &mut components.security_schemes;
        schemes.insert(name.into(), RefOr::T(scheme));
    }
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
        let keeps = |path: &str| path.starts_with("/v1") && !SECRET.contains(&path);
        if let Some(post) = item.post.as_mut().filter(|_| keeps(path)) {
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

fn complete_operation(operation: &mut Operation, secured: bool) {
    let public = |(status, _): &(&str, &str)| !matches!(*status, "401" | "403" | "422");
    let due: Vec<_> = EVERYWHERE
        .into_iter()
        .filter(|it| secured || public(it))
        .collect();
    refer(operation, &due);
    if secured {
        let declared = operation.security.take().unwrap_or_default();
        let for_customers = !declared.is_empty();
        let mut all: Vec<_> = ["bearer", "oauth2", "basic", "apiKey"].map(alone).into();
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
