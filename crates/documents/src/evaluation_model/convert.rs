//! From a document to the domain's model: criteria, bands and tiers.

use super::reader::Reader;
use super::{BandDocument, CategoryDocument, CriterionDocument, EvaluationModelDocument, SCHEMA};
use super::{ReasonDocument, TierDocument};
use crate::fault::DocumentFault;
use tiercel_domain::evaluation::{
    Band, Category, Criterion, Draft, Model, ModelFault, Reason, Reasons, Refinement, Scoring, Tier,
};
use tiercel_domain::path::Path;
use tiercel_domain::scaled::Percent;

/// The model, or everything that is wrong with the document.
pub(super) fn model(document: &EvaluationModelDocument) -> Result<Model, Vec<DocumentFault>> {
    let mut reader = Reader::new(document.schema);
    let draft = reader.draft(document);
    let model = Model::new(draft);
    if reader.faults.is_empty() {
        return model.map_err(|faults| faults.iter().map(told).collect());
    }
    let found = model.err().unwrap_or_default();
    let trusted = found.iter().filter(|fault| !reader.doubts(&fault.path));
    let found: Vec<_> = trusted.map(told).collect();
    Err(reader.faults.into_iter().chain(found).collect())
}

/// What the domain finds, as far as the document could be read.
pub(super) fn faults(document: &EvaluationModelDocument) -> Vec<ModelFault> {
    let mut reader = Reader::new(document.schema);
    let draft = reader.draft(document);
    let found = Model::new(draft).err().unwrap_or_default().into_iter();
    found.filter(|fault| !reader.doubts(&fault.path)).collect()
}

fn told(fault: &ModelFault) -> DocumentFault {
    DocumentFault::new(&fault.path, fault.kind.code(), fault.kind.to_string())
}

impl Reader {
    fn draft(&mut self, document: &EvaluationModelDocument) -> Draft {
        let root = Path::root();
        if !(1..=SCHEMA).contains(&document.schema) {
            self.fault(&root.field("schema"), "unknown_schema", "must be 1 or 2");
        }
        self.name(&root.field("name"), &document.name);
        let initial = self.number(&root.field("initial_points"), &document.initial_points);
        let list = root.field("criteria");
        let entries = document.criteria.iter().enumerate();
        let criteria = entries.map(|(index, entry)| self.criterion(&list.index(index), entry));
        let criteria = criteria.collect();
        Draft {
            criteria,
            initial,
            tiers: self.tiers(&document.tiers),
            default_tier: document.default_tier.clone(),
            ..self.parts(document)
        }
    }

    fn name(&mut self, path: &Path, text: &str) {
        let name = text.trim();
        let length = name.chars().count();
        if name != text || !(1..=200).contains(&length) || name.contains(char::is_control) {
            let detail = "must be 1 to 200 characters without control characters or outer blanks";
            self.fault(path, "invalid_label", detail);
        }
    }

    fn tiers(&mut self, tiers: &[TierDocument]) -> Vec<Tier> {
        let list = Path::root().field("tiers");
        let mut better: Option<Percent> = None;
        let entries = tiers.iter().enumerate();
        let tiers = entries.map(|(index, tier)| {
            let path = list.index(index);
            let place = path.field("quantile");
            self.newer(&place, tier.quantile.is_some());
            if let Some(text) = &tier.quantile {
                let quantile = self.quantile(&place, text, better);
                better = Some(quantile);
                if tier.from.is_none() {
                    let detail =
                        "has not been frozen: `from` is still to be taken from a portfolio";
                    self.fault(&place, "not_frozen", detail);
                }
            }
            Tier {
                code: tier.code.clone(),
                label: tier.label.clone(),
                from: self.some_number(&path.field("from"), tier.from.as_deref()),
            }
        });
        tiers.collect()
    }

    fn quantile(&mut self, path: &Path, text: &str, better: Option<Percent>) -> Percent {
        let quantile: Percent = self.number(path, text);
        let fits = quantile > Percent::ZERO && quantile.decimal() < 100.into();
        if !fits {
            self.fault(path, "out_of_range", "must be above 0 and below 100");
        } else if better.is_some_and(|better| quantile >= better) {
            let detail = "must be below the quantile of the better tier before it";
            self.fault(path, "not_descending", detail);
        }
        quantile
    }

    fn criterion(&mut self, path: &Path, criterion: &CriterionDocument) -> Criterion {
        Criterion {
            code: criterion.code.clone(),
            label: criterion.label.clone(),
            measure: self.measure(&path.field("measure"), &criterion.measure),
            scoring: self.scoring(path, criterion),
            missing: self.number(&path.field("missing_points"), &criterion.missing_points),
            refinement: self.refinement(path, criterion),
        }
    }

    fn refinement(&mut self, path: &Path, criterion: &CriterionDocument) -> Refinement {
        for (field, is_there) in [
            ("filter", criterion.filter.is_some()),
            ("weight", criterion.weight.is_some()),
            ("group", criterion.group.is_some()),
            ("decay", criterion.decay.is_some()),
            ("baseline", criterion.baseline.is_some()),
        ] {
            self.newer(&path.field(field), is_there);
        }
        let decay = path.field("decay");
        Refinement {
            filter: self.filter(&path.field("filter"), criterion.filter.as_ref()),
            weight: self.some_number(&path.field("weight"), criterion.weight.as_deref()),
            group: criterion.group.clone(),
            decay: criterion.decay.as_ref().map(|it| self.decay(&decay, it)),
            baseline: self.some_number(&path.field("baseline"), criterion.baseline.as_deref()),
            reasons: self.reasons(path, criterion),
        }
    }

    fn reasons(&mut self, path: &Path, criterion: &CriterionDocument) -> Reasons {
        let mut told = |path: Path, reason: &Option<ReasonDocument>| -> Option<Reason> {
            self.newer(&path, reason.is_some());
            reason.as_ref().map(super::convert_parts::reason)
        };
        let bands = criterion.bands.iter().flatten().map(|band| &band.reason);
        let categories = criterion.categories.iter().flatten();
        let categories = categories.map(|category| &category.reason);
        let list = path.field(if criterion.bands.is_some() {
            "bands"
        } else {
            "categories"
        });
        let entries = bands.chain(categories).enumerate();
        let entries = entries
            .map(|(index, reason)| told(list.index(index).field("reason"), reason))
            .collect();
        Reasons {
            entries,
            criterion: told(path.field("reason"), &criterion.reason),
            other: told(path.field("other_reason"), &criterion.other_reason),
            missing: told(path.field("missing_reason"), &criterion.missing_reason),
        }
    }

    fn scoring(&mut self, path: &Path, criterion: &CriterionDocument) -> Scoring {
        match (&criterion.bands, &criterion.categories) {
            (Some(bands), None) => {
                self.unused(&path.field("other_points"), &criterion.other_points);
                self.unused(&path.field("other_reason"), &criterion.other_reason);
                let list = path.field("bands");
                let bands = bands.iter().enumerate();
                let bands = bands.map(|(index, band)| self.band(&list.index(index), band));
                Scoring::Bands(bands.collect())
            }
            (None, Some(categories)) => self.categories(path, criterion, categories),
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

    fn categories(
        &mut self,
        path: &Path,
        criterion: &CriterionDocument,
        categories: &[CategoryDocument],
    ) -> Scoring {
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

    fn band(&mut self, path: &Path, band: &BandDocument) -> Band {
        Band {
            from: self.bound(&path.field("from"), band.from.as_deref()),
            to: self.bound(&path.field("to"), band.to.as_deref()),
            points: self.number(&path.field("points"), &band.points),
        }
    }
}
