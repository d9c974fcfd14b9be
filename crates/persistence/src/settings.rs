//! What is decided once for a database and never changes: base currency, zone, default region.

use crate::error::DbError;
use crate::store::{Source, Store, sealed::Sealed};
use crate::write::Tx;
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
