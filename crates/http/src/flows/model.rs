//! The evaluation model in force, read from its document.

use chrono::NaiveDate;
use tiercel_documents::evaluation_model::parse_model;
use tiercel_domain::evaluation::Model;
use tiercel_domain::ids::DocumentId;
use tiercel_persistence::documents::{self, DocumentKind};
use tiercel_persistence::evaluations::ModelInForce;
use tiercel_persistence::{DbError, Source};

/// A published model, ready to evaluate with.
#[derive(Debug)]
pub struct PublishedModel {
    model: Model,
    id: DocumentId,
    version: i64,
}

impl PublishedModel {
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The codes of its tiers, best first.
    pub fn tiers(&self) -> impl Iterator<Item = &str> {
        self.model.tiers().iter().map(|tier| tier.code.as_str())
    }

    /// The codes of its tiers and what people call them, best first.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let tiers = self.model.tiers().iter();
        tiers.map(|tier| (tier.code.as_str(), tier.label.as_str()))
    }

    pub const fn in_force(&self) -> ModelInForce<'_> {
        ModelInForce {
            model: &self.model,
            id: self.id,
            version: self.version,
        }
    }
}

/// The model in force on a day; none while none is published.
pub async fn on(source: &impl Source, day: NaiveDate) -> Result<Option<PublishedModel>, DbError> {
    let found = documents::in_force(source, DocumentKind::EvaluationModel, day).await?;
    let Some(stored) = found else {
        return Ok(None);
    };
    let model = parse_model(stored.body.as_bytes()).and_then(|document| document.to_domain());
    let model = model.map_err(|faults| DbError::Corrupt {
        table: "document",
        detail: format!("{} version {}: {faults:?}", stored.id, stored.version),
    })?;
    Ok(Some(PublishedModel {
        model,
        id: stored.id,
        version: stored.version,
    }))
}
