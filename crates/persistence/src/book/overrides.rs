//! Tiers set by hand, beside the one that evaluation found.

use super::{BookCustomer, Customers, Span, of_row};
use crate::error::DbError;
use crate::store::Source;
use crate::tier_overrides as rows;
use chrono::NaiveDate;
use tiercel_domain::tier_overrides::{self, TierOverride};

impl BookCustomer {
    /// The tier that counts on a day: the one set by hand, else the evaluated one.
    pub fn tier_on(&self, day: NaiveDate) -> Option<&str> {
        let by_hand = self.override_on(day).map(|one| one.tier.as_str());
        by_hand.or(self.evaluated_tier.as_deref())
    }

    /// The tier set by hand that holds on a day.
    pub fn override_on(&self, day: NaiveDate) -> Option<&TierOverride> {
        tier_overrides::in_force(&self.overrides, day)
    }
}

/// Those that are over stay too: a decision may be asked as of a day on which they held.
pub(super) async fn add(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let select = rows::SELECT;
    for row in span
        .rows(
            source,
            select,
            "AND superseded_by IS NULL ORDER BY override_id",
        )
        .await?
    {
        if let Some(customer) = of_row(&row, found)? {
            customer.overrides.push(rows::read(&row)?);
        }
    }
    Ok(())
}
