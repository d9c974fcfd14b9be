//! Facts to begin a test with.

use crate::currency::Currency;
use crate::fact::{Cost, DocumentRef, DocumentStatus, Fact, FactKind, RecordedAmount};
use crate::ids::{CustomerId, FactId};
use crate::scaled::Amount;
use chrono::NaiveDate;

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn document(id: &str) -> DocumentRef {
    DocumentRef {
        system: "erp".into(),
        kind: "document".into(),
        id: id.into(),
        line: None,
    }
}

/// An open fact of one customer; the tests change what matters to them.
pub fn fact(id: u128, kind: FactKind, amount: Amount, occurred_on: NaiveDate) -> Fact {
    let amount = RecordedAmount {
        original: amount,
        currency: Currency::EUR,
        base: amount,
        rate: None,
    };
    Fact {
        id: FactId::from_bits(id),
        customer: CustomerId::from_bits(1),
        kind,
        occurred_on,
        document: None,
        follows: None,
        status: DocumentStatus::Open,
        product: None,
        category: None,
        quantity: None,
        amount: Some(amount),
        cost: Cost::Missing,
        due_on: None,
        rating: None,
        severity: None,
        minutes: None,
        channel: None,
        author: None,
        source: "erp".to_owned(),
    }
}
