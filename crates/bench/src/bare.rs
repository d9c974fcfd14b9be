//! The bare framework: the same bytes to everybody whose token is good, by the same token check.

use crate::failure::{Failure, Outcome};
use crate::output;
use crate::place::Place;
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use clap::Args;
use std::net::TcpListener;
use std::path::PathBuf;
use tiercel_http::credential;
use tiercel_http::issuers::Issuers;
use tiercel_http::limit::Limits;
use tiercel_http::verifier::Verifier;
use tiercel_persistence::keys::MasterKey;
use tiercel_persistence::{Clock, Store};

/// What to answer.
#[derive(Debug, Args)]
pub struct Bare {
    /// The bytes of every answer
    #[arg(long)]
    pub answer: PathBuf,
}

struct Scene {
    verifier: Verifier,
    clock: Clock,
    answer: Bytes,
}

/// Answers until it is killed; says so on stderr as `tiercel serve` does.
pub async fn run(place: &Place, bare: &Bare) -> Outcome<()> {
    let store = Store::connect(&place.database(), Clock::System).await?;
    let issuers = Issuers::new(Vec::new())?;
    let master = master_key(place)?;
    let verifier = Verifier::load(&store, master, Limits::default(), issuers).await?;
    let scene = Data::new(Scene {
        verifier,
        clock: Clock::System,
        answer: Bytes::from(std::fs::read(&bare.answer)?),
    });
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let app = move || {
        App::new()
            .app_data(scene.clone())
            .default_service(web::to(answer))
    };
    let server = HttpServer::new(app).workers(1).listen(listener)?.run();
    output::note(format!("the bare framework listens on http://{address}"));
    Ok(server.await?)
}

async fn answer(request: HttpRequest, _body: Bytes, scene: Data<Scene>) -> HttpResponse {
    let given = credential::given(&request).ok().flatten();
    let caller = given.and_then(|it| scene.verifier.verify(&it, scene.clock.now()));
    match caller {
        Some(_) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .body(scene.answer.clone()),
        None => HttpResponse::Unauthorized().finish(),
    }
}

fn master_key(place: &Place) -> Outcome<MasterKey> {
    let text = std::fs::read_to_string(place.data.join("master.key"))?;
    let byte = |at: usize| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes
        .map(MasterKey::new)
        .ok_or_else(|| Failure::new("master.key is damaged"))
}
