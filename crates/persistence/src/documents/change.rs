//! How versions come to be: drafted, replaced while they are drafts, published, retired.

use super::{DocumentKind, DocumentStatus, StoredDocument, find, id_of};
use crate::crypto;
use crate::entity::document;
use crate::error::DbError;
use crate::settings;
use crate::store::{Store, sealed::Sealed};
use crate::write::{Change, Tx, Writing};
use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, UpdateMany};
use tiercel_domain::ids::DocumentId;
use uuid::Uuid;

/// A version to begin with.
#[derive(Debug, Clone, Copy)]
pub struct NewDraft<'a> {
    pub kind: DocumentKind,
    /// Names the document; a code that is not known begins a new one.
    pub code: &'a str,
    /// Canonical JSON.
    pub body: &'a str,
    pub author: &'a str,
}

/// Adds the next version of the document with the code, or the first.
pub async fn create_draft(tx: &Tx, draft: &NewDraft<'_>) -> Result<StoredDocument, DbError> {
    let place = next(tx, draft).await?;
    insert(tx, draft, place, None).await
}

/// Lets nobody else decide meanwhile which documents of a kind are in force.
pub async fn one_at_a_time(tx: &Tx, kind: DocumentKind) -> Result<(), DbError> {
    let name = format!("decisions_about_{}", kind.word());
    settings::count(tx, &name).await?;
    Ok(())
}

/// The id of a document and its next version; those of a new one where none has the code.
async fn next(tx: &Tx, draft: &NewDraft<'_>) -> Result<(u128, i64), DbError> {
    let last = document::Entity::find()
        .filter(document::Column::Kind.eq(draft.kind.word()))
        .filter(document::Column::Code.eq(draft.code))
        .order_by_desc(document::Column::Version)
        .one(tx.connection())
        .await?;
    let id = last
        .as_ref()
        .map_or_else(|| tx.mint(), |row| row.document_id.as_u128());
    Ok((id, last.map_or(1, |row| row.version.saturating_add(1))))
}

async fn insert(
    tx: &Tx,
    draft: &NewDraft<'_>,
    (id, version): (u128, i64),
    effective_from: Option<NaiveDate>,
) -> Result<StoredDocument, DbError> {
    let published = effective_from.is_some();
    let status = if published {
        DocumentStatus::Published
    } else {
        DocumentStatus::Draft
    };
    let row = document::ActiveModel {
        kind: Set(draft.kind.word().to_owned()),
        document_id: Set(Uuid::from_u128(id)),
        code: Set(draft.code.to_owned()),
        version: Set(version),
        revision: Set(1),
        status: Set(status.word().to_owned()),
        body: Set(draft.body.to_owned()),
        body_hash: Set(crypto::sha256_hex(draft.body.as_bytes())),
        effective_from: Set(effective_from),
        created_by: Set(draft.author.to_owned()),
        created_at: Set(tx.micros()),
        published_by: Set(published.then(|| draft.author.to_owned())),
        published_at: Set(published.then_some(tx.micros())),
        retired_at: Set(None),
        write_id: Set(tx.write_uuid()),
        published_write: Set(published.then(|| tx.write_uuid())),
        retired_write: Set(None),
        changed_by: Set(None),
    };
    document::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await
        .map_err(|error| came_first(error.into()))?;
    let id = DocumentId::from_bits(id);
    let what = if published { "published" } else { "drafted" };
    settled(tx, draft.kind, id, version, what).await
}

/// Gives a draft another body.
///
/// # Errors
/// `Conflict` where it is not the draft that was read any more: read again.
pub async fn replace_draft(
    tx: &Tx,
    draft: &StoredDocument,
    body: &str,
    author: &str,
) -> Result<StoredDocument, DbError> {
    let update = bump(tx, draft, DocumentStatus::Draft)
        .col_expr(document::Column::Body, Expr::value(body))
        .col_expr(
            document::Column::BodyHash,
            Expr::value(crypto::sha256_hex(body.as_bytes())),
        )
        .col_expr(document::Column::ChangedBy, Expr::value(Some(author)));
    change(tx, draft, update, "replaced").await
}

