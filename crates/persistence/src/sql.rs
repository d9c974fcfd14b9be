//! Statements that both engines read alike, and the texts they have in common.

use crate::entity::journal;
use crate::error::DbError;
use crate::store::Source;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryResult, Statement, Value,
};
use uuid::Uuid;

/// How many ids one statement names.
pub const MANY: usize = 500;

/// To SQLite `$1` is a name, and it looks names up one by one: a statement with thousands of them
/// takes millions of comparisons. Above so many, parameters are told by their order alone.
const FEW_NAMES: usize = 16;

/// All rows of a query.
pub async fn rows(
    source: &impl Source,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, DbError> {
    let statement = statement(source, sql, values);
    Ok(source.connection().query_all_raw(statement).await?)
}

/// All rows of a query that selects the columns of an entity.
pub async fn models<E: EntityTrait>(
    source: &impl Source,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<E::Model>, DbError> {
    let query = E::find().from_raw_sql(statement(source, sql, values));
    Ok(query.all(source.connection()).await?)
}

/// Runs a statement; returns how many rows it changed.
pub async fn run(source: &impl Source, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
    let statement = statement(source, sql, values);
    Ok(source
        .connection()
        .execute_raw(statement)
        .await?
        .rows_affected())
}

fn statement(source: &impl Source, sql: &str, values: Vec<Value>) -> Statement {
    let backend = source.backend();
    let many = backend == DbBackend::Sqlite && values.len() > FEW_NAMES;
    let text = many.then(|| unnamed(sql)).flatten();
    Statement::from_sql_and_values(backend, text.unwrap_or_else(|| sql.to_owned()), values)
}

/// The same statement with `?` for `$1`, `$2` …, where each stands once and in its order.
fn unnamed(sql: &str) -> Option<String> {
    let mut parts = sql.split('$');
    let mut text = String::with_capacity(sql.len());
    text.push_str(parts.next()?);
    for (place, part) in (1_usize..).zip(parts) {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        if number.parse() != Ok(place) {
            return None;
        }
        text.push('?');
        text.push_str(rest);
    }
    Some(text)
}

/// `$from, $from+1, …`: place-holders for `count` values.
pub fn places(from: usize, count: usize) -> String {
    let all: Vec<String> = (from..from.saturating_add(count))
        .map(|place| format!("${place}"))
        .collect();
    all.join(", ")
}

/// Ids as the database holds them.
pub fn uuids(ids: impl IntoIterator<Item = u128>) -> Vec<Value> {
    ids.into_iter()
        .map(|id| Uuid::from_u128(id).into())
        .collect()
}

/// The condition on a versioned table `alias` that selects what was known: now, or at a position
/// of the journal, which is the statement's first value.
pub fn known(alias: &str, known_at: Option<i64>) -> String {
    match known_at {
        None => format!("{alias}.superseded_by IS NULL"),
        Some(_) => format!(
            "EXISTS (SELECT 1 FROM journal w WHERE w.write_id = {alias}.write_id AND w.position <= $1) \
             AND NOT EXISTS (SELECT 1 FROM journal s WHERE s.write_id = {alias}.superseded_by AND s.position <= $1)"
        ),
    }
}

/// The same for a query of an entity, by its two columns.
pub fn in_force<C: ColumnTrait>(write: C, superseded: C, known_at: Option<i64>) -> Condition {
    match known_at {
        None => Condition::all().add(superseded.is_null()),
        Some(position) => Condition::all()
            .add(numbered(write, position))
            .add(numbered(superseded, position).not()),
    }
}

/// Whether the write that a column names was numbered by a position.
pub fn numbered<C: ColumnTrait>(write: C, position: i64) -> Expr {
    let found: SelectStatement = Query::select()
        .expr(Expr::val(1))
        .from(journal::Entity)
        .and_where(
            Expr::col((journal::Entity, journal::Column::WriteId)).equals(write.as_column_ref()),
        )
        .and_where(Expr::col((journal::Entity, journal::Column::Position)).lte(position))
        .to_owned();
    Expr::exists(found)
}

#[cfg(test)]
mod tests {
    use super::unnamed;

    #[test]
    fn parameters_lose_their_names_where_their_order_tells_them() {
        let unnamed = |sql: &str| unnamed(sql).unwrap_or_default();
        assert_eq!(unnamed("a IN ($1, $2) AND b = $3"), "a IN (?, ?) AND b = ?");
        assert_eq!(unnamed("SELECT 1"), "SELECT 1");
        for sql in ["a = $2 AND b = $1", "a = $1 OR b = $1", "a = '$'"] {
            assert_eq!(unnamed(sql), "", "{sql}");
        }
    }
}
