//! The JSON document of an evaluation model, and what the domain makes of it.

use crate::fault::{self, DocumentFault};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::str::FromStr;
use tiercel_domain::evaluation::{
    Band, Category, Criterion, Draft, Measure, Model, ModelFault, Scoring, Tier, Weight,
};
use tiercel_domain::path::{Path, Step};
use tiercel_domain::period::Window;
use tiercel_domain::scaled::{Amount, OutOfRange};
use utoipa::ToSchema;

/// The version of the document format that this module reads.
pub const SCHEMA: u32 = 1;

/// The model that a new tenant begins with.
pub const DEFAULT_MODEL: &str = include_str!("defaults/evaluation_model.json");

/// How customers are evaluated: criteria give points, points make a score, the score falls into
/// one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationModelDocument {
    /// The version of the format: 1.
    #[schema(example = 1)]
    pub schema: u32,
    #[schema(example = "Standard model")]
    pub name: String,
    /// Points every customer begins with; up to four decimals.
    #[schema(example = "20")]
    pub initial_points: String,
    pub criteria: Vec<CriterionDocument>,
    /// From the best to the worst. Each holds the scores from its threshold up to the one before.
    pub tiers: Vec<TierDocument>,
    /// The code of the tier that unknown customers get.
    #[schema(example = "general")]
    pub default_tier: String,
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
    /// Ascending, without gaps; the first has no `from`, the last no `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Vec<BandDocument>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<CategoryDocument>>,
    /// With `categories`: points for a value that none of them names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0")]
    pub other_points: Option<String>,
    /// Points where the measure has no value.
    #[schema(example = "0")]
    pub missing_points: String,
}

/// What is measured, with the parameters that its kind takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureDocument {
    pub kind: MeasureKind,
    /// For every kind but `recency_days`, `btyd_recency_days`, `purchase_interval_days`,
    /// `rhythm_overdue`, `overdue_amount`, `tenure_months` and `attribute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowDocument>,
    /// For `on_time_rate` and `settled_on_time_rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<WeightWord>,
    /// For `attribute`: its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "size")]
    pub attribute: Option<String>,
}

/// The catalogue of measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    Revenue,
    OrderCount,
    PurchaseDays,
    RecencyDays,
    BtydRecencyDays,
    PurchaseIntervalDays,
    RhythmOverdue,
    AverageOrderValue,
    ProductBreadth,
    RevenueTrend,
    ProfitContribution,
    Margin,
    OnTimeRate,
    SettledOnTimeRate,
    AverageDaysLate,
    WorstDaysLate,
    OverdueAmount,
    ComplaintRate,
    ComplaintSeverity,
    ContactCount,
    ServiceMinutes,
    ReturnRate,
    TenureMonths,
    StaffRating,
    Attribute,
}

/// The stretch of time before the date of evaluation, that date included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowDocument {
    pub unit: WindowUnit,
    /// With `days` and `months`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 12)]
    pub length: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowUnit {
    /// Everything up to the date.
    All,
    Days,
    Months,
}

/// By what invoices are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightWord {
    Count,
    Amount,
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
}

/// One value of an attribute; flags are `true` and `false`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryDocument {
    #[schema(example = "large")]
    pub value: String,
    #[schema(example = "5")]
    pub points: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TierDocument {
    #[schema(example = "high")]
    pub code: String,
    #[schema(example = "High value")]
    pub label: String,
    /// The lowest score of the tier; absent for the last tier only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "55")]
    pub from: Option<String>,
}

/// Reads a document. Faults here mean that it cannot be read as a model at all.
pub fn parse_model(bytes: &[u8]) -> Result<EvaluationModelDocument, Vec<DocumentFault>> {
    fault::read(bytes)
}

impl EvaluationModelDocument {
    /// The model that the document describes, or everything that is wrong with it.
    pub fn to_domain(&self) -> Result<Model, Vec<DocumentFault>> {
        let mut reader = Reader::default();
        let draft = reader.draft(self);
        let model = Model::new(draft);
        if reader.faults.is_empty() {
            return model.map_err(|faults| faults.iter().map(told).collect());
        }
        let found = model.err().unwrap_or_default();
        let trusted = found.iter().filter(|fault| !reader.doubts(&fault.path));
        let found: Vec<_> = trusted.map(told).collect();
        Err(reader.faults.into_iter().chain(found).collect())
    }
}

fn told(fault: &ModelFault) -> DocumentFault {
    DocumentFault::new(&fault.path, fault.kind.code(), fault.kind.to_string())
}

