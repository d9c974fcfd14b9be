//! Programs that may call the API. Secrets are high-entropy and kept as hashes only.

use crate::clock::from_micros;
use crate::crypto;
use crate::error::DbError;
use crate::mint;
use crate::store::{Source, sealed::Sealed};
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use tiercel_domain::ids::ClientId;
use uuid::Uuid;

/// A client, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    /// Words of the closed list of scopes.
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "id, name, secret_hash, scopes, created_at, revoked_at";

/// Makes a client; the secret is told once, here, and never again.
pub async fn create(tx: &Tx, name: &str, scopes: &[&str]) -> Result<(Client, String), DbError> {
    let secret = format!("tcl_{}", crypto::hex(&mint::secret::<32>()?));
    let id = ClientId::from_bits(tx.mint());
    let sql = "INSERT INTO client (id, name, secret_hash, scopes, created_at, write_id) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        Uuid::from_u128(id.bits()).into(),
        name.into(),
        crypto::sha256_hex(secret.as_bytes()).into(),
        scopes.join(" ").into(),
        tx.micros().into(),
        tx.write_uuid().into(),
    ];
    tx.connection()
        .execute_raw(Statement::from_sql_and_values(tx.backend(), sql, values))
        .await?;
    note(tx, id, "created");
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let client = Client {
        id,
        name: name.to_owned(),
        scopes,
        created_at: tx.at(),
        revoked_at: None,
    };
    Ok((client, secret))
}

/// Ends a client; its tokens are refused from now on. False where there is none or it ended before.
pub async fn revoke(tx: &Tx, id: ClientId) -> Result<bool, DbError> {
    let sql = "UPDATE client SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    let values = [tx.micros().into(), Uuid::from_u128(id.bits()).into()];
    let done = tx
        .connection()
        .execute_raw(Statement::from_sql_and_values(tx.backend(), sql, values))
        .await?;
    if done.rows_affected() == 1 {
        note(tx, id, "revoked");
    }
    Ok(done.rows_affected() == 1)
}

fn note(tx: &Tx, id: ClientId, what: &'static str) {
    tx.note(Change {
        entity: "client",
        id: id.to_string(),
        version: 1,
        what,
        customer: None,
        content: None,
        detail: Vec::new(),
    });
}

/// All clients, oldest first; there are few.
pub async fn all(source: &impl Source) -> Result<Vec<Client>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM client ORDER BY created_at, id");
    let rows = source
        .connection()
        .query_all_raw(Statement::from_string(source.backend(), sql))
        .await?;
    rows.iter().map(|row| Ok(read(row)?.0)).collect()
}

/// The client whose id and secret these are. An unknown id costs the same work as a wrong secret.
pub async fn authenticate(
    source: &impl Source,
    id: Option<ClientId>,
    secret: &str,
) -> Result<Option<Client>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM client WHERE id = $1 AND revoked_at IS NULL");
    let key = Uuid::from_u128(id.map_or(0, ClientId::bits));
    let statement = Statement::from_sql_and_values(source.backend(), sql, [key.into()]);
    let row = source.connection().query_one_raw(statement).await?;
    let found = row.as_ref().map(read).transpose()?;
    let given = crypto::sha256_hex(secret.as_bytes());
    let kept = found
        .as_ref()
        .map_or_else(|| "0".repeat(64), |(_, hash)| hash.clone());
    Ok(found
        .filter(|_| crypto::same(&given, &kept))
        .map(|(client, _)| client))
}

fn read(row: &QueryResult) -> Result<(Client, String), DbError> {
    let id: Uuid = row.try_get("", "id")?;
    let scopes: String = row.try_get("", "scopes")?;
    let revoked_at: Option<i64> = row.try_get("", "revoked_at")?;
    let client = Client {
        id: ClientId::from_bits(id.as_u128()),
        name: row.try_get("", "name")?,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        created_at: from_micros(row.try_get("", "created_at")?),
        revoked_at: revoked_at.map(from_micros),
    };
    Ok((client, row.try_get("", "secret_hash")?))
}
