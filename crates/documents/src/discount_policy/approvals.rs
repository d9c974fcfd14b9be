//! Who approves what, as JSON, and what the domain decides by.

use super::LimitDocument;
use super::convert::Reader;
use serde::{Deserialize, Serialize};
use tiercel_domain::discounts::approval::{ApprovalLevel, ApprovalRule};
use tiercel_domain::path::Path;
use utoipa::ToSchema;

/// No chain is longer.
const MOST_LEVELS: usize = 10;

/// Who approves prices that the policy does not give: deeper discounts take more levels, one after
/// the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRuleDocument {
    /// A price that is asked for needs nobody up to this discount from list, in per cent, as long
    /// as it keeps the floor and the cap of its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_pct: Option<String>,
    /// From the lowest to the highest. The last one has no `up_to`: it approves whatever it is.
    pub levels: Vec<ApprovalLevelDocument>,
    /// How many days an approval may hold, 1 to 366; 30 where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_days: Option<u32>,
}

/// One level of the chain. Everything deeper than `up_to` takes the next one too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalLevelDocument {
    pub code: String,
    /// `pct`: of the list price. `amount`: what the price gives up of the margin that the policy's
    /// own price leaves, for the whole line. Both must fit where both are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<LimitDocument>,
    /// Clients that may approve at this level, such as `cli_…`; whoever has the scope
    /// `discounts:approve` where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
}

impl ApprovalRuleDocument {
    pub(super) fn to_rule(&self, reader: &mut Reader<'_, '_>, at: &Path) -> Option<ApprovalRule> {
        let free = self.free_pct.as_deref();
        let free = match free {
            Some(text) => Some(reader.checks.percent(text, 100, &at.field("free_pct"))?),
            None => None,
        };
        let days = self.most_days.unwrap_or(ApprovalRule::default().most_days);
        let fits = (1..=366).contains(&days);
        let detail = "is not from 1 to 366";
        let days_at = at.field("most_days");
        reader
            .checks
            .require(fits, &days_at, "out_of_range", detail);
        let list_at = at.field("levels");
        let fits = (1..=MOST_LEVELS).contains(&self.levels.len());
        let detail = "are not 1 to 10 levels";
        reader
            .checks
            .require(fits, &list_at, "out_of_range", detail);
        let codes = self.levels.iter().enumerate();
        reader.checks.distinct(
            codes.map(|(index, level)| (level.code.as_str(), list_at.index(index).field("code"))),
        );
        let last = self.levels.len().saturating_sub(1);
        let mut levels: Vec<Option<ApprovalLevel>> = Vec::new();
        for (index, level) in self.levels.iter().enumerate() {
            let at = list_at.index(index);
            let open = level.up_to.is_none();
            let detail = "only the last level approves whatever it is, and it does";
            let bound_at = at.field("up_to");
            reader
                .checks
                .require(open == (index == last), &bound_at, "open_end", detail);
            levels.push(level.to_level(reader, &at));
        }
        let levels: Vec<ApprovalLevel> = levels.into_iter().collect::<Option<_>>()?;
        self.check_order(&levels, reader, &list_at);
        Some(ApprovalRule {
            free,
            levels,
            most_days: days,
        })
    }

    /// A higher level that may do less would never be reached.
    fn check_order(&self, levels: &[ApprovalLevel], reader: &mut Reader<'_, '_>, at: &Path) {
        let pairs = levels.iter().zip(levels.iter().skip(1)).enumerate();
        for (index, (lower, higher)) in pairs {
            let narrower =
                matches!((lower.most, higher.most), (Some(low), Some(high)) if high < low);
            let at = at.index(index.saturating_add(1)).field("up_to");
            let detail = "is less than the level before approves";
            reader
                .checks
                .require(!narrower, &at, "not_ascending", detail);
        }
    }
}

impl ApprovalLevelDocument {
    fn to_level(&self, reader: &mut Reader<'_, '_>, at: &Path) -> Option<ApprovalLevel> {
        reader.checks.code(&self.code, &at.field("code"));
        let approvers = self.approvers.iter().enumerate();
        for (index, approver) in approvers {
            let at = at.field("approvers").index(index);
            reader.checks.text(approver, &at);
        }
        let limit = match &self.up_to {
            Some(limit) => limit.to_limit(reader, &at.field("up_to"))?,
            None => Default::default(),
        };
        Some(ApprovalLevel {
            code: self.code.clone(),
            most: limit.percent,
            most_margin: limit
                .amount
                .map(|amount| (amount.decimal(), limit.currency)),
            approvers: self.approvers.clone(),
        })
    }
}
