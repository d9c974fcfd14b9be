//! What is told of a discount policy before it is published.

use super::DiscountPolicyDocument;
use crate::fault::DocumentFault;
use std::collections::BTreeSet;
use tiercel_domain::category::CategoryPath;
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::discounts::lint::{self, Severity};

/// What the tenant has that a policy can be compared with.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The tiers of the evaluation model in force; none = not compared.
    pub tiers: Option<BTreeSet<String>>,
    /// The categories of products; none = not compared.
    pub categories: Option<BTreeSet<CategoryPath>>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lint {
    /// With any of these a document cannot be published.
    pub errors: Vec<DocumentFault>,
    pub warnings: Vec<DocumentFault>,
}

impl DiscountPolicyDocument {
    /// Everything that its author should know. Rules are compared only where all can be read.
    pub fn lint(&self, known: &Known) -> Lint {
        let reference = PolicyRef {
            id: String::new(),
            version: 0,
        };
        let policy = match self.to_policy(reference, known.tiers.as_ref()) {
            Ok(policy) => policy,
            Err(errors) => {
                return Lint {
                    errors,
                    warnings: Vec::new(),
                };
            }
        };
        let mut found = Lint::default();
        for finding in lint::lint(&policy, known.categories.as_ref()) {
            let fault = DocumentFault::new(&finding.at, finding.code, finding.detail);
            // Documents of schema 1 can be published as they always could.
            match finding.severity {
                Severity::Error if self.schema > 1 => found.errors.push(fault),
                Severity::Error | Severity::Warning => found.warnings.push(fault),
            }
        }
        found
    }
}
