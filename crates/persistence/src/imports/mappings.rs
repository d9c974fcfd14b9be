//! Mapping documents by name, in numbered versions; their content is opaque here.

use crate::clock::from_micros;
use crate::crypto;
use crate::entity::import_mapping;
use crate::error::DbError;
use crate::store::{Source, sealed::Sealed};
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// One version of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub name: String,
    pub version: i64,
    /// JSON.
    pub body: String,
    pub recorded_at: DateTime<Utc>,
}

/// What became of a mapping that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    Created,
    Updated { version: i64 },
    Unchanged { version: i64 },
}

/// Saves a mapping as the next version of its name, unless it is what is known already.
pub async fn put(tx: &Tx, name: &str, body: &str) -> Result<Saved, DbError> {
    let known = find(tx, name, None).await?;
    let version = match &known {
        Some(known) if known.body == body => {
            let version = known.version;
            return Ok(Saved::Unchanged { version });
        }
        Some(known) => known.version.saturating_add(1),
        None => 1,
    };
    import_mapping::Entity::update_many()
        .col_expr(
            import_mapping::Column::SupersededBy,
            Expr::value(tx.write_uuid()),
        )
        .filter(import_mapping::Column::Name.eq(name))
        .filter(import_mapping::Column::SupersededBy.is_null())
        .exec(tx.connection())
        .await?;
    let row = import_mapping::ActiveModel {
        name: Set(name.to_owned()),
        version: Set(version),
        body: Set(body.to_owned()),
        write_id: Set(tx.write_uuid()),
        recorded_at: Set(tx.micros()),
        superseded_by: Set(None),
    };
    import_mapping::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await
        .map_err(came_first)?;
    let (what, saved) = match known {
        None => ("created", Saved::Created),
        Some(_) => ("updated", Saved::Updated { version }),
    };
    tx.note(Change {
        entity: "import_mapping",
        id: name.to_owned(),
        version,
        what,
        customer: None,
        content: Some(crypto::sha256_hex(body.as_bytes())),
        detail: Vec::new(),
    });
    Ok(saved)
}

/// A version that another write took meanwhile: the next attempt sees it.
fn came_first(error: sea_orm::DbErr) -> DbError {
    match DbError::from(error) {
        DbError::Taken(detail) => DbError::Conflict(detail),
        other => other,
    }
}

/// A mapping as it is now, or one of its versions.
pub async fn find(
    source: &impl Source,
    name: &str,
    version: Option<i64>,
) -> Result<Option<Mapping>, DbError> {
    let query = import_mapping::Entity::find().filter(import_mapping::Column::Name.eq(name));
    let query = match version {
        Some(version) => query.filter(import_mapping::Column::Version.eq(version)),
        None => query.filter(import_mapping::Column::SupersededBy.is_null()),
    };
    let row = query.one(source.connection()).await?;
    Ok(row.map(to_mapping))
}

/// Mappings in order of their names; `after` is the last one of the page before.
pub async fn list(
    source: &impl Source,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Mapping>, DbError> {
    let mut query =
        import_mapping::Entity::find().filter(import_mapping::Column::SupersededBy.is_null());
    if let Some(after) = after {
        query = query.filter(import_mapping::Column::Name.gt(after));
    }
    let rows = query
        .order_by_asc(import_mapping::Column::Name)
        .limit(limit)
        .all(source.connection())
        .await?;
    Ok(rows.into_iter().map(to_mapping).collect())
}

fn to_mapping(row: import_mapping::Model) -> Mapping {
    Mapping {
        name: row.name,
        version: row.version,
        body: row.body,
        recorded_at: from_micros(row.recorded_at),
    }
}
