//! The share of customers who are held out from a benefit, as a document.

use crate::checks::Checks;
use serde::{Deserialize, Serialize};
use tiercel_domain::hold_out::HoldOut;
use tiercel_domain::path::Path;
use utoipa::ToSchema;

/// More than half of the customers without a benefit is no hold-out.
const MOST: i64 = 50;

/// Customers who do not get a benefit, so that it shows what it brings. Who they are follows from
/// the customer, the benefit and the salt alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"share_pct": "10", "salt": "2026"}))]
pub struct HoldOutDocument {
    /// Per cent of the customers, above 0 and at most 50. A larger share holds out the same
    /// customers and more.
    pub share_pct: String,
    /// Another salt draws other customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

impl HoldOutDocument {
    pub(crate) fn read(&self, checks: &mut Checks<'_>, at: &Path) -> Option<HoldOut> {
        let share_at = at.field("share_pct");
        let share = checks.percent(&self.share_pct, MOST, &share_at)?;
        checks.require(!share.is_zero(), &share_at, "out_of_range", "is zero");
        if let Some(salt) = &self.salt {
            checks.text(salt, &at.field("salt"));
        }
        Some(HoldOut {
            share,
            salt: self.salt.clone().unwrap_or_default(),
        })
    }
}
