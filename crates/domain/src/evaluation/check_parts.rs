//! What groups, vetoes, lifecycles and the rest of a criterion must not be.

use super::check::{Check, quoted};
use super::condition::{Condition, Range};
use super::decay::Decay;
use super::efforts::Efforts;
use super::faults::FaultKind;
use super::lifecycle::Lifecycle;
use super::model::{Criterion, Draft};
use super::refinement::{Reason, Refinement};
use crate::path::Path;
use crate::scaled::Percent;
use rust_decimal::Decimal;

const MOST_GROUPS: usize = 100;
const MOST_VETOES: usize = 100;
const MOST_PARTS: usize = 100;
const DEEPEST: usize = 8;
const MOST_WEIGHT: u32 = 1_000;
const MOST_DAYS: u32 = 36_500;
const MOST_MONTHS: u32 = 1_200;
const MOST_MISSES: u32 = 120;
const MOST_EFFORT: u32 = 1_000_000;

impl Check {
    pub(super) fn groups(&mut self, draft: &Draft) {
        let list = Path::root().field("groups");
        if draft.groups.len() > MOST_GROUPS {
            self.fault(list.clone(), FaultKind::TooMany(MOST_GROUPS));
        }
        self.unique(&list, "code", draft.groups.iter().map(|group| &group.code));
        for (index, group) in draft.groups.iter().enumerate() {
            let path = list.index(index);
            self.code(path.field("code"), &group.code);
            self.label(path.field("label"), &group.label);
            if let (Some(min), Some(max)) = (group.min, group.max)
                && min > max
            {
                self.fault(path.field("min"), FaultKind::MinAboveMax);
            }
            let belongs = |criterion: &Criterion| {
                let group_of = criterion.refinement.group.as_ref();
                group_of == Some(&group.code)
            };
            if !draft.criteria.iter().any(belongs) {
                self.fault(path, FaultKind::WithoutCriteria);
            }
        }
        let criteria = Path::root().field("criteria");
        for (index, criterion) in draft.criteria.iter().enumerate() {
            let Some(code) = &criterion.refinement.group else {
                continue;
            };
            if !draft.groups.iter().any(|group| group.code == *code) {
                let unknown = FaultKind::UnknownGroup(quoted(code));
                self.fault(criteria.index(index).field("group"), unknown);
            }
        }
    }

    pub(super) fn refinement(&mut self, path: &Path, criterion: &Criterion) {
        let Refinement {
            filter,
            weight,
            decay,
            reasons,
            ..
        } = &criterion.refinement;
        if weight.is_some_and(|weight| !within(weight, MOST_WEIGHT)) {
            self.fault(path.field("weight"), FaultKind::OutOfRange(MOST_WEIGHT));
        }
        if let Some(decay) = decay {
            self.decay(&path.field("decay"), decay);
            if !criterion.measure.reads_facts() {
                self.fault(path.field("decay"), FaultKind::NothingAges);
            }
        }
        if !filter.is_empty() && !criterion.measure.takes_filter() {
            self.fault(path.field("filter"), FaultKind::NoFilter);
        }
        let lists = [&reasons.criterion, &reasons.other, &reasons.missing];
        for reason in lists.into_iter().chain(&reasons.entries).flatten() {
            self.reason(path, reason);
        }
    }

    pub(super) fn decay(&mut self, path: &Path, decay: &Decay) {
        if !(1..=MOST_DAYS).contains(&decay.interval_days) {
            let field = path.field("interval_days");
            self.fault(field, FaultKind::WindowOutOfRange(MOST_DAYS));
        }
        if decay.percent.is_zero() || !within(decay.percent, 100) {
            self.fault(path.field("percent"), FaultKind::OutOfRange(100));
        }
    }

