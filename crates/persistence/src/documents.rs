//! Evaluation models and service policies: opaque canonical documents in numbered versions.
//!
//! | read    | here                                                             |
//! | changed | `documents/change.rs`: draft → published → retired, and defaults |

mod change;

pub use change::{
    NewDraft, create_draft, one_at_a_time, publish, replace_draft, retire, roll_back, seed,
};

use crate::clock::from_micros;
use crate::entity::document;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tiercel_domain::ids::DocumentId;
use uuid::Uuid;

/// What a document decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    EvaluationModel,
    DiscountPolicy,
    CreditPolicy,
    RoutingPolicy,
}

impl DocumentKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::EvaluationModel => "evaluation_model",
            Self::DiscountPolicy => "discount_policy",
            Self::CreditPolicy => "credit_policy",
            Self::RoutingPolicy => "routing_policy",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [
            Self::EvaluationModel,
            Self::DiscountPolicy,
            Self::CreditPolicy,
            Self::RoutingPolicy,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

/// Where a version stands; it only ever moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentStatus {
    Draft,
    Published,
    Retired,
}

impl DocumentStatus {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Retired => "retired",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Draft, Self::Published, Self::Retired]
            .into_iter()
            .find(|status| status.word() == word)
    }
}

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    pub kind: DocumentKind,
    pub id: DocumentId,
    /// A name for programs; the same in all versions.
    pub code: String,
    pub version: i64,
    /// Grows with every change of this version, its status included.
    pub revision: i64,
    pub status: DocumentStatus,
    /// Canonical JSON.
    pub body: String,
    /// SHA-256 of the body.
    pub hash: String,
    /// The first day in force; drafts have none.
    pub effective_from: Option<NaiveDate>,
    pub created_by: String,
    /// Who changed the draft last, if anybody did.
    pub changed_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub published_by: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub retired_at: Option<DateTime<Utc>>,
}

/// Of every document of a kind the version in force on a day, in the order in which they come into
/// force: published, not retired, with the latest first day by then; of several, the highest. Where
/// one decides for all, it is the last.
pub async fn in_force_each(
    source: &impl Source,
    kind: DocumentKind,
    on: NaiveDate,
) -> Result<Vec<StoredDocument>, DbError> {
    let text = "SELECT d.* FROM (SELECT document_id, version, \
                ROW_NUMBER() OVER (PARTITION BY document_id \
                ORDER BY effective_from DESC, version DESC) AS place FROM document \
                WHERE kind = $1 AND status = $2 AND effective_from <= $3) ranked \
                JOIN document d ON d.document_id = ranked.document_id \
                AND d.version = ranked.version WHERE place = 1";
    let published = DocumentStatus::Published.word();
    let values = vec![kind.word().into(), published.into(), on.into()];
    let rows = sql::models::<document::Entity>(source, text, values).await?;
    let each: Result<Vec<_>, _> = rows.into_iter().map(to_stored).collect();
    let mut each = each?;
    let order = |one: &StoredDocument| (one.effective_from, one.version, one.published_at, one.id);
    each.sort_by_key(order);
    Ok(each)
}

/// Every published version of a kind, in the order in which they come into force: what a
/// projection needs to answer for any day.
pub async fn published(
    source: &impl Source,
    kind: DocumentKind,
) -> Result<Vec<StoredDocument>, DbError> {
    let rows = document::Entity::find()
        .filter(document::Column::Kind.eq(kind.word()))
        .filter(document::Column::Status.eq(DocumentStatus::Published.word()))
        .order_by_asc(document::Column::EffectiveFrom)
        .order_by_asc(document::Column::Version)
        .order_by_asc(document::Column::PublishedAt)
        .order_by_asc(document::Column::DocumentId)
        .all(source.connection())
        .await?;
    rows.into_iter().map(to_stored).collect()
}

