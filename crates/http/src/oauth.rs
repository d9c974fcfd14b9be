//! `POST /oauth/token`: a client shows its secret and gets a short-lived token.

use crate::body::Form;
use crate::credential::{Credential, basic};
use crate::problem::{Kind, Problem};
use crate::scope::Scope;
use crate::tenant::{self, Hosted};
use crate::token::{self, Principal};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;

/// Client credentials grant (RFC 6749, section 4.4); id and secret here or as Basic authorization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"grant_type": "client_credentials", "client_id": "cli_01k8z6v3q2e4r5t6y7a8b9c0de", "client_secret": "tcl_…", "scope": "discounts:decide routing:read"}))]
pub struct TokenRequest {
    pub grant_type: String,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
    /// Scopes separated by blanks; all of the client's where absent.
    pub scope: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ…", "token_type": "Bearer", "expires_in": 900, "scope": "discounts:decide routing:read"}))]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: String,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
}

/// An error as RFC 6749, section 5.2, spells it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"error": "invalid_client"}))]
pub struct TokenError {
    pub error: String,
}

/// Issue an access token
///
/// Exchanges a client's id and secret for a bearer token that lives 15 minutes.
#[utoipa::path(
    tag = "access",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token", body = TokenResponse),
        (status = 400, description = "The request is not a client credentials grant, or asks for a scope the client lacks", body = TokenError),
        (status = 401, description = "Unknown client or wrong secret", body = TokenError),
    )
)]
#[post("/oauth/token")]
pub async fn issue_token(
    request: HttpRequest,
    hosted: web::Data<Hosted>,
    form: Result<Form<TokenRequest>, Problem>,
) -> Result<HttpResponse, Problem> {
    let form = match form {
        Ok(Form(form)) => form,
        Err(problem) if problem.kind() == Kind::Overloaded => return Err(problem),
        Err(_) => return Ok(refused(400, "invalid_request")),
    };
    if form.grant_type != "client_credentials" {
        return Ok(refused(400, "unsupported_grant_type"));
    }
    let twice =
        form.client_secret.is_some() && request.headers().contains_key(header::AUTHORIZATION);
    if twice {
        return Ok(refused(400, "invalid_request"));
    }
    let Some((id, secret)) = credentials(&request, &form) else {
        return Ok(refused(401, "invalid_client"));
    };
    let Some(client) = client(&request, &hosted, &id, &secret).await? else {
        return Ok(refused(401, "invalid_client"));
    };
    let Some(scopes) = granted(&client, form.scope.as_deref()) else {
        return Ok(refused(400, "invalid_scope"));
    };
    let principal = Principal {
        scopes,
        ..client.as_ref().clone()
    };
    answer(&hosted, &principal)
}

/// The client with this secret, counted as one of its requests.
async fn client(
    request: &HttpRequest,
    hosted: &Hosted,
    id: &str,
    secret: &str,
) -> Result<Option<Arc<Principal>>, Problem> {
    let credential = Credential::Secret {
        id: id.into(),
        secret: secret.into(),
    };
    let Some(caller) = tenant::find_caller(hosted, &credential).await? else {
        return Ok(None);
    };
    tenant::count(request, &caller, hosted.now())?;
    Ok(Some(caller.principal))
}

fn answer(hosted: &Hosted, principal: &Principal) -> Result<HttpResponse, Problem> {
    let now = hosted.now();
    let signer = hosted.verifier.signer(now)?;
    let access_token = token::issue(&signer, principal, now, token::LIFETIME)?;
    let words: Vec<&str> = principal.scopes.iter().map(|scope| scope.word()).collect();
    let body = TokenResponse {
        access_token,
        token_type: "Bearer".into(),
        expires_in: token::LIFETIME,
        scope: words.join(" "),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body))
}

fn refused(status: u16, error: &str) -> HttpResponse {
    let body = TokenError {
        error: error.to_owned(),
    };
    let mut response = match status {
        401 => HttpResponse::Unauthorized(),
        _ => HttpResponse::BadRequest(),
    };
    if status == 401 {
        response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"tiercel\""));
    }
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body)
}

fn credentials(request: &HttpRequest, form: &TokenRequest) -> Option<(String, String)> {
    if let (Some(id), Some(secret)) = (&form.client_id, &form.client_secret) {
        return Some((id.clone(), secret.clone()));
    }
    basic(request.headers().get(header::AUTHORIZATION)?)
}

/// What is asked for, where the client has all of it.
fn granted(client: &Principal, asked: Option<&str>) -> Option<BTreeSet<Scope>> {
    let owned = &client.scopes;
    let Some(asked) = asked else {
        return Some(owned.clone());
    };
    let asked: Option<BTreeSet<Scope>> = asked.split_whitespace().map(Scope::from_word).collect();
    asked.filter(|asked| owned.contains(&Scope::Admin) || asked.is_subset(owned))
}

/// Publish the keys that sign tokens
///
/// A JSON Web Key Set (RFC 7517). A new key stands there before it signs, an old one until the last
/// token it signed has ended.
#[utoipa::path(tag = "access", responses((status = 200, description = "The public keys", body = Object)))]
#[get("/.well-known/jwks.json")]
pub async fn list_keys(hosted: web::Data<Hosted>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "max-age=300"))
        .json(hosted.verifier.jwks(hosted.now()))
}
