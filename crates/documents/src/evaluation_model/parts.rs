//! What schema 2 adds to a model: conditions, groups, vetoes, reasons, decay, lifecycle.

use super::measure::MeasureDocument;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A condition on a customer: exactly one of `all`, `any`, `not`, `kind`, `group`, `attribute` and
/// `measure`. What is not known of a customer does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionDocument {
    /// All of these hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub all: Option<Vec<ConditionDocument>>,
    /// At least one of these holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub any: Option<Vec<ConditionDocument>>,
    /// This does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub not: Option<Box<ConditionDocument>>,
    /// The customer is an organisation (B2B) or a person (B2C).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<KindWord>,
    /// The customer's group or one above it has this code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "dealers")]
    pub group: Option<String>,
    /// A profile attribute: with `values` a text or flag, with `from` or `to` a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "country")]
    pub attribute: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["KP", "SY"]))]
    pub values: Option<Vec<String>>,
    /// A measure that yields numbers, with `from` or `to`. In vetoes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<MeasureDocument>,
    /// The lowest value that fits, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1000")]
    pub from: Option<String>,
    /// The values below this fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "5000")]
    pub to: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindWord {
    Organisation,
    Person,
}

/// Criteria whose points together count for no less than `min` and no more than `max`. They count
/// in the model's order until the group is full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupDocument {
    #[schema(example = "sales")]
    pub code: String,
    #[schema(example = "What the customer buys")]
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "-10")]
    pub min: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "25")]
    pub max: Option<String>,
}

/// A condition that overrules the score at once: it forces one tier or caps it. Exactly one of
/// `force` and `cap`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VetoDocument {
    #[schema(example = "insolvent")]
    pub code: String,
    #[schema(example = "Insolvency proceedings")]
    pub label: String,
    pub when: ConditionDocument,
    /// The code of the tier that the customer has then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "low")]
    pub force: Option<String>,
    /// The code of the tier that the customer has then at best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "general")]
    pub cap: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonDocument>,
}

/// Why points are what they are: a code for programs and texts for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonDocument {
    #[schema(example = "R12")]
    pub code: String,
    /// In English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Few orders in the last 12 months")]
    pub en: Option<String>,
    /// In Chinese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "近12个月订单较少")]
    pub zh: Option<String>,
}

/// Which differences between points and baseline are reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonOrderWord {
    PointsBelow,
    PointsAbove,
}

/// After every `interval_days` another `percent` of the whole is gone, until nothing is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecayDocument {
    #[schema(example = 90)]
    pub interval_days: u32,
    #[schema(example = "25")]
    pub percent: String,
}

/// Which facts a criterion looks at; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterDocument {
    /// Product categories, with all below them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["drives/servo"]))]
    pub categories: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["web"]))]
    pub channels: Option<Vec<String>>,
    /// The systems that told the facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["erp"]))]
    pub sources: Option<Vec<String>>,
}

/// How a tier follows the score. On the last day of each period the tier may fall, from the day
/// after; in between it may only rise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleDocument {
    /// Months in a period: 1, 2, 3, 4, 6 or 12.
    #[schema(example = 3)]
    pub every_months: u32,
    /// A month in which a period ends, 1 to 12; 12 where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 12)]
    pub ends_in_month: Option<u32>,
    pub rise: RiseWord,
    /// The tier falls with this many calendar dates in a row whose score is too low.
    #[schema(example = 2)]
    pub misses: u32,
    /// Not before so long after the first of these dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<TermDocument>,
    /// Not before so long after the tier was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_stay: Option<TermDocument>,
    /// One tier at a time; false where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = true)]
    pub one_step: Option<bool>,
}

/// When a better score lifts the tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiseWord {
    AtOnce,
    /// With the next calendar date.
    OnDate,
}

/// A length of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermDocument {
    pub unit: TermUnit,
    #[schema(example = 6)]
    pub length: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TermUnit {
    Days,
    Months,
}

/// What things to do for a better tier are weighed with: the path with the least sum is the cheapest.
/// 0 to 1,000,000; what is absent has its usual weight.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EffortsDocument {
    /// Of ordering for one unit of base currency; usually 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    pub amount: Option<String>,
    /// Of one order, whatever it is worth; usually 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "50")]
    pub order: Option<String>,
    /// Of ordering one product for the first time; usually 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "50")]
    pub product: Option<String>,
    /// Of paying one invoice on time; usually 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "50")]
    pub invoice: Option<String>,
    /// Of settling one overdue unit of base currency; usually 0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.2")]
    pub settled: Option<String>,
}

/// Where frozen thresholds and references come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FrozenDocument {
    #[schema(example = "2026-06-30")]
    pub as_of: String,
    /// How many customers the model was applied to.
    #[schema(example = 23570)]
    pub customers: u64,
}
