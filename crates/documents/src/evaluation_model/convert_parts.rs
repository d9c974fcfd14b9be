//! From a document to the domain's model: what schema 2 adds.

use super::EvaluationModelDocument;
use super::parts::{
    ConditionDocument, DecayDocument, EffortsDocument, FilterDocument, GroupDocument, KindWord,
    LifecycleDocument, ReasonDocument, ReasonOrderWord, RiseWord, TermDocument, TermUnit,
    VetoDocument,
};
use super::reader::Reader;
use chrono::NaiveDate;
use tiercel_domain::category::CategoryPath;
use tiercel_domain::evaluation::{
    Calendar, Condition, Decay, Draft, Efforts, Filter, Group, Lifecycle, Range, Reason,
    ReasonOrder, Rise, Term, Veto, VetoEffect,
};
use tiercel_domain::path::Path;
use tiercel_domain::profile::CustomerKind;
use tiercel_domain::scaled::Amount;

pub(super) fn reason(reason: &ReasonDocument) -> Reason {
    let texts = [("en", &reason.en), ("zh", &reason.zh)].into_iter();
    let texts = texts.filter_map(|(language, text)| Some((language.to_owned(), text.clone()?)));
    Reason {
        code: reason.code.clone(),
        texts: texts.collect(),
    }
}

impl Reader {
    /// Everything but criteria and tiers.
    pub(super) fn parts(&mut self, document: &EvaluationModelDocument) -> Draft {
        let root = Path::root();
        for (field, is_there) in [
            ("applies_to", document.applies_to.is_some()),
            ("groups", document.groups.is_some()),
            ("vetoes", document.vetoes.is_some()),
            ("lifecycle", document.lifecycle.is_some()),
            ("reasons", document.reasons.is_some()),
            ("efforts", document.efforts.is_some()),
            ("frozen", document.frozen.is_some()),
        ] {
            self.newer(&root.field(field), is_there);
        }
        if let Some(frozen) = &document.frozen
            && frozen.as_of.parse::<NaiveDate>().is_err()
        {
            let place = root.field("frozen").field("as_of");
            self.fault(&place, "not_a_date", "must be a date such as 2026-01-31");
        }
        let (groups, vetoes) = (root.field("groups"), root.field("vetoes"));
        let applies_to = document.applies_to.as_ref();
        let entries = document.groups.iter().flatten().enumerate();
        Draft {
            applies_to: applies_to.map(|it| self.condition(&root.field("applies_to"), it)),
            groups: entries
                .map(|(index, group)| self.group(&groups.index(index), group))
                .collect(),
            vetoes: (document.vetoes.iter().flatten().enumerate())
                .map(|(index, veto)| self.veto(&vetoes.index(index), veto))
                .collect(),
            lifecycle: document.lifecycle.as_ref().map(lifecycle),
            efforts: document.efforts.as_ref().map(|it| self.efforts(it)),
            reason_order: match document.reasons {
                Some(ReasonOrderWord::PointsAbove) => ReasonOrder::PointsAbove,
                Some(ReasonOrderWord::PointsBelow) | None => ReasonOrder::PointsBelow,
            },
            ..Draft::default()
        }
    }

    fn group(&mut self, path: &Path, group: &GroupDocument) -> Group {
        Group {
            code: group.code.clone(),
            label: group.label.clone(),
            min: self.some_number(&path.field("min"), group.min.as_deref()),
            max: self.some_number(&path.field("max"), group.max.as_deref()),
        }
    }

