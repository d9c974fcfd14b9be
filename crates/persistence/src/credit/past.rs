//! What credit accounts were at a position of the journal, from their ledgers.

use super::limits::to_limit;
use super::{bits, limits};
use crate::book::CreditSummary;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use tiercel_domain::ids::{CreditAccountId, CustomerId};
use tiercel_domain::scaled::Amount;

/// The accounts of a customer that had moved or had a limit by a position, in the order of their
/// ids. Balances have no business date: they count as they were known. What a single
/// authorisation held is not told.
pub(crate) async fn summaries_at(
    source: &impl Source,
    customer: CustomerId,
    position: i64,
) -> Result<Vec<CreditSummary>, DbError> {
    let known = |alias: &str| {
        format!(
            "EXISTS (SELECT 1 FROM journal w WHERE w.write_id = {alias}.write_id \
             AND w.position <= $1)"
        )
    };
    let values = || vec![position.into(), super::value(customer.bits())];
    let text = format!(
        "SELECT a.account_id, a.company, a.segment, a.currency, e.posted, e.pending \
         FROM credit_account a LEFT JOIN credit_entry e ON e.account_id = a.account_id \
         AND e.entry_no = (SELECT MAX(l.entry_no) FROM credit_entry l \
         WHERE l.account_id = a.account_id AND {}) \
         WHERE a.customer_id = $2 ORDER BY a.account_id",
        known("l")
    );
    let mut found = Vec::new();
    for row in sql::rows(source, &text, values()).await? {
        let currency: String = row.try_get("", "currency")?;
        let balance = |column: &str| -> Result<Amount, DbError> {
            let units: Option<i64> = row.try_get("", column)?;
            Ok(Amount::from_units(units.unwrap_or_default()))
        };
        found.push(CreditSummary {
            account: CreditAccountId::from_bits(bits(&row, "account_id")?),
            company: row.try_get("", "company")?,
            segment: row.try_get("", "segment")?,
            currency: currency
                .parse()
                .map_err(|error| DbError::corrupt("credit_account", error))?,
            posted: balance("posted")?,
            pending: balance("pending")?,
            billed: Amount::from_units(0),
            credit_balance: Amount::from_units(0),
            limits: Vec::new(),
            held: Vec::new(),
        });
    }
    if found.is_empty() {
        return Ok(found);
    }
    let columns = limits::COLUMNS;
    let text = format!(
        "SELECT c.account_id, {columns} FROM credit_limit_change c WHERE {} AND c.account_id IN \
         (SELECT account_id FROM credit_account WHERE customer_id = $2) \
         ORDER BY c.account_id, c.change_no",
        known("c")
    );
    for row in sql::rows(source, &text, values()).await? {
        let account = CreditAccountId::from_bits(bits(&row, "account_id")?);
        if let Some(summary) = found.iter_mut().find(|it| it.account == account) {
            summary.limits.push(to_limit(&row)?.change);
        }
    }
    Ok(found)
}
