//! What the decision book holds of credit accounts.

use super::authorizations::amounts;
use super::{bits, value};
use crate::book::CreditSummary;
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use tiercel_domain::ids::{CreditAccountId, CustomerId};
use tiercel_domain::scaled::Amount;

/// What the book holds of a customer's accounts, with the reservations that end by themselves.
pub(crate) async fn summaries(
    source: &impl Source,
    condition: &str,
    values: Vec<sea_orm::Value>,
) -> Result<Vec<(CustomerId, CreditSummary)>, DbError> {
    let text = format!(
        "SELECT customer_id, account_id, company, segment, currency, posted, pending, from_facts, \
         credit_balance FROM credit_account WHERE {condition} ORDER BY account_id"
    );
    let mut found = Vec::new();
    for row in sql::rows(source, &text, values).await? {
        let id = CreditAccountId::from_bits(bits(&row, "account_id")?);
        let currency: String = row.try_get("", "currency")?;
        let mut summary = CreditSummary {
            account: id,
            company: row.try_get("", "company")?,
            segment: row.try_get("", "segment")?,
            currency: currency
                .parse()
                .map_err(|error| DbError::corrupt("credit_account", error))?,
            posted: Amount::from_units(row.try_get("", "posted")?),
            pending: Amount::from_units(row.try_get("", "pending")?),
            billed: Amount::from_units(row.try_get("", "from_facts")?),
            credit_balance: Amount::from_units(row.try_get("", "credit_balance")?),
            limits: super::limits_of(source, id).await?,
            held: Vec::new(),
        };
        let text = "SELECT state, authorized, ordered, delivered, invoiced, told_ordered, \
                    told_delivered, told_invoiced, expires_at FROM credit_authorization \
                    WHERE account_id = $1 AND (held_pending > 0 OR held_posted > 0)";
        for row in sql::rows(source, text, vec![value(id.bits())]).await? {
            let expires_at = from_micros(row.try_get("", "expires_at")?);
            let held = amounts(&row)?;
            summary.held.push((expires_at, held));
        }
        let customer = CustomerId::from_bits(bits(&row, "customer_id")?);
        found.push((customer, summary));
    }
    Ok(found)
}
