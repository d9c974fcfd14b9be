//! `client …` and `token`: who may call the API.

use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use std::collections::BTreeSet;
use tiercel_domain::ids::ClientId;
use tiercel_http::scope::Scope;
use tiercel_http::token::{self, OPERATOR};
use tiercel_persistence::clients::{self, Client};
use tiercel_persistence::{Writing, Written, settings};

const WRITER: &str = "cli";

/// Reads `a,b`; every unknown scope is named.
pub fn parse_scopes(text: &str) -> Result<BTreeSet<Scope>, Failure> {
    text.split(',')
        .map(str::trim)
        .map(|word| {
            Scope::from_word(word).ok_or_else(|| {
                let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.word()).collect();
                Failure::usage(format!(
                    "`{word}` is not a scope; known are {}",
                    known.join(", ")
                ))
            })
        })
        .collect()
}

/// Prints a bearer token for this database.
pub fn print_token(opened: &Opened, scopes: &str, seconds: i64) -> Result<(), Failure> {
    output::line(make_token(opened, &parse_scopes(scopes)?, seconds)?);
    Ok(())
}

/// A token of the operator, who holds the database already.
pub fn make_token(
    opened: &Opened,
    scopes: &BTreeSet<Scope>,
    seconds: i64,
) -> Result<String, Failure> {
    let now = opened.store.clock().now();
    Ok(token::issue(
        &opened.keys.signing,
        OPERATOR,
        scopes,
        now,
        seconds,
    )?)
}

/// Makes a client and returns it with its secret.
pub async fn create(
    opened: &Opened,
    name: &str,
    scopes: &BTreeSet<Scope>,
) -> Result<(Client, String), Failure> {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    let writing = Writing {
        principal: WRITER,
        action: "client.created",
        retry: None,
    };
    let written = opened
        .store
        .write::<_, Failure>(&writing, async |tx| {
            Ok((clients::create(tx, name, &words).await?, None))
        })
        .await;
    match written {
        Ok(Written::Fresh { value, .. }) => Ok(value),
        Ok(_) => Err(Failure::new("the client was not made")),
        Err(failure) if failure.is_taken() => {
            Err(Failure::new(format!("a client `{name}` exists")))
        }
        Err(failure) => Err(failure),
    }
}

/// The first credential, once per database; `None` where it was made before.
pub async fn bootstrap(opened: &Opened) -> Result<Option<(Client, String)>, Failure> {
    let writing = Writing {
        principal: WRITER,
        action: "client.bootstrapped",
        retry: None,
    };
    let written = opened
        .store
        .write::<_, Failure>(&writing, async |tx| {
            if !settings::claim_bootstrap(tx).await? {
                return Ok((None, None));
            }
            let made = clients::create(tx, "bootstrap", &[Scope::Admin.word()]).await?;
            Ok((Some(made), None))
        })
        .await?;
    match written {
        Written::Fresh { value, .. } => Ok(value),
        _ => Ok(None),
    }
}

/// Prints a fresh credential: the only time the secret is shown.
pub fn print_credential(client: &Client, secret: &str, json: bool) {
    let credential = credential(client, secret);
    if json {
        output::line(credential.to_string());
    } else {
        output::line(format!("client_id     {}", client.id));
        output::line(format!("client_secret {secret}"));
        output::line(format!("scopes        {}", client.scopes.join(" ")));
        output::note("The secret is not shown again.");
    }
}

/// A credential as JSON, for `--json` and for the file of the first start.
pub fn credential(client: &Client, secret: &str) -> serde_json::Value {
    serde_json::json!({
        "client_id": client.id.to_string(),
        "client_secret": secret,
        "name": client.name,
        "scopes": client.scopes,
    })
}

pub async fn list(opened: &Opened, json: bool) -> Result<(), Failure> {
    for client in clients::all(&*opened.store).await? {
        let revoked = client.revoked_at.map(|at| at.to_rfc3339());
        if json {
            let line = serde_json::json!({
                "client_id": client.id.to_string(),
                "name": client.name,
                "scopes": client.scopes,
                "created_at": client.created_at.to_rfc3339(),
                "revoked_at": revoked,
            });
            output::line(line.to_string());
        } else {
            let state = revoked.map_or_else(|| "active".to_owned(), |at| format!("revoked {at}"));
            output::line(format!(
                "{} {} [{}] {state}",
                client.id,
                client.name,
                client.scopes.join(" ")
            ));
        }
    }
    Ok(())
}

/// Ends a client by id or name.
pub async fn revoke(opened: &Opened, wanted: &str) -> Result<(), Failure> {
    let all = clients::all(&*opened.store).await?;
    let found = all.iter().find(|client| {
        client.revoked_at.is_none()
            && (wanted.parse::<ClientId>() == Ok(client.id) || client.name == wanted)
    });
    let id = found
        .ok_or_else(|| Failure::new(format!("no active client `{wanted}`")))?
        .id;
    let writing = Writing {
        principal: WRITER,
        action: "client.revoked",
        retry: None,
    };
    opened
        .store
        .write::<_, Failure>(&writing, async |tx| {
            Ok((clients::revoke(tx, id).await?, None))
        })
        .await?;
    output::note(format!("{id} is revoked"));
    Ok(())
}
