//! A model: which criteria are scored, how, and which score makes which tier.
//!
//! A [`Model`] can only be made by [`Model::new`], so every model is whole: each number falls into
//! exactly one band of its criterion, and each score into exactly one tier.

use super::faults::{FaultKind, ModelFault};
use super::measures::Measure;
use crate::path::Path;
use crate::period::Window;
use crate::scaled::Points;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

const MOST_CRITERIA: usize = 1_000;
const MOST_ENTRIES: usize = 1_000;
const MOST_TIERS: usize = 100;
const MOST_DAYS: u32 = 36_500;
const MOST_MONTHS: u32 = 1_200;

/// A model as somebody wrote it: perhaps faulty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub criteria: Vec<Criterion>,
    /// Points every customer begins with.
    pub initial: Points,
    /// From the best to the worst.
    pub tiers: Vec<Tier>,
    /// The code of the tier that unknown customers get.
    pub default_tier: String,
}

/// One thing that is measured and how its value becomes points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    pub code: String,
    pub label: String,
    pub measure: Measure,
    pub scoring: Scoring,
    /// Points where the measure has no value.
    pub missing: Points,
}

/// How a value becomes points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scoring {
    /// Numbers: ascending bands that leave no gap.
    Bands(Vec<Band>),
    /// Texts as written, and flags as `true` and `false`.
    Categories {
        entries: Vec<Category>,
        /// Points for a value that no entry names.
        other: Points,
    },
}

/// The numbers from `from` (included) up to `to` (excluded).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    pub from: Option<Decimal>,
    pub to: Option<Decimal>,
    pub points: Points,
}

/// One value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub value: String,
    pub points: Points,
}

/// A tier: the scores from its threshold up to the threshold of the better tier before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    pub code: String,
    pub label: String,
    /// The lowest score (included); none for the last tier only.
    pub from: Option<Points>,
}

/// A model without faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    criteria: Vec<Criterion>,
    initial: Points,
    tiers: Vec<Tier>,
    default_tier: usize,
}

impl Scoring {
    /// The smallest lower bound above `value`: where a growing number changes its band next.
    pub(super) fn next_edge_above(&self, value: Decimal) -> Option<Decimal> {
        match self {
            Self::Bands(bands) => bands
                .iter()
                .filter_map(|band| band.from)
                .find(|from| *from > value),
            Self::Categories { .. } => None,
        }
    }

    /// All points this scoring can give.
    fn points(&self) -> Vec<Points> {
        match self {
            Self::Bands(bands) => bands.iter().map(|band| band.points).collect(),
            Self::Categories { entries, other } => {
                let named = entries.iter().map(|entry| entry.points);
                named.chain([*other]).collect()
            }
        }
    }
}

impl Band {
    pub(super) fn holds(&self, value: Decimal) -> bool {
        self.from.is_none_or(|from| from <= value) && self.to.is_none_or(|to| value < to)
    }
}

impl Model {
    /// Checks the draft; a faulty one is returned as the list of all its faults.
    pub fn new(draft: Draft) -> Result<Self, Vec<ModelFault>> {
        let mut check = Check::default();
        check.criteria(&draft.criteria);
        check.tiers(&draft.tiers);
        check.reach(&draft);
        let is_default = |tier: &Tier| tier.code == draft.default_tier;
        let default_tier = draft.tiers.iter().position(is_default);
        if default_tier.is_none() {
            let unknown = FaultKind::UnknownTier(quoted(&draft.default_tier));
            check.fault(Path::root().field("default_tier"), unknown);
        }
        match default_tier {
            Some(default_tier) if check.faults.is_empty() => Ok(Self {
                criteria: draft.criteria,
                initial: draft.initial,
                tiers: draft.tiers,
                default_tier,
            }),
            _ => Err(check.faults),
        }
    }

    pub fn criteria(&self) -> &[Criterion] {
        &self.criteria
    }

    /// Points every customer begins with.
    pub const fn initial(&self) -> Points {
        self.initial
    }

    /// From the best (rank 1) to the worst.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// Index of the tier that unknown customers get.
    pub const fn default_tier(&self) -> usize {
        self.default_tier
    }

    /// The place of a tier in the order: 1 is the best.
    pub fn rank(&self, code: &str) -> Option<usize> {
        let index = self.tiers.iter().position(|tier| tier.code == code)?;
        index.checked_add(1)
    }

    /// Index of the one tier that `score` falls into.
    pub fn tier_of(&self, score: Points) -> usize {
        let reached = |tier: &Tier| tier.from.is_none_or(|from| from <= score);
        let last = self.tiers.len().saturating_sub(1);
        self.tiers.iter().position(reached).unwrap_or(last)
    }
}

/// Collects the faults of a draft.
#[derive(Default)]
struct Check {
    faults: Vec<ModelFault>,
}

impl Check {
    fn fault(&mut self, path: Path, kind: FaultKind) {
        self.faults.push(ModelFault { path, kind });
    }

    fn criteria(&mut self, criteria: &[Criterion]) {
        let list = Path::root().field("criteria");
        self.size(&list, criteria.len(), MOST_CRITERIA);
        self.unique(&list, "code", criteria.iter().map(|entry| &entry.code));
        for (index, criterion) in criteria.iter().enumerate() {
            self.criterion(&list.index(index), criterion);
        }
    }

