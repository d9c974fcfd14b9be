//! What is wrong with a document, whatever its kind.

use crate::book::Book;
use crate::problem::{FieldError, Problem};
use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use tiercel_documents::canonical::canonical;
use tiercel_documents::credit_policy::CreditPolicyDocument;
use tiercel_documents::discount_policy::{DiscountPolicyDocument, Known};
use tiercel_documents::evaluation_model::EvaluationModelDocument;
use tiercel_documents::fault::{self, DocumentFault};
use tiercel_documents::routing_policy::RoutingPolicyDocument;
use tiercel_domain::decision::PolicyRef;
use tiercel_persistence::Source;
use tiercel_persistence::documents::{self as store, DocumentKind};

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
        };
    }
    Found {
        faults: faults(kind, body, known.tiers.as_ref()),
        warnings: Vec::new(),
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

/// The tiers of the evaluation model in force; nothing where none is.
async fn known_tiers(
    source: &impl Source,
    on: NaiveDate,
) -> Result<Option<BTreeSet<String>>, Problem> {
    let model = store::in_force(source, DocumentKind::EvaluationModel, on).await?;
    let read =
        model.and_then(|model| fault::read::<EvaluationModelDocument>(model.body.as_bytes()).ok());
    Ok(read.map(|model| model.tiers.into_iter().map(|tier| tier.code).collect()))
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
