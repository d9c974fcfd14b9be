//! The application: all routes, limits and defaults, the same for the server and the recorded contract.

use crate::health;
use crate::instance::Instance;
use crate::intake::{self, Parameterless};
use crate::methods::{self, Methods};
use crate::tenant::{self, Hosted};
use crate::{cors, hull, limit, metrics, oauth, openapi, problems_page, v1};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, web};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Builds the application for one worker.
pub fn build(
    hosted: web::Data<Hosted>,
    instance: web::Data<Instance>,
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
    let methods = web::Data::new(Methods::of(&document));
    let docs = SwaggerUi::new("/docs/{_:.*}")
        .external_url_unchecked("/openapi/v1.json", openapi::publish(&document))
        .config(
            Config::new(["/openapi/v1.json"])
                .try_it_out_enabled(true)
                .persist_authorization(true),
        );
    app.app_data(hosted)
        .app_data(instance)
        .app_data(parameterless)
        .app_data(methods)
        .service(web::redirect("/docs", "/docs/"))
        .service(docs)
        .default_service(web::to(methods::answer_other))
        .wrap(actix_web::middleware::from_fn(tenant::admit))
        .wrap(actix_web::middleware::from_fn(intake::check))
        .wrap(actix_web::middleware::from_fn(limit::tell))
        .wrap(actix_web::middleware::from_fn(cors::allow))
        .wrap(actix_web::middleware::from_fn(hull::attach))
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
        .service(metrics::read_metrics)
        .service(problems_page::explain_problem)
        .service(utoipa_actix_web::scope::scope("/v1").configure(v1::routes))
}

/// The contract as the code has it.
pub fn document() -> serde_json::Value {
    openapi::publish(&openapi::complete(routed(App::new()).split_for_parts().1))
}
