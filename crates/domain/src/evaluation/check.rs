//! What makes a model whole: every fault of a draft is found, not only the first.

use super::faults::{FaultKind, ModelFault};
use super::measures::Measure;
use super::model::{Band, Criterion, Draft, Scoring, Tier};
use crate::path::Path;
use crate::period::Window;
use crate::scaled::{Percent, Points};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

const MOST_CRITERIA: usize = 1_000;
const MOST_ENTRIES: usize = 1_000;
const MOST_TIERS: usize = 100;
const MOST_DAYS: u32 = 36_500;
const MOST_MONTHS: u32 = 1_200;
/// 100 per cent in units.
const WHOLE: i128 = 1_000_000;

/// The index of the default tier of a draft without faults.
pub(super) fn check(draft: &Draft) -> Result<usize, Vec<ModelFault>> {
    let mut check = Check::default();
    check.criteria(&draft.criteria);
    check.tiers(&draft.tiers);
    check.groups(draft);
    check.vetoes(draft);
    check.lifecycle(draft);
    check.efforts(draft);
    check.applies_to(draft);
    check.reach(draft);
    let is_default = |tier: &Tier| tier.code == draft.default_tier;
    let default_tier = draft.tiers.iter().position(is_default);
    if default_tier.is_none() {
        let unknown = FaultKind::UnknownTier(quoted(&draft.default_tier));
        check.fault(Path::root().field("default_tier"), unknown);
    }
    match default_tier {
        Some(default_tier) if check.faults.is_empty() => Ok(default_tier),
        _ => Err(check.faults),
    }
}

/// Collects the faults of a draft.
#[derive(Default)]
pub(super) struct Check {
    pub(super) faults: Vec<ModelFault>,
}

impl Check {
    pub(super) fn fault(&mut self, path: Path, kind: FaultKind) {
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
        self.refinement(path, criterion);
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

    pub(super) fn measure(&mut self, path: &Path, measure: &Measure) {
        let (length, most) = match measure.window() {
            Some(Window::Days(days)) => (days, MOST_DAYS),
            Some(Window::Months(months)) => (months, MOST_MONTHS),
            _ => (1, 1),
        };
        if !(1..=most).contains(&length) {
            let length = path.field("window").field("length");
            self.fault(length, FaultKind::WindowOutOfRange(most));
        }
        match measure {
            Measure::Attribute { code } => self.code(path.field("attribute"), code),
            Measure::RevenueTrend { window } if !window.rolls() => {
                self.fault(path.field("window"), FaultKind::NoWindowBefore);
            }
            Measure::FadingRating { decay, .. } => self.decay(&path.field("decay"), decay),
            Measure::Rank { of, cuts, .. } => self.rank(path, of, cuts),
            _ => {}
        }
    }

    fn rank(&mut self, path: &Path, of: &Measure, cuts: &[Decimal]) {
        if !of.is_numeric() || matches!(of, Measure::Rank { .. }) {
            self.fault(path.field("of"), FaultKind::NeedsNumbers);
        } else {
            self.measure(&path.field("of"), of);
        }
        let list = path.field("cuts");
        self.size(&list, cuts.len(), MOST_ENTRIES);
        for (index, pair) in (1_usize..).zip(cuts.windows(2)) {
            if let [before, cut] = pair
                && before > cut
            {
                self.fault(list.index(index), FaultKind::NotAscending);
            }
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
            let largest = given.map(size).max().unwrap_or(0);
            // In hundredths of per cent; never taken for less than the points themselves.
            let weight = criterion.refinement.weight.map_or(0, Percent::units);
            let weighed = largest.saturating_mul(weight.into()).saturating_div(WHOLE);
            largest.max(weighed.saturating_add(1))
        };
        let criteria = draft.criteria.iter().map(largest);
        let caps = draft
            .groups
            .iter()
            .flat_map(|group| [&group.min, &group.max]);
        let caps = caps.flatten().map(size);
        let parts = criteria.chain(caps);
        let sum = parts.fold(size(&draft.initial), i128::saturating_add);
        if sum > i128::from(i64::MAX) {
            self.fault(Path::root().field("criteria"), FaultKind::PointsTooLarge);
        }
    }

    pub(super) fn size(&mut self, list: &Path, length: usize, most: usize) {
        if length == 0 {
            self.fault(list.clone(), FaultKind::Empty);
        } else if length > most {
            self.fault(list.clone(), FaultKind::TooMany(most));
        }
    }

    pub(super) fn unique<'a>(
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

    pub(super) fn code(&mut self, path: Path, code: &str) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = code
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        if !begins || code.len() > 64 || !code.bytes().all(fits) {
            self.fault(path, FaultKind::InvalidCode);
        }
    }

    pub(super) fn label(&mut self, path: Path, label: &str) {
        let fits = (1..=200).contains(&label.chars().count());
        if !fits || label.trim() != label || label.chars().any(char::is_control) {
            self.fault(path, FaultKind::InvalidLabel);
        }
    }
}

/// As much of a text as a message may repeat.
pub(super) fn quoted(text: &str) -> String {
    text.chars().take(80).collect()
}