    fn criterion(&mut self, path: &Path, criterion: &Criterion) {
        self.code(path.field("code"), &criterion.code);
        self.label(path.field("label"), &criterion.label);
        self.measure(&path.field("measure"), &criterion.measure);
        match &criterion.scoring {
            Scoring::Bands(bands) => self.bands(&path.field("bands"), bands),
            Scoring::Categories { entries, .. } => {
                let list = path.field("categories");
                if criterion.measure.is_numeric() {
                    self.fault(list.clone(), FaultKind::NeedsBands);
                }
                self.size(&list, entries.len(), MOST_ENTRIES);
                self.unique(&list, "value", entries.iter().map(|entry| &entry.value));
                for (index, entry) in entries.iter().enumerate() {
                    self.label(list.index(index).field("value"), &entry.value);
                }
            }
        }
    }

    fn measure(&mut self, path: &Path, measure: &Measure) {
        let (length, most) = match measure.window() {
            None | Some(Window::All) => (1, 1),
            Some(Window::Days(days)) => (days, MOST_DAYS),
            Some(Window::Months(months)) => (months, MOST_MONTHS),
        };
        if !(1..=most).contains(&length) {
            let length = path.field("window").field("length");
            self.fault(length, FaultKind::WindowOutOfRange(most));
        }
        if let Measure::Attribute { code } = measure {
            self.code(path.field("attribute"), code);
        }
    }

    /// Ascending, without gap or overlap, open at both ends.
    fn bands(&mut self, list: &Path, bands: &[Band]) {
        self.size(list, bands.len(), MOST_ENTRIES);
        for (index, band) in bands.iter().enumerate() {
            if let (Some(from), Some(to)) = (band.from, band.to)
                && from >= to
            {
                self.fault(list.index(index), FaultKind::EmptyBand);
            }
        }
        if let Some(from @ Some(_)) = bands.first().map(|band| band.from) {
            let below = FaultKind::Gap {
                from: None,
                to: from,
            };
            self.fault(list.index(0).field("from"), below);
        }
        if let Some(to @ Some(_)) = bands.last().map(|band| band.to) {
            let above = FaultKind::Gap { from: to, to: None };
            let last = bands.len().saturating_sub(1);
            self.fault(list.index(last).field("to"), above);
        }
        for (index, pair) in (1_usize..).zip(bands.windows(2)) {
            if let [before, band] = pair {
                self.joint(list.index(index).field("from"), before.to, band.from);
            }
        }
    }

    /// One band must begin where the band before it ends.
    fn joint(&mut self, path: Path, end: Option<Decimal>, begin: Option<Decimal>) {
        match (end, begin) {
            (Some(end), Some(begin)) if end == begin => {}
            (Some(end), Some(begin)) if end < begin => self.fault(
                path,
                FaultKind::Gap {
                    from: Some(end),
                    to: Some(begin),
                },
            ),
            (end, begin) => self.fault(
                path,
                FaultKind::Overlap {
                    from: begin,
                    to: end,
                },
            ),
        }
    }

    fn tiers(&mut self, tiers: &[Tier]) {
        let list = Path::root().field("tiers");
        self.size(&list, tiers.len(), MOST_TIERS);
        self.unique(&list, "code", tiers.iter().map(|tier| &tier.code));
        let mut better: Option<Points> = None;
        for (index, tier) in tiers.iter().enumerate() {
            let path = list.index(index);
            self.code(path.field("code"), &tier.code);
            self.label(path.field("label"), &tier.label);
            let is_last = index.checked_add(1) == Some(tiers.len());
            let kind = match tier.from {
                Some(_) if is_last => Some(FaultKind::LastTierBounded),
                None if !is_last => Some(FaultKind::ThresholdMissing),
                Some(from) if better.is_some_and(|better| from >= better) => {
                    Some(FaultKind::NotDescending)
                }
                _ => None,
            };
            if let Some(kind) = kind {
                self.fault(path.field("from"), kind);
            }
            better = tier.from.or(better);
        }
    }

    /// No score may leave the range that points are kept in.
    fn reach(&mut self, draft: &Draft) {
        let size = |points: &Points| i128::from(points.units()).saturating_abs();
        let largest = |criterion: &Criterion| {
            let given = criterion.scoring.points();
            let given = given.iter().chain([&criterion.missing]);
            given.map(size).max().unwrap_or(0)
        };
        let criteria = draft.criteria.iter().map(largest);
        let sum = criteria.fold(size(&draft.initial), i128::saturating_add);
        if sum > i128::from(i64::MAX) {
            self.fault(Path::root().field("criteria"), FaultKind::PointsTooLarge);
        }
    }

    fn size(&mut self, list: &Path, length: usize, most: usize) {
        if length == 0 {
            self.fault(list.clone(), FaultKind::Empty);
        } else if length > most {
            self.fault(list.clone(), FaultKind::TooMany(most));
        }
    }

    fn unique<'a>(
        &mut self,
        list: &Path,
        field: &'static str,
        values: impl Iterator<Item = &'a String>,
    ) {
        let mut seen = BTreeSet::new();
        for (index, value) in values.enumerate() {
            if !seen.insert(value) {
                let again = FaultKind::Duplicate(quoted(value));
                self.fault(list.index(index).field(field), again);
            }
        }
    }

    fn code(&mut self, path: Path, code: &str) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = code
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        if !begins || code.len() > 64 || !code.bytes().all(fits) {
            self.fault(path, FaultKind::InvalidCode);
        }
    }

    fn label(&mut self, path: Path, label: &str) {
        let fits = (1..=200).contains(&label.chars().count());
        if !fits || label.trim() != label || label.chars().any(char::is_control) {
            self.fault(path, FaultKind::InvalidLabel);
        }
    }
}

/// As much of a text as a message may repeat.
fn quoted(text: &str) -> String {
    text.chars().take(80).collect()
}
