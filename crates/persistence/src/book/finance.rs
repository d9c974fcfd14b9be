//! What finance has said: levels of reminders, and until when open items are confirmed.

use super::{Customers, Span, of_row};
use crate::clock::from_micros;
use crate::credit::dunning as rows;
use crate::error::DbError;
use crate::store::Source;

pub(super) async fn add(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let select = format!("{} t", rows::SELECT);
    for row in span.rows(source, &select, "ORDER BY set_no").await? {
        if let Some(customer) = of_row(&row, found)? {
            customer.finance.dunning.push(rows::read(&row)?);
        }
    }
    let select = "SELECT customer_id, level FROM credit_dunning";
    for row in span.rows(source, select, "").await? {
        if let Some(customer) = of_row(&row, found)? {
            let level: i64 = row.try_get("", "level")?;
            customer.finance.told_level = u16::try_from(level)
                .map_err(|_| DbError::corrupt("credit_dunning", "the level"))?;
        }
    }
    let select = "SELECT customer_id, until FROM credit_confirmed";
    for row in span.rows(source, select, "").await? {
        if let Some(customer) = of_row(&row, found)? {
            let until = from_micros(row.try_get("", "until")?);
            customer.finance.confirmed_until = Some(until);
        }
    }
    Ok(())
}
