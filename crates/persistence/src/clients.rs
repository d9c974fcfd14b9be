//! Programs that may call the API. Secrets are high-entropy and kept as hashes only.

use crate::clock::from_micros;
use crate::crypto;
use crate::error::DbError;
use crate::mint;
use crate::store::{Source, Store};
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use tiercel_domain::ids::ClientId;
use uuid::Uuid;

/// A client, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub version: i64,
    pub name: String,
    /// Words of the closed list of scopes.
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// The secret before the last rotation is valid until then.
    pub former_secret_until: Option<DateTime<Utc>>,
    /// To a minute or so.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What recognises the secrets of a client.
#[derive(Debug, Clone)]
pub struct Hashes {
    current: String,
    /// The one before the last rotation, and the microsecond at which it ends.
    former: Option<(String, i64)>,
}

impl Hashes {
    /// Recognises no secret, at the same cost.
    pub fn nobody() -> Self {
        Self {
            current: "0".repeat(64),
            former: None,
        }
    }

    /// Whether this secret is valid now. Takes the same time whichever is wrong.
    pub fn hold(&self, secret: &str, now: DateTime<Utc>) -> bool {
        let given = crypto::sha256_hex(secret.as_bytes());
        let current = crypto::same(&given, &self.current);
        let former = self.former.as_ref().is_some_and(|(hash, until)| {
            crypto::same(&given, hash) && now.timestamp_micros() < *until
        });
        current | former
    }
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// The new secret, told once.
    Done(Client, String),
    /// Two secrets are valid already; a third would end the oldest one unasked.
    Overlapping,
    /// There is no such client, or it was revoked.
    Gone,
}

const SELECT: &str = "SELECT client.id, client.version, client.name, client.scopes, client.secret_hash, client.former_hash, client.former_until, client.created_at, client.revoked_at, client_use.last_used_at FROM client LEFT JOIN client_use ON client_use.client_id = client.id";

fn new_secret() -> Result<(String, String), DbError> {
    let secret = format!("tcl_{}", crypto::hex(&mint::secret::<32>()?));
    let hash = crypto::sha256_hex(secret.as_bytes());
    Ok((secret, hash))
}

/// Makes a client; the secret is told once, here, and never again.
pub async fn create(tx: &Tx, name: &str, scopes: &[&str]) -> Result<(Client, String), DbError> {
    let (secret, hash) = new_secret()?;
    let id = ClientId::from_bits(tx.mint());
    let sql = "INSERT INTO client (id, name, secret_hash, scopes, created_at, write_id) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        Uuid::from_u128(id.bits()).into(),
        name.into(),
        hash.into(),
        scopes.join(" ").into(),
        tx.micros().into(),
        tx.write_uuid().into(),
    ];
    run(tx, sql, values).await?;
    note(tx, id, 1, "created");
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let client = Client {
        id,
        version: 1,
        name: name.to_owned(),
        scopes,
        created_at: tx.at(),
        revoked_at: None,
        former_secret_until: None,
        last_used_at: None,
    };
    Ok((client, secret))
}

/// Gives a client a new secret; the former one stays valid until `former_until`, which may be past.
///
/// One conditional statement: of two rotations with overlap that meet, the second is refused.
pub async fn rotate(
    tx: &Tx,
    id: ClientId,
    former_until: DateTime<Utc>,
) -> Result<Rotated, DbError> {
    let (secret, hash) = new_secret()?;
    let sql = "UPDATE client SET former_hash = secret_hash, former_until = $1, secret_hash = $2, version = version + 1 WHERE id = $3 AND revoked_at IS NULL AND ($1 <= $4 OR former_until IS NULL OR former_until <= $4)";
    let values = [
        former_until.timestamp_micros().into(),
        hash.into(),
        Uuid::from_u128(id.bits()).into(),
        tx.micros().into(),
    ];
    let done = run(tx, sql, values).await? == 1;
    let found = find(tx, id).await?;
    let living = found.filter(|client| client.revoked_at.is_none());
    Ok(match living {
        Some(client) if done => {
            note(tx, id, client.version, "secret_rotated");
            Rotated::Done(client, secret)
        }
        Some(_) => Rotated::Overlapping,
        None => Rotated::Gone,
    })
}

