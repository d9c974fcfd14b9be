//! What is wrong with a document, whatever its kind.

use crate::problem::{FieldError, Problem};
use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use tiercel_documents::canonical::canonical;
use tiercel_documents::credit_policy::CreditPolicyDocument;
use tiercel_documents::discount_policy::DiscountPolicyDocument;
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

/// Everything that keeps a document from being published.
pub fn faults(
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
pub async fn known_tiers(
    source: &impl Source,
    on: NaiveDate,
) -> Result<Option<BTreeSet<String>>, Problem> {
    let model = store::in_force(source, DocumentKind::EvaluationModel, on).await?;
    let read =
        model.and_then(|model| fault::read::<EvaluationModelDocument>(model.body.as_bytes()).ok());
    Ok(read.map(|model| model.tiers.into_iter().map(|tier| tier.code).collect()))
}

pub fn told(fault: &DocumentFault) -> FieldError {
    FieldError::new(fault.pointer.clone(), fault.code, &fault.detail)
}
