//! `client …` and `token`: who may call the API.

use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use chrono::TimeDelta;
use std::collections::BTreeSet;
use tiercel_domain::ids::ClientId;
use tiercel_http::scope::Scope;
use tiercel_http::token::{self, OPERATOR, Principal};
use tiercel_persistence::clients::{self, Client, Rotated};
use tiercel_persistence::{Tx, Writing, Written, keys, settings};

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
    let signer = keys::signer(&opened.keys.signing, now);
    let signer = signer.ok_or_else(|| Failure::new("there is no signing key"))?;
    let principal = Principal {
        subject: OPERATOR.to_owned(),
        scopes: scopes.clone(),
        customer: None,
    };
    Ok(token::issue(signer, &principal, now, seconds)?)
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
                "last_used_at": client.last_used_at.map(|at| at.to_rfc3339()),
                "former_secret_until": client.former_secret_until.map(|at| at.to_rfc3339()),
                "revoked_at": revoked,
            });
            output::line(line.to_string());
        } else {
            let used = client.last_used_at.map(|at| at.to_rfc3339());
            let used = used.unwrap_or_else(|| "never".to_owned());
            let state = revoked.map_or_else(|| "active".to_owned(), |at| format!("revoked {at}"));
            let state = format!("{state}, last used {used}");
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

/// The client of this id or name that was not revoked.
async fn living(opened: &Opened, wanted: &str) -> Result<ClientId, Failure> {
    let all = clients::all(&*opened.store).await?;
    let found = all.iter().find(|client| {
        client.revoked_at.is_none()
            && (wanted.parse::<ClientId>() == Ok(client.id) || client.name == wanted)
    });
    let client = found.ok_or_else(|| Failure::new(format!("no active client `{wanted}`")))?;
    Ok(client.id)
}

/// Gives a client a new secret; the former one ends after some hours, or now.
pub async fn rotate(
    opened: &Opened,
    wanted: &str,
    overlap_hours: i64,
) -> Result<(Client, String), Failure> {
    let id = living(opened, wanted).await?;
    let now = opened.store.clock().now();
    let until = now.checked_add_signed(TimeDelta::hours(overlap_hours));
    let writing = Writing {
        principal: WRITER,
        action: "client.secret_rotated",
        retry: None,
    };
    let change = async |tx: &Tx| Ok((clients::rotate(tx, id, until.unwrap_or(now)).await?, None));
    match opened.store.write::<_, Failure>(&writing, change).await? {
        Written::Fresh {
            value: Rotated::Done(client, secret),
            ..
        } => Ok((client, secret)),
        Written::Fresh {
            value: Rotated::Overlapping,
            ..
        } => Err(Failure::new(
            "two secrets are valid already; --overlap-hours 0 ends the former ones now",
        )),
        _ => Err(Failure::new(format!("no active client `{wanted}`"))),
    }
}

/// Ends a client by id or name.
pub async fn revoke(opened: &Opened, wanted: &str) -> Result<(), Failure> {
    let id = living(opened, wanted).await?;
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
