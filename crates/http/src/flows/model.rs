//! The evaluation models in force, read from their documents.

use chrono::NaiveDate;
use std::collections::BTreeMap;
use tiercel_documents::evaluation_model::parse_model;
use tiercel_domain::evaluation::Model;
use tiercel_domain::ids::DocumentId;
use tiercel_domain::profile::Profile;
use tiercel_persistence::documents::{self, DocumentKind, StoredDocument};
use tiercel_persistence::evaluations::{ModelInForce, SpecialModel};
use tiercel_persistence::{DbError, Source};

/// The published models, ready to evaluate with.
#[derive(Debug)]
pub struct PublishedModel {
    model: Model,
    id: DocumentId,
    version: i64,
    since: NaiveDate,
    /// Models for some customers, in the order of their codes.
    special: Vec<SpecialModel>,
    /// The codes of all of them.
    codes: BTreeMap<DocumentId, String>,
}

impl PublishedModel {
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The codes of the tiers that customers can have, best first.
    pub fn tiers(&self) -> impl Iterator<Item = &str> {
        self.labels().map(|(code, _)| code)
    }

    /// The same with what people call them.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut labels: Vec<(&str, &str)> = Vec::new();
        for tier in self.in_force().all().flat_map(Model::tiers) {
            if !labels.iter().any(|(code, _)| *code == tier.code) {
                labels.push((&tier.code, &tier.label));
            }
        }
        labels.into_iter()
    }

    /// Whether a model of another code is for this customer in particular.
    pub fn is_special(&self, profile: &Profile, code: &str) -> bool {
        let in_force = self.in_force().of(profile);
        let is_other = self
            .codes
            .get(&in_force.id)
            .is_some_and(|other| other != code);
        in_force.id != self.id && is_other
    }

    /// The version of a document that decides for somebody.
    pub fn version_of(&self, id: DocumentId) -> Option<i64> {
        let special = self
            .special
            .iter()
            .map(|special| (special.id, special.version));
        let mut all = special.chain([(self.id, self.version)]);
        all.find(|(one, _)| *one == id).map(|(_, version)| version)
    }

    pub fn in_force(&self) -> ModelInForce<'_> {
        ModelInForce {
            model: &self.model,
            id: self.id,
            version: self.version,
            since: self.since,
            special: &self.special,
        }
    }
}

/// The models in force on a day; none while none is published for everyone. Of several that are
/// for everyone, the one with the latest first day decides.
pub async fn on(source: &impl Source, day: NaiveDate) -> Result<Option<PublishedModel>, DbError> {
    let found = documents::in_force_each(source, DocumentKind::EvaluationModel, day).await?;
    put_together(&found, day)
}

/// What would be in force on a day if a draft came into force on it: instead of the version of its
/// code that is, beside the others.
pub async fn with_draft(
    source: &impl Source,
    draft: StoredDocument,
    day: NaiveDate,
) -> Result<Option<PublishedModel>, DbError> {
    let mut found = documents::in_force_each(source, DocumentKind::EvaluationModel, day).await?;
    found.retain(|other| other.code != draft.code);
    found.push(draft);
    put_together(&found, day)
}

/// The documents come in the order in which they come into force; drafts do so on the day.
fn put_together(
    found: &[StoredDocument],
    day: NaiveDate,
) -> Result<Option<PublishedModel>, DbError> {
    let mut general = None;
    let mut special = Vec::new();
    for stored in found {
        let model = read(stored)?;
        if model.applies_to().is_some() {
            special.push((stored.code.as_str(), stored, model));
        } else {
            general = Some((stored, model));
        }
    }
    special.sort_by_key(|(code, _, _)| *code);
    let special = special.into_iter().map(|(_, stored, model)| SpecialModel {
        model,
        id: stored.id,
        version: stored.version,
        since: stored.effective_from.unwrap_or(day),
    });
    let special = special.collect();
    Ok(general.map(|(stored, model)| PublishedModel {
        model,
        id: stored.id,
        version: stored.version,
        since: stored.effective_from.unwrap_or(day),
        special,
        codes: found.iter().map(|it| (it.id, it.code.clone())).collect(),
    }))
}

/// The model that a stored document describes.
pub fn read(stored: &StoredDocument) -> Result<Model, DbError> {
    let model = parse_model(stored.body.as_bytes()).and_then(|document| document.to_domain());
    model.map_err(|faults| DbError::Corrupt {
        table: "document",
        detail: format!("{} version {}: {faults:?}", stored.id, stored.version),
    })
}
