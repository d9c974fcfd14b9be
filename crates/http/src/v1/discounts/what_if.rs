//! A quote of the past as it was decided, beside what other policies would have made of it.

use super::{decide, receipt, wanted};
use crate::book::{Book, Exchange, Policies};
use crate::tenant::Hosted;
use crate::v1::ground::Ground;
use rust_decimal::Decimal;
use serde_json::Value;
use std::sync::Arc;
use tiercel_domain::discounts::compare::{Compared, compare};
use tiercel_persistence::book::past::Moment;
use tiercel_persistence::refresh::RefreshError;

/// Both, and what one unit of the quote's currency was worth in base currency. None where the quote
/// cannot be decided, or its currency has no rate.
pub async fn compared(
    hosted: &Hosted,
    inputs: Value,
    moment: Moment,
    others: Policies,
) -> Result<Option<(Compared, Decimal)>, RefreshError> {
    let base = hosted.settings.base_currency;
    let Ok(asked) = receipt::read(inputs, base) else {
        return Ok(None);
    };
    let book = Book::at(hosted, moment, &wanted(&asked)).await?;
    let exchange = Exchange {
        rates: book.rates(),
        base,
        into: base,
        on: moment.as_of,
    };
    let rate = exchange.factor(asked.currency).map(|factor| factor.rate);
    let ground = |book: Book| Ground {
        book: Arc::new(book),
        as_of: moment.as_of,
        position: Some(moment.position),
    };
    let (changed, given) = (ground(book.with_policies(others)), ground(book));
    let both = [&given, &changed].map(|ground| decide(base, ground, &asked, None).ok());
    let [Some(before), Some(after)] = both else {
        return Ok(None);
    };
    let compared = compare(&before.lines, &before.decision, &after.decision);
    Ok(compared.zip(rate.ok()))
}