/// Ends a client; its tokens are refused from now on. False where there is none or it ended before.
pub async fn revoke(tx: &Tx, id: ClientId) -> Result<bool, DbError> {
    let sql = "UPDATE client SET revoked_at = $1, version = version + 1 WHERE id = $2 AND revoked_at IS NULL";
    let values = [tx.micros().into(), Uuid::from_u128(id.bits()).into()];
    let done = run(tx, sql, values).await? == 1;
    if done && let Some(client) = find(tx, id).await? {
        note(tx, id, client.version, "revoked");
    }
    Ok(done)
}

async fn run(
    source: &impl Source,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbError> {
    let statement = Statement::from_sql_and_values(source.backend(), sql, values);
    let done = source.connection().execute_raw(statement).await?;
    Ok(done.rows_affected())
}

fn note(tx: &Tx, id: ClientId, version: i64, what: &'static str) {
    tx.note(Change {
        entity: "client",
        id: id.to_string(),
        version,
        what,
        customer: None,
        content: None,
        detail: Vec::new(),
    });
}

/// All clients, oldest first; there are few.
pub async fn all(source: &impl Source) -> Result<Vec<Client>, DbError> {
    let all = with_hashes(source).await?;
    Ok(all.into_iter().map(|(client, _)| client).collect())
}

/// All clients with what recognises their secrets, oldest first.
pub async fn with_hashes(source: &impl Source) -> Result<Vec<(Client, Hashes)>, DbError> {
    let sql = format!("{SELECT} ORDER BY client.id");
    let statement = Statement::from_string(source.backend(), sql);
    let rows = source.connection().query_all_raw(statement).await?;
    rows.iter().map(read).collect()
}

pub async fn find(source: &impl Source, id: ClientId) -> Result<Option<Client>, DbError> {
    let sql = format!("{SELECT} WHERE client.id = $1");
    let key = Uuid::from_u128(id.bits());
    let statement = Statement::from_sql_and_values(source.backend(), sql, [key.into()]);
    let row = source.connection().query_one_raw(statement).await?;
    let found = row.as_ref().map(read).transpose()?;
    Ok(found.map(|(client, _)| client))
}

/// Remembers when clients were last seen: Unix seconds, never moved back.
pub async fn mark_used(store: &Store, seen: &[(ClientId, i64)]) -> Result<(), DbError> {
    let sql = "INSERT INTO client_use (client_id, last_used_at) VALUES ($1, $2) ON CONFLICT (client_id) DO UPDATE SET last_used_at = excluded.last_used_at WHERE client_use.last_used_at < excluded.last_used_at";
    for (id, seconds) in seen {
        let micros = seconds.saturating_mul(1_000_000);
        let values = [Uuid::from_u128(id.bits()).into(), micros.into()];
        run(store, sql, values).await?;
    }
    Ok(())
}

fn read(row: &QueryResult) -> Result<(Client, Hashes), DbError> {
    let id: Uuid = row.try_get("", "id")?;
    let scopes: String = row.try_get("", "scopes")?;
    let at = |column: &str| row.try_get::<Option<i64>>("", column);
    let former_until = at("former_until")?;
    let former: Option<String> = row.try_get("", "former_hash")?;
    let client = Client {
        id: ClientId::from_bits(id.as_u128()),
        version: row.try_get("", "version")?,
        name: row.try_get("", "name")?,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        created_at: from_micros(row.try_get("", "created_at")?),
        revoked_at: at("revoked_at")?.map(from_micros),
        former_secret_until: former_until.map(from_micros),
        last_used_at: at("last_used_at")?.map(from_micros),
    };
    let hashes = Hashes {
        current: row.try_get("", "secret_hash")?,
        former: former.zip(former_until),
    };
    Ok((client, hashes))
}
