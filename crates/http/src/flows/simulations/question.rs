//! What a simulation is asked: kept as it was asked, so that its answer can be read later.

use serde::{Deserialize, Serialize};
use tiercel_domain::ids::GroupId;
use tiercel_domain::profile::CustomerKind;
use tiercel_persistence::customers::Filter;
use tiercel_persistence::documents::{self, DocumentKind, StoredDocument};
use tiercel_persistence::simulations::NewSimulation;
use tiercel_persistence::{DbError, Source};
use utoipa::ToSchema;

/// Whom, and by which policies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub customers: SimulatedCustomers,
    pub policies: SimulatedPolicies,
}

/// Which customers; all of these must hold. What is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"tier": "general", "kind": null, "owner": null, "group_id": null}))]
pub struct SimulatedCustomers {
    /// The evaluated tier of now.
    pub tier: Option<String>,
    /// `organisation` or `person`.
    pub kind: Option<String>,
    pub owner: Option<String>,
    pub group_id: Option<String>,
}

/// Versions of service policies that would come with the draft; the ones in force where absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"discount": 2, "credit": null}))]
pub struct SimulatedPolicies {
    pub discount: Option<i64>,
    pub credit: Option<i64>,
}

/// The same, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub filter: Filter,
}

impl Asked {
    /// Whether nobody is left out.
    pub fn is_of_everyone(&self) -> bool {
        self.customers == SimulatedCustomers::default()
    }

    /// # Errors
    /// The field that says nothing.
    pub fn question(&self) -> Result<Question, &'static str> {
        let customers = &self.customers;
        let kind = customers.kind.as_deref().map(CustomerKind::from_word);
        let group = customers.group_id.as_deref().map(str::parse::<GroupId>);
        Ok(Question {
            filter: Filter {
                tier: customers.tier.clone(),
                owner: customers.owner.clone(),
                kind: kind.map(|kind| kind.ok_or("/customers/kind")).transpose()?,
                group: group.transpose().map_err(|_| "/customers/group_id")?,
                ..Filter::default()
            },
        })
    }
}

/// The version of exactly the text that was asked about; none where it was changed since.
pub async fn draft(
    source: &impl Source,
    of: &NewSimulation,
) -> Result<Option<StoredDocument>, DbError> {
    let kind = DocumentKind::EvaluationModel;
    let found = documents::find(source, kind, of.model, of.model_version).await?;
    Ok(found.filter(|found| found.hash == of.model_hash))
}