/// Reads the texts of a document into values and collects what cannot be read. An unreadable value
/// is replaced, and what the domain says about the part that holds it is not passed on.
#[derive(Default)]
struct Reader {
    faults: Vec<DocumentFault>,
    doubtful: BTreeSet<Path>,
}

impl Reader {
    fn fault(&mut self, path: &Path, code: &'static str, detail: impl Into<String>) {
        self.faults.push(DocumentFault::new(path, code, detail));
        self.doubtful.insert(part(path));
    }

    fn doubts(&self, path: &Path) -> bool {
        self.doubtful.contains(&part(path))
    }

    fn draft(&mut self, document: &EvaluationModelDocument) -> Draft {
        let root = Path::root();
        if document.schema != SCHEMA {
            self.fault(&root.field("schema"), "unknown_schema", "must be 1");
        }
        let name = document.name.trim();
        let length = name.chars().count();
        if name != document.name || !(1..=200).contains(&length) || name.contains(char::is_control)
        {
            let detail = "must be 1 to 200 characters without control characters or outer blanks";
            self.fault(&root.field("name"), "invalid_label", detail);
        }
        let initial = self.number(&root.field("initial_points"), &document.initial_points);
        let criteria = root.field("criteria");
        let entries = document.criteria.iter().enumerate();
        let criteria = entries.map(|(index, entry)| self.criterion(&criteria.index(index), entry));
        let criteria = criteria.collect();
        let tiers = root.field("tiers");
        let entries = document.tiers.iter().enumerate();
        let tiers = entries.map(|(index, tier)| self.tier(&tiers.index(index), tier));
        Draft {
            criteria,
            initial,
            tiers: tiers.collect(),
            default_tier: document.default_tier.clone(),
        }
    }

    fn tier(&mut self, path: &Path, tier: &TierDocument) -> Tier {
        let from = tier.from.as_deref();
        Tier {
            code: tier.code.clone(),
            label: tier.label.clone(),
            from: from.map(|from| self.number(&path.field("from"), from)),
        }
    }

    fn criterion(&mut self, path: &Path, criterion: &CriterionDocument) -> Criterion {
        Criterion {
            code: criterion.code.clone(),
            label: criterion.label.clone(),
            measure: self.measure(&path.field("measure"), &criterion.measure),
            scoring: self.scoring(path, criterion),
            missing: self.number(&path.field("missing_points"), &criterion.missing_points),
        }
    }

    fn scoring(&mut self, path: &Path, criterion: &CriterionDocument) -> Scoring {
        match (&criterion.bands, &criterion.categories) {
            (Some(bands), None) => {
                self.unused(&path.field("other_points"), &criterion.other_points);
                let list = path.field("bands");
                let bands = bands.iter().enumerate();
                Scoring::Bands(
                    bands
                        .map(|(index, band)| self.band(&list.index(index), band))
                        .collect(),
                )
            }
            (None, Some(categories)) => {
                let list = path.field("categories");
                let entries = categories.iter().enumerate();
                let entries = entries.map(|(index, category)| Category {
                    value: category.value.clone(),
                    points: self.number(&list.index(index).field("points"), &category.points),
                });
                let entries = entries.collect();
                let field = path.field("other_points");
                let other = self.needed(&field, &criterion.other_points);
                let other = other.map(|other| self.number(&field, other));
                Scoring::Categories {
                    entries,
                    other: other.unwrap_or_default(),
                }
            }
            (None, None) => {
                self.fault(path, "required", "needs `bands` or `categories`");
                Scoring::Bands(Vec::new())
            }
            (Some(_), Some(_)) => {
                self.fault(path, "ambiguous", "has both `bands` and `categories`");
                Scoring::Bands(Vec::new())
            }
        }
    }