    fn efforts(&mut self, document: &EffortsDocument) -> Efforts {
        let path = Path::root().field("efforts");
        let usual = Efforts::default();
        let mut read = |field: &'static str, text: &Option<String>, usual: Amount| {
            let given = self.some_number(&path.field(field), text.as_deref());
            given.unwrap_or(usual)
        };
        Efforts {
            amount: read("amount", &document.amount, usual.amount),
            order: read("order", &document.order, usual.order),
            product: read("product", &document.product, usual.product),
            invoice: read("invoice", &document.invoice, usual.invoice),
            settled: read("settled", &document.settled, usual.settled),
        }
    }

    fn veto(&mut self, path: &Path, veto: &VetoDocument) -> Veto {
        let effect = match (&veto.force, &veto.cap) {
            (Some(tier), None) => VetoEffect::Force(tier.clone()),
            (None, Some(tier)) => VetoEffect::Cap(tier.clone()),
            (Some(tier), Some(_)) => {
                self.fault(path, "ambiguous", "has both `force` and `cap`");
                VetoEffect::Force(tier.clone())
            }
            (None, None) => {
                self.fault(path, "required", "needs `force` or `cap`");
                VetoEffect::Force(String::new())
            }
        };
        Veto {
            code: veto.code.clone(),
            label: veto.label.clone(),
            when: self.condition(&path.field("when"), &veto.when),
            effect,
            reason: veto.reason.as_ref().map(reason),
        }
    }

    pub(super) fn condition(&mut self, path: &Path, it: &ConditionDocument) -> Condition {
        let chosen = [
            it.all.is_some(),
            it.any.is_some(),
            it.not.is_some(),
            it.kind.is_some(),
            it.group.is_some(),
            it.attribute.is_some(),
            it.measure.is_some(),
        ];
        if chosen.iter().filter(|is_there| **is_there).count() != 1 {
            let detail = "needs exactly one of `all`, `any`, `not`, `kind`, `group`, `attribute` \
                          and `measure`";
            self.fault(path, "ambiguous", detail);
            return Condition::Any(Vec::new());
        }
        if it.attribute.is_none() {
            self.unused(&path.field("values"), &it.values);
        }
        if it.attribute.is_none() && it.measure.is_none() {
            self.unused(&path.field("from"), &it.from);
            self.unused(&path.field("to"), &it.to);
        }
        if let Some(parts) = &it.all {
            return Condition::All(self.conditions(&path.field("all"), parts));
        }
        if let Some(parts) = &it.any {
            return Condition::Any(self.conditions(&path.field("any"), parts));
        }
        if let Some(part) = &it.not {
            return Condition::Not(Box::new(self.condition(&path.field("not"), part)));
        }
        if let Some(group) = &it.group {
            return Condition::InGroup(group.clone());
        }
        match it.kind {
            Some(KindWord::Organisation) => Condition::Kind(CustomerKind::Organisation),
            Some(KindWord::Person) => Condition::Kind(CustomerKind::Person),
            None => self.valued(path, it),
        }
    }

    fn conditions(&mut self, path: &Path, parts: &[ConditionDocument]) -> Vec<Condition> {
        let parts = parts.iter().enumerate();
        parts
            .map(|(index, part)| self.condition(&path.index(index), part))
            .collect()
    }

    /// An attribute or a measure.
    fn valued(&mut self, path: &Path, it: &ConditionDocument) -> Condition {
        let range = Range {
            from: self.bound(&path.field("from"), it.from.as_deref()),
            to: self.bound(&path.field("to"), it.to.as_deref()),
        };
        if let Some(measure) = &it.measure {
            let measure = Box::new(self.measure(&path.field("measure"), measure));
            return Condition::Measured { measure, range };
        }
        let attribute = it.attribute.clone().unwrap_or_default();
        let Some(values) = &it.values else {
            return Condition::Between { attribute, range };
        };
        self.unused(&path.field("from"), &it.from);
        self.unused(&path.field("to"), &it.to);
        Condition::Is {
            attribute,
            values: values.iter().cloned().collect(),
        }
    }

    pub(super) fn decay(&mut self, path: &Path, decay: &DecayDocument) -> Decay {
        Decay {
            interval_days: decay.interval_days,
            percent: self.number(&path.field("percent"), &decay.percent),
        }
    }

    pub(super) fn filter(&mut self, path: &Path, filter: Option<&FilterDocument>) -> Filter {
        let Some(filter) = filter else {
            return Filter::default();
        };
        let lists = [
            ("categories", &filter.categories),
            ("channels", &filter.channels),
            ("sources", &filter.sources),
        ];
        for (field, list) in lists {
            if list.as_ref().is_some_and(Vec::is_empty) {
                self.fault(&path.field(field), "empty", "must have at least one entry");
            }
        }
        if lists.iter().all(|(_, list)| list.is_none()) {
            self.fault(
                path,
                "required",
                "needs `categories`, `channels` or `sources`",
            );
        }
        let place = path.field("categories");
        let categories = filter.categories.iter().flatten().enumerate();
        let categories = categories.filter_map(|(index, text)| {
            let category = text.parse::<CategoryPath>();
            let refused = |error: tiercel_domain::category::InvalidCategory| {
                self.fault(&place.index(index), "not_a_category", error.to_string());
            };
            category.map_err(refused).ok()
        });
        Filter {
            categories: categories.collect(),
            channels: filter.channels.iter().flatten().cloned().collect(),
            sources: filter.sources.iter().flatten().cloned().collect(),
        }
    }
}

fn lifecycle(document: &LifecycleDocument) -> Lifecycle {
    let term = |term: &Option<TermDocument>| match term {
        None => Term::NONE,
        Some(term) => match term.unit {
            TermUnit::Days => Term::Days(term.length),
            TermUnit::Months => Term::Months(term.length),
        },
    };
    Lifecycle {
        calendar: Calendar {
            every_months: document.every_months,
            ends_in: document.ends_in_month.unwrap_or(12),
        },
        rise: match document.rise {
            RiseWord::AtOnce => Rise::AtOnce,
            RiseWord::OnDate => Rise::OnDate,
        },
        misses: document.misses,
        grace: term(&document.grace),
        minimum_stay: term(&document.minimum_stay),
        one_step: document.one_step.unwrap_or(false),
    }
}
