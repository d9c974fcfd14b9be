//! How customers are spread over tiers.

use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use std::collections::BTreeMap;

/// How many customers that are not erased stand in each tier; none for those not evaluated yet.
pub async fn tiers(source: &impl Source) -> Result<BTreeMap<Option<String>, u64>, DbError> {
    let text = "SELECT tier, COUNT(*) AS customers FROM customer_state \
        WHERE erased_at IS NULL GROUP BY tier";
    let rows = sql::rows(source, text, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let customers: i64 = row.try_get("", "customers")?;
            Ok((
                row.try_get("", "tier")?,
                u64::try_from(customers).unwrap_or(0),
            ))
        })
        .collect()
}