/// Every version of a kind that was published by a position of the journal, also those retired
/// since, in the order in which they come into force. `retired_at` is told only where the
/// retirement was known at the position.
pub async fn published_by(
    source: &impl Source,
    kind: DocumentKind,
    position: i64,
) -> Result<Vec<StoredDocument>, DbError> {
    let published = sql::numbered(document::Column::PublishedWrite, position);
    let published = document::Entity::find()
        .filter(document::Column::Kind.eq(kind.word()))
        .filter(published);
    let retired: Vec<(Uuid, i64)> = published
        .clone()
        .filter(sql::numbered(document::Column::RetiredWrite, position))
        .select_only()
        .column(document::Column::DocumentId)
        .column(document::Column::Version)
        .into_tuple()
        .all(source.connection())
        .await?;
    let rows = published
        .order_by_asc(document::Column::EffectiveFrom)
        .order_by_asc(document::Column::Version)
        .order_by_asc(document::Column::PublishedAt)
        .order_by_asc(document::Column::DocumentId)
        .all(source.connection())
        .await?;
    let known = |row: document::Model| {
        if retired.contains(&(row.document_id, row.version)) {
            return to_stored(row);
        }
        to_stored(document::Model {
            status: DocumentStatus::Published.word().to_owned(),
            retired_at: None,
            ..row
        })
    };
    rows.into_iter().map(known).collect()
}

/// One version.
pub async fn find(
    source: &impl Source,
    kind: DocumentKind,
    id: DocumentId,
    version: i64,
) -> Result<Option<StoredDocument>, DbError> {
    let key = (kind.word().to_owned(), Uuid::from_u128(id.bits()), version);
    let row = document::Entity::find_by_id(key)
        .one(source.connection())
        .await?;
    row.map(to_stored).transpose()
}

/// The id of the document that has a code.
pub async fn id_of(
    source: &impl Source,
    kind: DocumentKind,
    code: &str,
) -> Result<Option<DocumentId>, DbError> {
    let row = document::Entity::find()
        .filter(document::Column::Kind.eq(kind.word()))
        .filter(document::Column::Code.eq(code))
        .limit(1)
        .one(source.connection())
        .await?;
    Ok(row.map(|row| DocumentId::from_bits(row.document_id.as_u128())))
}

/// All versions of a document after a number, in order.
pub async fn versions(
    source: &impl Source,
    kind: DocumentKind,
    id: DocumentId,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredDocument>, DbError> {
    let rows = document::Entity::find()
        .filter(document::Column::Kind.eq(kind.word()))
        .filter(document::Column::DocumentId.eq(Uuid::from_u128(id.bits())))
        .filter(document::Column::Version.gt(after))
        .order_by_asc(document::Column::Version)
        .limit(limit)
        .all(source.connection())
        .await?;
    rows.into_iter().map(to_stored).collect()
}

/// A document through all its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSummary {
    pub id: DocumentId,
    pub code: String,
    /// The highest version, drafts included.
    pub latest: i64,
}

/// Documents of a kind after an id, in order of ids.
pub async fn page(
    source: &impl Source,
    kind: DocumentKind,
    after: Option<DocumentId>,
    limit: u64,
) -> Result<Vec<DocumentSummary>, DbError> {
    let mut query = document::Entity::find()
        .select_only()
        .column(document::Column::DocumentId)
        .column(document::Column::Code)
        .column_as(document::Column::Version.max(), "latest")
        .filter(document::Column::Kind.eq(kind.word()));
    if let Some(after) = after {
        query = query.filter(document::Column::DocumentId.gt(Uuid::from_u128(after.bits())));
    }
    let rows: Vec<(Uuid, String, i64)> = query
        .group_by(document::Column::DocumentId)
        .group_by(document::Column::Code)
        .order_by_asc(document::Column::DocumentId)
        .limit(limit)
        .into_tuple()
        .all(source.connection())
        .await?;
    let summary = |(id, code, latest): (Uuid, String, i64)| DocumentSummary {
        id: DocumentId::from_bits(id.as_u128()),
        code,
        latest,
    };
    Ok(rows.into_iter().map(summary).collect())
}

fn to_stored(row: document::Model) -> Result<StoredDocument, DbError> {
    let unknown =
        |what: &str, word: &str| DbError::corrupt("document", format!("`{word}` is no {what}"));
    Ok(StoredDocument {
        kind: DocumentKind::from_word(&row.kind).ok_or_else(|| unknown("kind", &row.kind))?,
        id: DocumentId::from_bits(row.document_id.as_u128()),
        code: row.code,
        version: row.version,
        revision: row.revision,
        status: DocumentStatus::from_word(&row.status)
            .ok_or_else(|| unknown("status", &row.status))?,
        body: row.body,
        hash: row.body_hash,
        effective_from: row.effective_from,
        created_by: row.created_by,
        changed_by: row.changed_by,
        created_at: from_micros(row.created_at),
        published_by: row.published_by,
        published_at: row.published_at.map(from_micros),
        retired_at: row.retired_at.map(from_micros),
    })
}
