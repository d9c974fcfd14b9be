//! What is wrong with a document, whatever its kind.

use super::wire::FindingResponse;
use crate::book::Book;
use crate::problem::{FieldError, Problem};
use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use tiercel_documents::canonical::canonical;
use tiercel_documents::credit_policy::CreditPolicyDocument;
use tiercel_documents::discount_policy::{DiscountPolicyDocument, Known};
use tiercel_documents::evaluation_model::{
    self as evaluation_model, EvaluationModelDocument, Finding, Neighbour, Severity, Surroundings,
};
use tiercel_documents::fault::{self, DocumentFault};
use tiercel_documents::routing_policy::RoutingPolicyDocument;
use tiercel_domain::decision::PolicyRef;
use tiercel_persistence::documents::{self as store, DocumentKind};
use tiercel_persistence::{Source, attributes, groups};

/// The canonical text of a document that has the shape of its kind.
pub fn canonical_of(kind: DocumentKind, bytes: &[u8]) -> Result<String, Vec<DocumentFault>> {
    match kind {
        DocumentKind::EvaluationModel => spelled::<EvaluationModelDocument>(bytes),
        DocumentKind::DiscountPolicy => spelled::<DiscountPolicyDocument>(bytes),
        DocumentKind::CreditPolicy => spelled::<CreditPolicyDocument>(bytes),
        DocumentKind::RoutingPolicy => spelled::<RoutingPolicyDocument>(bytes),
    }
}

fn spelled<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<String, Vec<DocumentFault>> {
    let unspeakable = |detail: String| {
        vec![DocumentFault {
            pointer: String::new(),
            code: "not_json",
            detail,
        }]
    };
    let document: T = fault::read(bytes)?;
    let spelled = canonical(&document).map_err(|error| unspeakable(error.to_string()))?;
    String::from_utf8(spelled.bytes).map_err(|error| unspeakable(error.to_string()))
}

/// What was found: faults keep a document from being published, warnings do not.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub faults: Vec<FieldError>,
    pub warnings: Vec<FieldError>,
    pub findings: Vec<FindingResponse>,
}

/// Everything that the author of an evaluation model should know.
pub fn found_in_model(body: &str, around: &Surroundings) -> Found {
    let document = match fault::read::<EvaluationModelDocument>(body.as_bytes()) {
        Ok(document) => document,
        Err(faults) => {
            return Found {
                faults: faults.iter().map(told).collect(),
                ..Found::default()
            };
        }
    };
    let findings = evaluation_model::lint(&document, around);
    let of = |severity: Severity| {
        let own = findings.iter().filter(|it| it.severity == severity);
        own.map(|it| FieldError::new(it.pointer.clone(), it.code, &it.detail))
            .collect()
    };
    Found {
        faults: of(Severity::Error),
        warnings: of(Severity::Warning),
        findings: findings.iter().map(shown).collect(),
    }
}

fn shown(finding: &Finding) -> FindingResponse {
    FindingResponse {
        pointer: finding.pointer.clone(),
        severity: finding.severity.word().to_owned(),
        code: finding.code.to_owned(),
        detail: finding.detail.clone(),
        witness: finding.witness.clone(),
    }
}

/// What a model of this code is compared with: the other models in force on a day or published for
/// a later one, groups, attributes.
pub async fn surroundings(
    source: &impl Source,
    code: &str,
    on: NaiveDate,
) -> Result<Surroundings, Problem> {
    let kind = DocumentKind::EvaluationModel;
    let later = store::published(source, kind).await?.into_iter();
    let later = later.filter(|it| it.effective_from.is_some_and(|from| from > on));
    let others = store::in_force_each(source, kind, on).await?;
    let others = others.into_iter().chain(later);
    let neighbours = others
        .filter(|other| other.code != code)
        .filter_map(|other| {
            let read = fault::read::<EvaluationModelDocument>(other.body.as_bytes()).ok()?;
            Some(Neighbour {
                code: other.code,
                applies_to: read.applies_to?,
            })
        });
    let groups = groups::all(source).await?;
    let tree = groups.values().map(|group| {
        let above = group.parent.and_then(|parent| groups.get(&parent));
        (group.code.clone(), above.map(|above| above.code.clone()))
    });
    let defined = attributes::definitions(source).await?.into_iter();
    Ok(Surroundings {
        neighbours: neighbours.collect(),
        groups: tree.collect(),
        attributes: Some(defined.map(|(code, it)| (code, it.kind)).collect()),
    })
}

/// Everything that the author of a document should know.
pub fn found(kind: DocumentKind, body: &str, known: &Known) -> Found {
    let all = |faults: &[DocumentFault]| faults.iter().map(told).collect();
    if kind == DocumentKind::DiscountPolicy
        && let Ok(document) = fault::read::<DiscountPolicyDocument>(body.as_bytes())
    {
        let lint = document.lint(known);
        return Found {
            faults: all(&lint.errors),
            warnings: all(&lint.warnings),
            findings: Vec::new(),
        };
    }
    Found {
        faults: faults(kind, body, known.tiers.as_ref()),
        ..Found::default()
    }
}

/// Everything that keeps a document from being published, whatever its kind.
fn faults(
    kind: DocumentKind,
    body: &str,
    known_tiers: Option<&BTreeSet<String>>,
) -> Vec<FieldError> {
    let reference = PolicyRef {
        id: String::new(),
        version: 0,
    };
    let body = body.as_bytes();
    let outcome = match kind {
        DocumentKind::EvaluationModel => fault::read::<EvaluationModelDocument>(body)
            .and_then(|document| document.to_domain().map(drop)),
        DocumentKind::DiscountPolicy => fault::read::<DiscountPolicyDocument>(body)
            .and_then(|document| document.to_policy(reference, known_tiers).map(drop)),
        DocumentKind::CreditPolicy => fault::read::<CreditPolicyDocument>(body)
            .and_then(|document| document.to_policy(reference, known_tiers).map(drop)),
        DocumentKind::RoutingPolicy => fault::read::<RoutingPolicyDocument>(body)
            .and_then(|document| document.to_policy(reference, known_tiers).map(drop)),
    };
    outcome.err().unwrap_or_default().iter().map(told).collect()
}

/// The tiers of the evaluation models in force; nothing where none is.
async fn known_tiers(
    source: &impl Source,
    on: NaiveDate,
) -> Result<Option<BTreeSet<String>>, Problem> {
    let models = store::in_force_each(source, DocumentKind::EvaluationModel, on).await?;
    let read = models.iter();
    let read =
        read.filter_map(|it| fault::read::<EvaluationModelDocument>(it.body.as_bytes()).ok());
    let tiers: BTreeSet<String> = read.flat_map(|it| it.tiers).map(|tier| tier.code).collect();
    Ok((!tiers.is_empty()).then_some(tiers))
}

/// What the tenant has that documents can be compared with on a day.
pub async fn known(source: &impl Source, on: NaiveDate, book: &Book) -> Result<Known, Problem> {
    let categories: BTreeSet<_> = book
        .products()
        .filter_map(|it| it.category.clone())
        .collect();
    Ok(Known {
        tiers: known_tiers(source, on).await?,
        // A tenant without products names the categories of its lines in its quotes.
        categories: (!categories.is_empty()).then_some(categories),
    })
}

pub fn told(fault: &DocumentFault) -> FieldError {
    FieldError::new(fault.pointer.clone(), fault.code, &fault.detail)
}
