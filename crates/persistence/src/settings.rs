//! What is decided once for a database and never changes: base currency, zone, default region.

use crate::error::DbError;
use crate::store::{Source, Store, sealed::Sealed};
use crate::write::{Change, Tx};
use sea_orm::{ConnectionTrait, Statement};
use tiercel_domain::currency::Currency;

/// The tenant's constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Amounts are compared and summed in this currency.
    pub base_currency: Currency,
    /// IANA name of the zone that turns instants into business dates.
    pub zone: String,
    /// ISO 3166-1 alpha-2: how a phone number without a country code is read.
    pub default_region: String,
}

/// Keeps `wanted` in an empty database; in any other, returns what was kept first.
pub async fn settle(store: &Store, wanted: &Settings) -> Result<Settings, DbError> {
    let pairs = [
        ("base_currency", wanted.base_currency.code()),
        ("default_region", &wanted.default_region),
        ("zone", &wanted.zone),
    ];
    for (name, value) in pairs {
        let sql = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        let statement =
            Statement::from_sql_and_values(store.backend(), sql, [name.into(), value.into()]);
        store.connection().execute_raw(statement).await?;
    }
    read(store).await
}

/// Takes the one chance to make the first credential; false where it was taken before.
pub async fn claim_bootstrap(tx: &Tx) -> Result<bool, DbError> {
    let sql = "INSERT INTO setting (name, value) VALUES ('bootstrapped', $1) ON CONFLICT (name) DO NOTHING";
    let at = tx.at().to_rfc3339();
    let statement = Statement::from_sql_and_values(tx.backend(), sql, [at.into()]);
    Ok(tx
        .connection()
        .execute_raw(statement)
        .await?
        .rows_affected()
        == 1)
}

/// What this database settled on.
pub async fn read(source: &impl Source) -> Result<Settings, DbError> {
    let sql = "SELECT name, value FROM setting ORDER BY name";
    let rows = source
        .connection()
        .query_all_raw(Statement::from_string(source.backend(), sql))
        .await?;
    let mut found = std::collections::BTreeMap::new();
    for row in rows {
        let name: String = row.try_get("", "name")?;
        found.insert(name, row.try_get::<String>("", "value")?);
    }
    let mut take = |name: &str| {
        found
            .remove(name)
            .ok_or_else(|| DbError::corrupt("setting", format!("`{name}` is missing")))
    };
    let base = take("base_currency")?;
    Ok(Settings {
        base_currency: base
            .parse()
            .map_err(|error| DbError::corrupt("setting", error))?,
        zone: take("zone")?,
        default_region: take("default_region")?,
    })
}

const FOUR_EYES: &str = "four_eyes";

/// Whether whoever drafted or changed a document may not publish it.
pub async fn four_eyes(source: &impl Source) -> Result<bool, DbError> {
    let sql = "SELECT value FROM setting WHERE name = $1";
    let statement = Statement::from_sql_and_values(source.backend(), sql, [FOUR_EYES.into()]);
    let row = source.connection().query_one_raw(statement).await?;
    let value: Option<String> = row.map(|row| row.try_get("", "value")).transpose()?;
    Ok(value.as_deref() == Some("true"))
}

/// Decides it, from now on.
pub async fn set_four_eyes(tx: &Tx, wanted: bool) -> Result<(), DbError> {
    let sql = "INSERT INTO setting (name, value) VALUES ($1, $2) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let values = [FOUR_EYES.into(), wanted.to_string().into()];
    let statement = Statement::from_sql_and_values(tx.backend(), sql, values);
    tx.connection().execute_raw(statement).await?;
    tx.note(Change {
        entity: "setting",
        id: FOUR_EYES.to_owned(),
        version: count(tx, "four_eyes_version").await?,
        what: "decided",
        customer: None,
        content: None,
        detail: vec![("value", wanted.to_string())],
    });
    Ok(())
}

/// Counts something that happens again; whoever counts the same thing meanwhile waits.
pub(crate) async fn count(tx: &Tx, name: &str) -> Result<i64, DbError> {
    let sql = "INSERT INTO setting (name, value) VALUES ($1, '1') ON CONFLICT (name) DO UPDATE \
               SET value = CAST(CAST(setting.value AS BIGINT) + 1 AS TEXT) RETURNING value";
    let statement = Statement::from_sql_and_values(tx.backend(), sql, [name.into()]);
    let row = tx.connection().query_one_raw(statement).await?;
    let value: Option<String> = row.map(|row| row.try_get("", "value")).transpose()?;
    let value = value.and_then(|text| text.parse().ok());
    value.ok_or_else(|| DbError::corrupt("setting", format!("`{name}` is no number")))
}