/// Puts a draft in force from a day on.
///
/// # Errors
/// `Conflict` where it is not the draft that was read any more: read again.
pub async fn publish(
    tx: &Tx,
    draft: &StoredDocument,
    effective_from: NaiveDate,
    author: &str,
) -> Result<StoredDocument, DbError> {
    let update = bump(tx, draft, DocumentStatus::Draft)
        .col_expr(
            document::Column::Status,
            Expr::value(DocumentStatus::Published.word()),
        )
        .col_expr(document::Column::EffectiveFrom, Expr::value(effective_from))
        .col_expr(document::Column::PublishedBy, Expr::value(author))
        .col_expr(document::Column::PublishedAt, Expr::value(tx.micros()))
        .col_expr(
            document::Column::PublishedWrite,
            Expr::value(Some(tx.write_uuid())),
        );
    change(tx, draft, update, "published").await
}

/// Publishes a copy of a version that was published before, as the next version.
pub async fn roll_back(
    tx: &Tx,
    former: &StoredDocument,
    effective_from: NaiveDate,
    author: &str,
) -> Result<StoredDocument, DbError> {
    let copy = NewDraft {
        kind: former.kind,
        code: &former.code,
        body: &former.body,
        author,
    };
    let place = next(tx, &copy).await?;
    insert(tx, &copy, place, Some(effective_from)).await
}

/// Takes a published version out of force.
///
/// # Errors
/// `Conflict` where it is not the version that was read any more: read again.
pub async fn retire(tx: &Tx, published: &StoredDocument) -> Result<StoredDocument, DbError> {
    let update = bump(tx, published, DocumentStatus::Published)
        .col_expr(
            document::Column::Status,
            Expr::value(DocumentStatus::Retired.word()),
        )
        .col_expr(document::Column::RetiredAt, Expr::value(tx.micros()))
        .col_expr(
            document::Column::RetiredWrite,
            Expr::value(Some(tx.write_uuid())),
        );
    change(tx, published, update, "retired").await
}

/// Publishes `body` (canonical JSON) as the first version of a document unless it exists; safe
/// where many instances start at once. In force since ever, so that past dates can be evaluated.
pub async fn seed(
    store: &Store,
    kind: DocumentKind,
    code: &str,
    body: &str,
) -> Result<(), DbError> {
    if id_of(store, kind, code).await?.is_some() {
        return Ok(());
    }
    let writing = Writing {
        principal: "system",
        action: "document.published",
        retry: None,
    };
    let first = NewDraft {
        kind,
        code,
        body,
        author: writing.principal,
    };
    let since_ever = NaiveDate::from_ymd_opt(1900, 1, 1);
    store
        .write(&writing, async |tx| {
            if id_of(tx, kind, code).await?.is_none() {
                // The first and no other: where another instance was faster, the look is repeated.
                insert(tx, &first, (tx.mint(), 1), since_ever).await?;
            }
            Ok::<_, DbError>(((), None))
        })
        .await?;
    Ok(())
}

/// An update of exactly the revision that was read, in the status that the change asks for.
fn bump(tx: &Tx, read: &StoredDocument, status: DocumentStatus) -> UpdateMany<document::Entity> {
    document::Entity::update_many()
        .col_expr(
            document::Column::Revision,
            Expr::value(read.revision.saturating_add(1)),
        )
        .col_expr(document::Column::WriteId, Expr::value(tx.write_uuid()))
        .filter(document::Column::Kind.eq(read.kind.word()))
        .filter(document::Column::DocumentId.eq(Uuid::from_u128(read.id.bits())))
        .filter(document::Column::Version.eq(read.version))
        .filter(document::Column::Revision.eq(read.revision))
        .filter(document::Column::Status.eq(status.word()))
}

async fn change(
    tx: &Tx,
    read: &StoredDocument,
    update: UpdateMany<document::Entity>,
    what: &'static str,
) -> Result<StoredDocument, DbError> {
    let done = update.exec(tx.connection()).await?;
    if done.rows_affected != 1 {
        return Err(DbError::Conflict("the document has changed".into()));
    }
    settled(tx, read.kind, read.id, read.version, what).await
}

