//! Rules of authorisation and exceptions to the tiers' thresholds, as a document.

use super::amount;
use crate::checks::Checks;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::limits::ExpiredLimit;
use tiercel_domain::credit::policy::{AuthorizationRules, Exception, Scope};
use tiercel_domain::path::Path;
use tiercel_domain::scaled::Amount;
use utoipa::ToSchema;

/// The longest a reservation may live: a year.
const LONGEST_TTL: u32 = 366 * 86_400;

/// How reservations are treated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorizationRulesDocument {
    /// How long a reservation lives that does not say; 1 second to 366 days.
    pub ttl_seconds: u32,
    pub expired_limit: ExpiredLimitDocument,
    /// Money that settles no bill yet is room for new orders.
    pub allow_negative_exposure: bool,
    /// A payment term longer than the customer's own is approved on the condition that it is
    /// shortened, instead of held.
    pub shorten_term: bool,
    /// So many days after the day of approval the checks need not be repeated.
    pub checkpoint_grace_days: u16,
}

/// What a limit is worth after its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpiredLimitDocument {
    Block,
    LastValue,
    Zero,
}

impl Default for AuthorizationRulesDocument {
    fn default() -> Self {
        let rules = AuthorizationRules::default();
        Self {
            ttl_seconds: rules.ttl_seconds,
            expired_limit: ExpiredLimitDocument::Block,
            allow_negative_exposure: rules.allow_negative_exposure,
            shorten_term: rules.shorten_term,
            checkpoint_grace_days: rules.checkpoint_grace_days,
        }
    }
}

impl AuthorizationRulesDocument {
    pub(super) fn read(&self, checks: &mut Checks<'_>, at: &Path) -> AuthorizationRules {
        let lives = (1..=LONGEST_TTL).contains(&self.ttl_seconds);
        let detail = "is not from 1 second to 366 days";
        checks.require(lives, &at.field("ttl_seconds"), "out_of_range", detail);
        AuthorizationRules {
            ttl_seconds: self.ttl_seconds,
            expired_limit: match self.expired_limit {
                ExpiredLimitDocument::Block => ExpiredLimit::Block,
                ExpiredLimitDocument::LastValue => ExpiredLimit::LastValue,
                ExpiredLimitDocument::Zero => ExpiredLimit::Zero,
            },
            allow_negative_exposure: self.allow_negative_exposure,
            shorten_term: self.shorten_term,
            checkpoint_grace_days: self.checkpoint_grace_days,
        }
    }
}

/// Thresholds for some customers. One for a customer replaces the tier's; one for a group, or for
/// all, fills in where the tier has none. Of two of the same reach the first counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditExceptionDocument {
    pub applies_to: ExceptionScopeDocument,
    /// The customer `cus_…` or the group `grp_…` with all below it; absent for `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_above: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_overdue_days_above: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_above: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_ignored_up_to: Option<String>,
}

/// Whom an exception is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionScopeDocument {
    Customer,
    Group,
    All,
}

impl CreditExceptionDocument {
    pub(super) fn read(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Exception> {
        let scope = self.scope(checks, &at.field("id"));
        let overdue_above = some(&self.overdue_above, checks, &at.field("overdue_above"));
        let document_above = some(&self.document_above, checks, &at.field("document_above"));
        let ignored_at = at.field("days_ignored_up_to");
        let days_ignored_up_to = some(&self.days_ignored_up_to, checks, &ignored_at);
        Some(Exception {
            scope: scope?,
            overdue_above: overdue_above?,
            oldest_overdue_days_above: self.oldest_overdue_days_above,
            document_above: document_above?,
            days_ignored_up_to: days_ignored_up_to?,
        })
    }

    fn scope(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Scope> {
        match (self.applies_to, &self.id) {
            (ExceptionScopeDocument::All, None) => Some(Scope::All),
            (ExceptionScopeDocument::Customer, Some(id)) => {
                checks.read(id, at).map(Scope::Customer)
            }
            (ExceptionScopeDocument::Group, Some(id)) => checks.read(id, at).map(Scope::Group),
            (ExceptionScopeDocument::All, Some(_)) => {
                checks.fault(at, "not_allowed", "`all` names nobody");
                None
            }
            _ => {
                checks.fault(at, "missing", "names whom it is for");
                None
            }
        }
    }
}

/// An amount that may be absent; the outer `None` means a fault.
pub(super) fn some(
    text: &Option<String>,
    checks: &mut Checks<'_>,
    at: &Path,
) -> Option<Option<Amount>> {
    match text {
        Some(text) => amount(text, checks, at).map(Some),
        None => Some(None),
    }
}
