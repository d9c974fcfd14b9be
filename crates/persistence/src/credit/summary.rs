//! What the decision book holds of credit accounts.

use super::authorizations::amounts;
use super::limits::to_limit;
use super::{bits, limits};
use crate::book::CreditSummary;
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use sea_orm::{QueryResult, Value};
use std::collections::BTreeMap;
use tiercel_domain::ids::{CreditAccountId, CustomerId};

/// The accounts of the customers that a condition selects, with their limits and the
/// authorisations that hold something, in the order of their ids. Three statements, however many.
pub(crate) async fn summaries(
    source: &impl Source,
    condition: &str,
    values: Vec<Value>,
) -> Result<Vec<(CustomerId, CreditSummary)>, DbError> {
    let text = format!(
        "SELECT customer_id, account_id, company, segment, currency, posted, pending, from_facts, \
         credit_balance FROM credit_account WHERE {condition} ORDER BY account_id"
    );
    let mut found = BTreeMap::new();
    for row in sql::rows(source, &text, values.clone()).await? {
        let (customer, summary) = to_summary(&row)?;
        found.insert(summary.account, (customer, summary));
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let of = format!("account_id IN (SELECT account_id FROM credit_account WHERE {condition})");
    let columns = limits::COLUMNS;
    let text = format!(
        "SELECT account_id, {columns} FROM credit_limit_change WHERE {of} \
         ORDER BY account_id, change_no"
    );
    for row in sql::rows(source, &text, values.clone()).await? {
        if let Some((_, summary)) = found.get_mut(&account(&row)?) {
            summary.limits.push(to_limit(&row)?.change);
        }
    }
    let text = format!(
        "SELECT account_id, state, authorized, ordered, delivered, invoiced, told_ordered, \
         told_delivered, told_invoiced, expires_at FROM credit_authorization \
         WHERE {condition} AND (held_pending > 0 OR held_posted > 0)"
    );
    for row in sql::rows(source, &text, values).await? {
        if let Some((_, summary)) = found.get_mut(&account(&row)?) {
            let ends = from_micros(row.try_get("", "expires_at")?);
            summary.held.push((ends, amounts(&row)?));
        }
    }
    Ok(found.into_values().collect())
}

fn account(row: &QueryResult) -> Result<CreditAccountId, DbError> {
    Ok(CreditAccountId::from_bits(bits(row, "account_id")?))
}

fn to_summary(row: &QueryResult) -> Result<(CustomerId, CreditSummary), DbError> {
    let currency: String = row.try_get("", "currency")?;
    let amount = |column: &str| super::amount(row, column);
    let summary = CreditSummary {
        account: account(row)?,
        company: row.try_get("", "company")?,
        segment: row.try_get("", "segment")?,
        currency: currency
            .parse()
            .map_err(|error| DbError::corrupt("credit_account", error))?,
        posted: amount("posted")?,
        pending: amount("pending")?,
        billed: amount("from_facts")?,
        credit_balance: amount("credit_balance")?,
        limits: Vec::new(),
        held: Vec::new(),
    };
    Ok((CustomerId::from_bits(bits(row, "customer_id")?), summary))
}