async fn settled(
    tx: &Tx,
    kind: DocumentKind,
    id: DocumentId,
    version: i64,
    what: &'static str,
) -> Result<StoredDocument, DbError> {
    let document = find(tx, kind, id, version)
        .await?
        .ok_or_else(|| DbError::corrupt("document", "a version vanished while it was written"))?;
    tx.note(Change {
        entity: "document",
        id: id.to_string(),
        version,
        what,
        customer: None,
        content: Some(document.hash.clone()),
        detail: vec![
            ("kind", kind.word().to_owned()),
            ("code", document.code.clone()),
        ],
    });
    Ok(document)
}

/// A version number that another write took meanwhile: the next attempt sees it.
fn came_first(error: DbError) -> DbError {
    match error {
        DbError::Taken(detail) => DbError::Conflict(detail),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::in_force_each;
    use crate::test_store;
    use crate::write::Written;
    use sea_orm::{ConnectionTrait, Statement};

    const KIND: DocumentKind = DocumentKind::CreditPolicy;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    async fn within<T>(
        store: &Store,
        change: impl AsyncFn(&Tx) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let change = async |tx: &Tx| Ok::<_, DbError>((change(tx).await?, None));
        match store.write(&test_store::writing(), change).await? {
            Written::Fresh { value, .. } => Ok(value),
            other => panic!("not fresh: {}", matches!(other, Written::InFlight)),
        }
    }

    async fn draft(store: &Store) -> StoredDocument {
        let draft = NewDraft {
            kind: KIND,
            code: "default",
            body: "{}",
            author: "test",
        };
        within(store, async |tx| create_draft(tx, &draft).await)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn the_latest_first_day_decides_and_retiring_brings_the_former_back() {
        let (_dir, store) = test_store::open().await;
        for _ in 0..2 {
            seed(&store, KIND, "default", "{}").await.unwrap();
        }
        let second = draft(&store).await;
        assert_eq!((second.version, second.status), (2, DocumentStatus::Draft));
        let publishing = async |tx: &Tx| publish(tx, &second, day("2026-02-01"), "test").await;
        let second = within(&store, publishing).await.unwrap();
        let on = async |text: &str| {
            let found = in_force_each(&store, KIND, day(text)).await.unwrap();
            found.last().map(|found| found.version)
        };
        assert_eq!(on("2013-06-30").await, Some(1));
        assert_eq!(on("2026-01-31").await, Some(1));
        assert_eq!(on("2026-02-01").await, Some(2));
        within(&store, async |tx| retire(tx, &second).await)
            .await
            .unwrap();
        assert_eq!(on("2026-02-01").await, Some(1));
    }

    #[tokio::test]
    async fn only_the_draft_that_was_read_is_replaced() {
        let (_dir, store) = test_store::open().await;
        let first = draft(&store).await;
        let replaced = within(&store, async |tx| {
            replace_draft(tx, &first, "[]", "test").await
        })
        .await
        .unwrap();
        assert_eq!((replaced.revision, replaced.body.as_str()), (2, "[]"));
        let stale = within(&store, async |tx| {
            replace_draft(tx, &first, "[1]", "test").await
        })
        .await;
        assert!(matches!(stale, Err(DbError::Conflict(_))));
    }

    #[tokio::test]
    async fn the_database_itself_refuses_to_change_what_is_published() {
        let (_dir, store) = test_store::open().await;
        seed(&store, KIND, "default", "{}").await.unwrap();
        let run = async |sql: &str| {
            let statement = Statement::from_string(store.db.get_database_backend(), sql);
            store.db.execute_raw(statement).await
        };
        for sql in [
            "UPDATE document SET body = '[]'",
            "UPDATE document SET effective_from = '2030-01-01'",
            "UPDATE document SET version = 7",
            "UPDATE document SET code = 'other'",
            "UPDATE document SET status = 'draft'",
            "DELETE FROM document",
        ] {
            let error = run(sql).await.unwrap_err().to_string();
            assert!(error.contains("never changes"), "{sql}: {error}");
        }
        let retired = "UPDATE document SET status = 'retired', retired_at = 1";
        assert_eq!(run(retired).await.unwrap().rows_affected(), 1);
        let back = run("UPDATE document SET status = 'published'").await;
        assert!(back.is_err());
    }
}
