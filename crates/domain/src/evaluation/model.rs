//! A model: which criteria are scored, how, and which score makes which tier.
//!
//! A [`Model`] can only be made by [`Model::new`], so every model is whole: each number falls into
//! exactly one band of its criterion, and each score into exactly one tier.

use super::check;
use super::condition::Condition;
use super::efforts::Efforts;
use super::faults::ModelFault;
use super::group::Group;
use super::lifecycle::Lifecycle;
use super::measures::Measure;
use super::reasons::ReasonOrder;
use super::refinement::Refinement;
use super::veto::Veto;
use crate::scaled::Points;
use rust_decimal::Decimal;

/// A model as somebody wrote it: perhaps faulty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// Whom it is for; none for everyone that no other model is for.
    pub applies_to: Option<Condition>,
    pub criteria: Vec<Criterion>,
    pub groups: Vec<Group>,
    pub vetoes: Vec<Veto>,
    /// Points every customer begins with.
    pub initial: Points,
    /// From the best to the worst.
    pub tiers: Vec<Tier>,
    /// The code of the tier that unknown customers get.
    pub default_tier: String,
    /// None where the tier is the score's on every day.
    pub lifecycle: Option<Lifecycle>,
    pub reason_order: ReasonOrder,
    /// None where the usual ones do.
    pub efforts: Option<Efforts>,
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
    pub refinement: Refinement,
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
    draft: Draft,
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
    pub(super) fn points(&self) -> Vec<Points> {
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
        let default_tier = check::check(&draft)?;
        Ok(Self {
            draft,
            default_tier,
        })
    }

    /// Whom the model is for; none for everyone that no other model is for.
    pub const fn applies_to(&self) -> Option<&Condition> {
        self.draft.applies_to.as_ref()
    }

    pub fn criteria(&self) -> &[Criterion] {
        &self.draft.criteria
    }

    pub fn groups(&self) -> &[Group] {
        &self.draft.groups
    }

    pub(super) fn group(&self, code: &str) -> Option<&Group> {
        self.groups().iter().find(|group| group.code == code)
    }

    pub fn vetoes(&self) -> &[Veto] {
        &self.draft.vetoes
    }

    /// Points every customer begins with.
    pub const fn initial(&self) -> Points {
        self.draft.initial
    }

    /// From the best (rank 1) to the worst.
    pub fn tiers(&self) -> &[Tier] {
        &self.draft.tiers
    }

    /// Index of the tier that unknown customers get.
    pub const fn default_tier(&self) -> usize {
        self.default_tier
    }

    /// What the way to a better tier is weighed with.
    pub fn efforts(&self) -> Efforts {
        self.draft.efforts.unwrap_or_default()
    }

    pub const fn lifecycle(&self) -> Option<&Lifecycle> {
        self.draft.lifecycle.as_ref()
    }

    pub const fn reason_order(&self) -> ReasonOrder {
        self.draft.reason_order
    }

    /// Index of the tier with this code.
    pub fn index_of(&self, code: &str) -> Option<usize> {
        self.tiers().iter().position(|tier| tier.code == code)
    }

    /// The place of a tier in the order: 1 is the best.
    pub fn rank(&self, code: &str) -> Option<usize> {
        self.index_of(code)?.checked_add(1)
    }

    /// Index of the one tier that `score` falls into.
    pub fn tier_of(&self, score: Points) -> usize {
        let reached = |tier: &Tier| tier.from.is_none_or(|from| from <= score);
        let last = self.tiers().len().saturating_sub(1);
        self.tiers().iter().position(reached).unwrap_or(last)
    }
}
