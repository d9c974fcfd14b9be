//! The JSON document of an evaluation model, and what the domain makes of it.
//!
//! Schema 2 adds to schema 1; a document of schema 1 says less and keeps its meaning and its bytes.
//!
//! | document | here; `evaluation_model/measure.rs`, `parts.rs`: what it consists of     |
//! | domain   | `convert.rs`, `convert_measure.rs`, `convert_parts.rs`                     |
//! | frozen   | `freeze.rs`: thresholds and references taken from a portfolio              |
//! | lint     | `lint.rs`: what is wrong, what is odd, and inputs that show it             |

mod convert;
mod convert_measure;
mod convert_parts;
mod freeze;
mod lint;
mod measure;
mod parts;
mod reader;

pub use freeze::{Frozen, Unfrozen, freeze};
pub use lint::{Finding, Neighbour, Severity, Surroundings, lint};
pub use measure::{
    BestWord, MeasureDocument, MeasureKind, RatesDocument, WeightWord, WindowDocument, WindowUnit,
};
pub use parts::{
    ConditionDocument, DecayDocument, EffortsDocument, FilterDocument, FrozenDocument,
    GroupDocument, KindWord, LifecycleDocument, ReasonDocument, ReasonOrderWord, RiseWord,
    TermDocument, TermUnit, VetoDocument,
};

use crate::fault::{self, DocumentFault};
use serde::{Deserialize, Serialize};
use tiercel_domain::evaluation::Model;
use utoipa::ToSchema;

/// The newest version of the document format that this module reads; older ones are read too.
pub const SCHEMA: u32 = 2;

/// The model that a new tenant begins with.
pub const DEFAULT_MODEL: &str = include_str!("defaults/evaluation_model.json");

/// How customers are evaluated: criteria give points, points make a score, the score falls into
/// one tier, vetoes and the lifecycle may hold another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationModelDocument {
    /// The version of the format: 1 or 2. What is marked *schema 2* is refused with 1.
    #[schema(example = 2)]
    pub schema: u32,
    #[schema(example = "Standard model")]
    pub name: String,
    /// Whom the model is for; absent for everyone that no other model is for. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_to: Option<ConditionDocument>,
    /// Points every customer begins with; up to four decimals.
    #[schema(example = "20")]
    pub initial_points: String,
    /// Criteria whose points together have a lower or upper end. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupDocument>>,
    pub criteria: Vec<CriterionDocument>,
    /// What forces or caps the tier, whatever the score says. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetoes: Option<Vec<VetoDocument>>,
    /// From the best to the worst. Each holds the scores from its threshold up to the one before.
    pub tiers: Vec<TierDocument>,
    /// The code of the tier that unknown customers get.
    #[schema(example = "general")]
    pub default_tier: String,
    /// How the tier follows the score over time; absent: at once, up and down. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<LifecycleDocument>,
    /// Which reasons are ranked; `points_below` where it is absent. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<ReasonOrderWord>,
    /// What the way to a better tier is weighed with. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efforts: Option<EffortsDocument>,
    /// The portfolio from which thresholds and references were frozen. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<FrozenDocument>,
}

/// One thing that is measured; scored either by `bands` (numbers) or by `categories` (texts and
/// flags).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CriterionDocument {
    #[schema(example = "revenue")]
    pub code: String,
    #[schema(example = "Revenue of the last 12 months")]
    pub label: String,
    pub measure: MeasureDocument,
    /// Which facts are looked at; all where it is absent. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<FilterDocument>,
    /// Ascending, without gaps; the first has no `from`, the last no `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Vec<BandDocument>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<CategoryDocument>>,
    /// With `categories`: points for a value that none of them names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0")]
    pub other_points: Option<String>,
    /// With `categories`: the reason told for such a value. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_reason: Option<ReasonDocument>,
    /// Points where the measure has no value.
    #[schema(example = "0")]
    pub missing_points: String,
    /// The reason told where it has none. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_reason: Option<ReasonDocument>,
    /// By how much its points count, per cent, 0 to 1000; 100 where it is absent. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "150")]
    pub weight: Option<String>,
    /// The code of its group. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "sales")]
    pub group: Option<String>,
    /// How its points fade with the age of the latest fact behind the value. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decay: Option<DecayDocument>,
    /// What ranked reasons compare its points with; absent: the most it can give, or the least
    /// with `points_above`. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "10")]
    pub baseline: Option<String>,
    /// The reason told where the band or category has none of its own. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonDocument>,
}

/// The numbers from `from` (included) up to `to` (excluded).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BandDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1000")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "5000")]
    pub to: Option<String>,
    #[schema(example = "8")]
    pub points: String,
    /// Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonDocument>,
}

/// One value of an attribute; flags are `true` and `false`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryDocument {
    #[schema(example = "large")]
    pub value: String,
    #[schema(example = "5")]
    pub points: String,
    /// Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonDocument>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TierDocument {
    #[schema(example = "high")]
    pub code: String,
    #[schema(example = "High value")]
    pub label: String,
    /// The lowest score of the tier; absent for the last tier only, and where `quantile` waits to
    /// be frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "55")]
    pub from: Option<String>,
    /// The threshold as a place in the portfolio: so many per cent of the customers are below, by
    /// midrank, so that equal scores are in one tier. Freezing writes `from`. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "80")]
    pub quantile: Option<String>,
}

/// Reads a document. Faults here mean that it cannot be read as a model at all.
pub fn parse_model(bytes: &[u8]) -> Result<EvaluationModelDocument, Vec<DocumentFault>> {
    fault::read(bytes)
}

impl EvaluationModelDocument {
    /// The model that the document describes, or everything that is wrong with it.
    pub fn to_domain(&self) -> Result<Model, Vec<DocumentFault>> {
        convert::model(self)
    }
}

#[cfg(test)]
mod tests;
