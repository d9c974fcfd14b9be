//! Reminders of a tier, as a document.

use super::{amount, rules};
use crate::checks::Checks;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::dunning::{DelayFrom, DunningLevel, DunningRules};
use tiercel_domain::path::Path;
use tiercel_domain::scaled::Amount;
use utoipa::ToSchema;

/// More reminders than that are none.
const MOST_LEVELS: usize = 9;

/// When bills that are not paid are reminded of, and what is done then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DunningRulesDocument {
    /// The first level first; at most 9. None = nobody is reminded.
    pub levels: Vec<DunningLevelDocument>,
    /// Items of which less is open are left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored_below: Option<String>,
}

/// One level of reminders. A bill reaches it no sooner than its grace is over, and no sooner than
/// the level before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DunningLevelDocument {
    /// How many days after the day that `from` names.
    pub after_days: u16,
    #[serde(default)]
    pub from: DelayFromDocument,
    /// A code for whoever sends it, e.g. `call_first`, `email`, `letter`.
    pub action: String,
    /// Asked for at this level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<String>,
    /// New orders are held from this level on.
    #[serde(default)]
    pub hold: bool,
}

/// From which day a level's days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DelayFromDocument {
    /// From the due day.
    #[default]
    Due,
    /// From the due day, and then to the end of the month reached.
    EndOfMonth,
    /// From the day of the level before.
    Previous,
}

impl DunningRulesDocument {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn read(&self, checks: &mut Checks<'_>, at: &Path) -> Option<DunningRules> {
        let levels_at = at.field("levels");
        let few = self.levels.len() <= MOST_LEVELS;
        checks.require(few, &levels_at, "out_of_range", "has more than 9 levels");
        let levels = self.levels.iter().enumerate();
        let levels: Vec<Option<DunningLevel>> = levels
            .map(|(place, level)| level.read(checks, &levels_at.index(place)))
            .collect();
        let ignored_below = rules::some(&self.ignored_below, checks, &at.field("ignored_below"));
        Some(DunningRules {
            levels: levels.into_iter().collect::<Option<_>>()?,
            ignored_below: ignored_below?,
        })
    }
}

impl DunningLevelDocument {
    fn read(&self, checks: &mut Checks<'_>, at: &Path) -> Option<DunningLevel> {
        checks.code(&self.action, &at.field("action"));
        let fee = match &self.fee {
            Some(text) => amount(text, checks, &at.field("fee"))?,
            None => Amount::ZERO,
        };
        Some(DunningLevel {
            after_days: self.after_days,
            from: match self.from {
                DelayFromDocument::Due => DelayFrom::Due,
                DelayFromDocument::EndOfMonth => DelayFrom::EndOfMonth,
                DelayFromDocument::Previous => DelayFrom::Previous,
            },
            action: self.action.clone(),
            fee,
            hold: self.hold,
        })
    }
}