    fn band(&mut self, path: &Path, band: &BandDocument) -> Band {
        let mut bound = |field: &'static str, text: &Option<String>| {
            let text = text.as_deref()?;
            let bound: Amount = self.number(&path.field(field), text);
            Some(bound.decimal())
        };
        let (from, to): (Option<Decimal>, Option<Decimal>) =
            (bound("from", &band.from), bound("to", &band.to));
        Band {
            from,
            to,
            points: self.number(&path.field("points"), &band.points),
        }
    }

    fn measure(&mut self, path: &Path, measure: &MeasureDocument) -> Measure {
        use MeasureKind as Kind;
        let windowed = !matches!(
            measure.kind,
            Kind::RecencyDays
                | Kind::BtydRecencyDays
                | Kind::PurchaseIntervalDays
                | Kind::RhythmOverdue
                | Kind::OverdueAmount
                | Kind::TenureMonths
                | Kind::Attribute
        );
        let window = if windowed {
            self.window(&path.field("window"), &measure.window)
        } else {
            self.unused(&path.field("window"), &measure.window);
            Window::All
        };
        if !matches!(measure.kind, Kind::OnTimeRate | Kind::SettledOnTimeRate) {
            self.unused(&path.field("weight"), &measure.weight);
        }
        if measure.kind != Kind::Attribute {
            self.unused(&path.field("attribute"), &measure.attribute);
        }
        match measure.kind {
            Kind::Revenue => Measure::Revenue { window },
            Kind::OrderCount => Measure::OrderCount { window },
            Kind::PurchaseDays => Measure::PurchaseDays { window },
            Kind::RecencyDays => Measure::RecencyDays,
            Kind::BtydRecencyDays => Measure::BtydRecencyDays,
            Kind::PurchaseIntervalDays => Measure::PurchaseIntervalDays,
            Kind::RhythmOverdue => Measure::RhythmOverdue,
            Kind::AverageOrderValue => Measure::AverageOrderValue { window },
            Kind::ProductBreadth => Measure::ProductBreadth { window },
            Kind::RevenueTrend => Measure::RevenueTrend { window },
            Kind::ProfitContribution => Measure::ProfitContribution { window },
            Kind::Margin => Measure::Margin { window },
            Kind::OnTimeRate => Measure::OnTimeRate {
                window,
                weight: self.weight(path, measure),
            },
            Kind::SettledOnTimeRate => Measure::SettledOnTimeRate {
                window,
                weight: self.weight(path, measure),
            },
            Kind::AverageDaysLate => Measure::AverageDaysLate { window },
            Kind::WorstDaysLate => Measure::WorstDaysLate { window },
            Kind::OverdueAmount => Measure::OverdueAmount,
            Kind::ComplaintSeverity => Measure::ComplaintSeverity { window },
            Kind::ContactCount => Measure::ContactCount { window },
            Kind::ServiceMinutes => Measure::ServiceMinutes { window },
            Kind::ComplaintRate => Measure::ComplaintRate { window },
            Kind::ReturnRate => Measure::ReturnRate { window },
            Kind::TenureMonths => Measure::TenureMonths,
            Kind::StaffRating => Measure::StaffRating { window },
            Kind::Attribute => Measure::Attribute {
                code: self
                    .needed(&path.field("attribute"), &measure.attribute)
                    .cloned()
                    .unwrap_or_default(),
            },
        }
    }

    fn weight(&mut self, path: &Path, measure: &MeasureDocument) -> Weight {
        match self.needed(&path.field("weight"), &measure.weight) {
            Some(WeightWord::Amount) => Weight::Amount,
            Some(WeightWord::Count) | None => Weight::Count,
        }
    }

    fn window(&mut self, path: &Path, window: &Option<WindowDocument>) -> Window {
        let Some(window) = self.needed(path, window) else {
            return Window::All;
        };
        let field = path.field("length");
        if window.unit == WindowUnit::All {
            self.unused(&field, &window.length);
            return Window::All;
        }
        let length = self.needed(&field, &window.length).copied().unwrap_or(1);
        match window.unit {
            WindowUnit::All => Window::All,
            WindowUnit::Days => Window::Days(length),
            WindowUnit::Months => Window::Months(length),
        }
    }

    fn needed<'a, T>(&mut self, path: &Path, value: &'a Option<T>) -> Option<&'a T> {
        if value.is_none() {
            self.fault(path, "required", "is required here");
        }
        value.as_ref()
    }

    fn unused<T>(&mut self, path: &Path, value: &Option<T>) {
        if value.is_some() {
            self.fault(path, "not_applicable", "has no meaning here");
        }
    }

    fn number<T: FromStr<Err = OutOfRange> + Default>(&mut self, path: &Path, text: &str) -> T {
        text.parse().unwrap_or_else(|error: OutOfRange| {
            let code = match error {
                OutOfRange::NotANumber => "not_a_number",
                OutOfRange::TooPrecise(_) => "too_precise",
                OutOfRange::TooLarge => "too_large",
            };
            self.fault(path, code, error.to_string());
            T::default()
        })
    }
}

/// The part of the document that is checked as one: a criterion, or all tiers.
fn part(path: &Path) -> Path {
    match path.steps() {
        [Step::Field("criteria"), Step::Index(index), ..] => {
            Path::root().field("criteria").index(*index)
        }
        [Step::Field(field), ..] => Path::root().field(field),
        _ => Path::root(),
    }
}

#[cfg(test)]
mod tests;
