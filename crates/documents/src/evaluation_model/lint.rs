//! Everything that the author of a model should know before publishing it.

use super::EvaluationModelDocument;
use super::parts::ConditionDocument;
use super::reader::Reader;
use crate::fault::{DocumentFault, pointer};
use std::collections::BTreeMap;
pub use tiercel_domain::evaluation::Severity;
use tiercel_domain::evaluation::{
    Condition, FaultKind, GroupTree, Measure, Model, Oddity, Overlap, Scoring, oddities, overlap,
};
use tiercel_domain::path::Path;
use tiercel_domain::profile::AttributeType;

/// Fewer customers than this make no quantile.
const FEWEST: u64 = 10;
/// Fewer customers than this make a poor one.
const FEW: u64 = 100;

/// One finding: where, how grave, and an input that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub pointer: String,
    pub severity: Severity,
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
    pub witness: BTreeMap<String, String>,
}

/// Another model in force, and whom it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    pub code: String,
    pub applies_to: ConditionDocument,
}

/// What the tenant has that a model is compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Models of other codes that are for some customers only.
    pub neighbours: Vec<Neighbour>,
    pub groups: GroupTree,
    /// The types of the attributes that are defined; none where that is not known.
    pub attributes: Option<BTreeMap<String, AttributeType>>,
}

/// Faults first, then what is odd.
pub fn lint(document: &EvaluationModelDocument, around: &Surroundings) -> Vec<Finding> {
    let model = match document.to_domain() {
        Ok(model) => model,
        Err(faults) => {
            let mut found = document.model_faults();
            let told = |fault: &DocumentFault| found.iter().any(|it| it.is(fault));
            let rest: Vec<_> = faults.into_iter().filter(|fault| !told(fault)).collect();
            found.extend(rest.into_iter().map(fault));
            return found;
        }
    };
    let mut found: Vec<Finding> = oddities(&model).into_iter().map(odd).collect();
    found.extend(portfolio(document));
    found.extend(attributes(&model, around));
    found.extend(overlaps(&model, around));
    found.sort_by_key(|finding| finding.severity);
    found
}

impl Finding {
    fn is(&self, fault: &DocumentFault) -> bool {
        self.pointer == fault.pointer && self.code == fault.code
    }
}

impl EvaluationModelDocument {
    /// The gaps and overlaps, with a value that shows each.
    fn model_faults(&self) -> Vec<Finding> {
        let faults = super::convert::faults(self).into_iter();
        let shown = faults.filter_map(|one| {
            let (from, to) = match &one.kind {
                FaultKind::Gap { from, to } | FaultKind::Overlap { from, to } => (*from, *to),
                _ => return None,
            };
            // The lower end belongs to it, the upper does not.
            let value = from.or_else(|| to?.checked_sub(rust_decimal::Decimal::ONE))?;
            Some(Finding {
                pointer: pointer(&one.path),
                severity: Severity::Error,
                code: one.kind.code(),
                detail: one.kind.to_string(),
                witness: BTreeMap::from([("value".to_owned(), value.normalize().to_string())]),
            })
        });
        shown.collect()
    }
}

fn fault(fault: DocumentFault) -> Finding {
    Finding {
        pointer: fault.pointer,
        severity: Severity::Error,
        code: fault.code,
        detail: fault.detail,
        witness: BTreeMap::new(),
    }
}

fn odd(odd: Oddity) -> Finding {
    Finding {
        pointer: pointer(&odd.path),
        severity: odd.severity,
        code: odd.code,
        detail: odd.detail,
        witness: odd.witness.into_iter().collect(),
    }
}

/// Quantiles and references from a portfolio that is too small to mean anything.
fn portfolio(document: &EvaluationModelDocument) -> Option<Finding> {
    let wanted = document.unfrozen();
    if wanted.values.is_empty() && !wanted.scores {
        return None;
    }
    let customers = document
        .frozen
        .as_ref()
        .map_or(0, |frozen| frozen.customers);
    let severity = match customers {
        0..FEWEST => Severity::Error,
        FEWEST..FEW => Severity::Warning,
        _ => return None,
    };
    Some(Finding {
        pointer: "/frozen".to_owned(),
        severity,
        code: "few_customers",
        detail: format!(
            "thresholds and references come from {customers} customers; at least {FEWEST} are \
             needed, {FEW} make sense"
        ),
        witness: BTreeMap::from([("customers".to_owned(), customers.to_string())]),
    })
}

/// Attributes that nobody defined, or that have another type than the criterion scores.
fn attributes(model: &Model, around: &Surroundings) -> Vec<Finding> {
    let Some(defined) = &around.attributes else {
        return Vec::new();
    };
    let list = Path::root().field("criteria");
    let criteria = model.criteria().iter().enumerate();
    let asked = criteria.filter_map(|(place, criterion)| {
        let Measure::Attribute { code } = &criterion.measure else {
            return None;
        };
        let path = list.index(place).field("measure").field("attribute");
        let by_bands = matches!(criterion.scoring, Scoring::Bands(_));
        let (word, detail) = match defined.get(code) {
            // Told by contacts, not by the profile.
            None if code == "contact_position" => return None,
            None => (
                "unknown_attribute",
                "no attribute has this code: nobody has a value",
            ),
            Some(AttributeType::Date) => ("other_type", "dates are not scored"),
            Some(AttributeType::Number) if !by_bands => (
                "other_type",
                "numbers are scored by bands: this is always missing",
            ),
            Some(AttributeType::Text | AttributeType::Flag) if by_bands => (
                "other_type",
                "texts and flags are scored by categories: this is always missing",
            ),
            Some(_) => return None,
        };
        Some(Finding {
            pointer: pointer(&path),
            severity: Severity::Warning,
            code: word,
            detail: detail.to_owned(),
            witness: BTreeMap::from([("attribute".to_owned(), code.clone())]),
        })
    });
    asked.collect()
}

/// Other models that are for the same customer.
fn overlaps(model: &Model, around: &Surroundings) -> Vec<Finding> {
    let Some(own) = model.applies_to() else {
        return Vec::new();
    };
    let neighbours = around.neighbours.iter();
    let shared = neighbours.filter_map(|neighbour| {
        let other = neighbour.applies_to.to_domain()?;
        let (severity, code, detail, witness) = match overlap(own, &other, &around.groups) {
            Overlap::None => return None,
            Overlap::Witness(witness) => {
                let detail = format!("the model `{}` is for the same customer", neighbour.code);
                (Severity::Error, "overlaps_model", detail, witness)
            }
            Overlap::Unknown => {
                let detail = format!(
                    "too long to be compared with the model `{}`",
                    neighbour.code
                );
                (Severity::Warning, "not_compared", detail, BTreeMap::new())
            }
        };
        Some(Finding {
            pointer: "/applies_to".to_owned(),
            severity,
            code,
            detail,
            witness,
        })
    });
    shared.collect()
}

impl ConditionDocument {
    /// The condition, where nothing is wrong with it.
    pub fn to_domain(&self) -> Option<Condition> {
        let mut reader = Reader::new(super::SCHEMA);
        let condition = reader.condition(&Path::root(), self);
        reader.faults.is_empty().then_some(condition)
    }
}
