//! The application: all routes, limits and defaults, the same for the server and the recorded contract.

use crate::health::{self, Draining};
use crate::intake::{self, Parameterless};
use crate::problem::{Kind, Problem};
use crate::tenant::Hosted;
use crate::{oauth, openapi, problems_page, request_id, v1};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::{App, HttpRequest, HttpResponse, ResponseError, web};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The largest JSON body; a batch of 1,000 facts is well below.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Builds the application for one worker.
pub fn build(
    hosted: web::Data<Hosted>,
    draining: web::Data<Draining>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let (app, document) = routed(App::new()).split_for_parts();
    let document = openapi::complete(document);
    let parameterless = web::Data::new(Parameterless::of(&document));
    let docs = SwaggerUi::new("/docs/{_:.*}")
        .external_url_unchecked("/openapi/v1.json", openapi::publish(&document))
        .config(
            Config::new(["/openapi/v1.json"])
                .try_it_out_enabled(true)
                .persist_authorization(true),
        );
    app.app_data(hosted)
        .app_data(draining)
        .app_data(parameterless)
        .app_data(web::PayloadConfig::new(BODY_LIMIT))
        .service(web::redirect("/docs", "/docs/"))
        .service(docs)
        .default_service(web::to(nothing_here))
        .wrap(actix_web::middleware::from_fn(intake::check))
        .wrap(actix_web::middleware::from_fn(request_id::attach))
}

fn routed<T>(app: App<T>) -> utoipa_actix_web::UtoipaApp<T>
where
    T: ServiceFactory<ServiceRequest, Config = (), Error = actix_web::Error, InitError = ()>,
{
    app.into_utoipa_app()
        .openapi(utoipa::openapi::OpenApi::new(
            utoipa::openapi::Info::new("Tiercel", env!("CARGO_PKG_VERSION")),
            utoipa::openapi::Paths::new(),
        ))
        .service(oauth::issue_token)
        .service(oauth::list_keys)
        .service(health::check_liveness)
        .service(health::check_readiness)
        .service(problems_page::explain_problem)
        .service(utoipa_actix_web::scope::scope("/v1").configure(v1::routes))
}

/// The contract as the code has it.
pub fn document() -> serde_json::Value {
    openapi::publish(&openapi::complete(routed(App::new()).split_for_parts().1))
}

/// Unknown paths, and known paths with another method.
async fn nothing_here(request: HttpRequest) -> HttpResponse {
    let known = request.resource_map().has_resource(request.path());
    if known && request.method() != Method::OPTIONS {
        let detail = format!("{} is not allowed on this path", request.method());
        return Problem::new(Kind::MethodNotAllowed, detail).error_response();
    }
    Problem::new(Kind::NotFound, "no operation has this path; see /docs").error_response()
}