    fn reason(&mut self, path: &Path, reason: &Reason) {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let fits = (1..=64).contains(&reason.code.len()) && reason.code.chars().all(plain);
        let spoken = |text: &String| {
            (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        if !fits || !reason.texts.values().all(spoken) {
            let detail = quoted(&reason.code);
            self.fault(path.clone(), FaultKind::InvalidReason(detail));
        }
    }

    pub(super) fn vetoes(&mut self, draft: &Draft) {
        let list = Path::root().field("vetoes");
        if draft.vetoes.len() > MOST_VETOES {
            self.fault(list.clone(), FaultKind::TooMany(MOST_VETOES));
        }
        self.unique(&list, "code", draft.vetoes.iter().map(|veto| &veto.code));
        for (index, veto) in draft.vetoes.iter().enumerate() {
            let path = list.index(index);
            self.code(path.field("code"), &veto.code);
            self.label(path.field("label"), &veto.label);
            if !draft
                .tiers
                .iter()
                .any(|tier| tier.code == veto.effect.tier())
            {
                let unknown = FaultKind::UnknownTier(quoted(veto.effect.tier()));
                self.fault(path.field(veto.effect.word()), unknown);
            }
            self.condition(&path.field("when"), &veto.when, true);
            if let Some(reason) = &veto.reason {
                self.reason(&path.field("reason"), reason);
            }
        }
    }

    pub(super) fn applies_to(&mut self, draft: &Draft) {
        if let Some(condition) = &draft.applies_to {
            self.condition(&Path::root().field("applies_to"), condition, false);
        }
    }

    /// `measured`: whether it may ask for measures.
    fn condition(&mut self, path: &Path, condition: &Condition, measured: bool) {
        if condition.depth() > DEEPEST {
            self.fault(path.clone(), FaultKind::TooDeep(DEEPEST));
            return;
        }
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                let is_all = matches!(condition, Condition::All(_));
                let list = path.field(if is_all { "all" } else { "any" });
                self.size(&list, parts.len(), MOST_PARTS);
                for (index, part) in parts.iter().enumerate() {
                    self.condition(&list.index(index), part, measured);
                }
            }
            Condition::Not(part) => self.condition(&path.field("not"), part, measured),
            Condition::Kind(_) => {}
            Condition::InGroup(code) => {
                if code.is_empty() || code.len() > 64 {
                    self.fault(path.field("group"), FaultKind::InvalidLabel);
                }
            }
            Condition::Is { attribute, values } => {
                self.code(path.field("attribute"), attribute);
                self.size(&path.field("values"), values.len(), MOST_PARTS);
            }
            Condition::Between { attribute, range } => {
                self.code(path.field("attribute"), attribute);
                self.range(path, *range);
            }
            Condition::Measured { measure, range } => {
                let place = path.field("measure");
                if !measured {
                    self.fault(place, FaultKind::NotMeasured);
                    return;
                }
                if !measure.is_numeric() {
                    self.fault(place.clone(), FaultKind::NeedsNumbers);
                }
                self.measure(&place, measure);
                self.range(path, *range);
            }
        }
    }

    fn range(&mut self, path: &Path, range: Range) {
        match (range.from, range.to) {
            (None, None) => self.fault(path.field("from"), FaultKind::Unbounded),
            (Some(from), Some(to)) if from >= to => {
                self.fault(path.field("to"), FaultKind::EmptyBand);
            }
            _ => {}
        }
    }

    pub(super) fn efforts(&mut self, draft: &Draft) {
        let path = Path::root().field("efforts");
        let named = draft.efforts.iter().flat_map(Efforts::named);
        for (field, effort) in named {
            if effort.is_negative() || effort.decimal() > Decimal::from(MOST_EFFORT) {
                self.fault(path.field(field), FaultKind::OutOfRange(MOST_EFFORT));
            }
        }
    }

    pub(super) fn lifecycle(&mut self, draft: &Draft) {
        let Some(lifecycle) = &draft.lifecycle else {
            return;
        };
        let path = Path::root().field("lifecycle");
        let Lifecycle {
            calendar,
            misses,
            grace,
            minimum_stay,
            ..
        } = lifecycle;
        if ![1, 2, 3, 4, 6, 12].contains(&calendar.every_months) {
            self.fault(path.field("every_months"), FaultKind::NoDivisor);
        }
        if !(1..=12).contains(&calendar.ends_in) {
            let field = path.field("ends_in_month");
            self.fault(field, FaultKind::WindowOutOfRange(12));
        }
        if !(1..=MOST_MISSES).contains(misses) {
            let field = path.field("misses");
            self.fault(field, FaultKind::WindowOutOfRange(MOST_MISSES));
        }
        for (field, term) in [("grace", grace), ("minimum_stay", minimum_stay)] {
            let most = match term {
                super::lifecycle::Term::Days(_) => MOST_DAYS,
                super::lifecycle::Term::Months(_) => MOST_MONTHS,
            };
            if term.length() > most {
                let length = path.field(field).field("length");
                self.fault(length, FaultKind::OutOfRange(most));
            }
        }
    }
}

fn within(percent: Percent, most: u32) -> bool {
    !percent.is_negative() && percent.decimal() <= Decimal::from(most)
}
