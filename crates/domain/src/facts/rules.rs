//! What a fact of each kind must and must not say, wherever it comes from.

use crate::fact::{DocumentRef, FactKind};
use crate::incoming::{CustomerRef, IncomingFact};
use crate::period::is_plausible;
use crate::scaled::Amount;

/// The most that an amount or a cost of one fact may be, either way: ten trillion. Sums are kept
/// as large as an [`Amount`] can be, so no single fact keeps the others of its customer out.
pub const LARGEST: Amount = Amount::from_units(100_000_000_000_000_000);

/// Why a fact is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactFault {
    pub code: &'static str,
    /// The field, with `/` between a part and its whole.
    pub field: &'static str,
    pub detail: String,
}

impl FactFault {
    pub fn new(code: &'static str, field: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            field,
            detail: detail.into(),
        }
    }

    /// Whether it says more of the fact's kind than of the field.
    pub fn depends_on_kind(&self) -> bool {
        matches!(self.code, "required" | "negative" | "not_applicable")
    }
}

/// Everything that is wrong with a fact by itself, before it is compared with what is known.
///
/// - Order lines, invoices, payments, credit notes, returns and expenses have an amount, staff
///   ratings a rating; returns and credit notes are told as positive amounts.
/// - Amounts and costs are at most [`LARGEST`].
/// - A quantity is positive; a severity is 1 to 5, of complaints only; ratings, minutes and due
///   dates belong to staff ratings, contacts and invoices.
/// - Days lie in the years 1900 to 2999; texts are neither empty nor endless.
pub fn faults(fact: &IncomingFact) -> Vec<FactFault> {
    let mut found = Vec::new();
    values(fact, &mut found);
    belonging(fact, &mut found);
    days(fact, &mut found);
    texts(fact, &mut found);
    found
}

const fn needs_amount(kind: FactKind) -> bool {
    use FactKind::{CreditNote, Expense, Invoice, OrderLine, Payment, Return};
    matches!(
        kind,
        OrderLine | Invoice | Payment | CreditNote | Return | Expense
    )
}

fn values(fact: &IncomingFact, found: &mut Vec<FactFault>) {
    let kind = fact.kind.word();
    let mut fault = |code, field, detail: String| found.push(FactFault::new(code, field, detail));
    if fact.amount.is_none() && needs_amount(fact.kind) {
        fault("required", "amount", format!("`{kind}` needs an amount"));
    }
    let positive = matches!(fact.kind, FactKind::Return | FactKind::CreditNote);
    if positive && fact.amount.is_some_and(|amount| amount.is_negative()) {
        let detail = format!("the amount of `{kind}` is told as a positive number");
        fault("negative", "amount", detail);
    }
    for (field, told) in [("amount", fact.amount), ("cost", fact.cost)] {
        if told.is_some_and(|it| it.units().unsigned_abs() > LARGEST.units().unsigned_abs()) {
            let detail = format!("is more than {LARGEST}, the most that one fact may tell");
            fault("too_large", field, detail);
        }
    }
    if fact.rating.is_none() && fact.kind == FactKind::StaffRating {
        fault("required", "rating", format!("`{kind}` needs a rating"));
    }
    if fact
        .quantity
        .is_some_and(|it| it.is_zero() || it.is_negative())
    {
        fault("not_positive", "quantity", "must be more than zero".into());
    }
    if fact.severity.is_some_and(|it| !(1..=5).contains(&it)) {
        fault("out_of_range", "severity", "must be 1 to 5".into());
    }
}

fn belonging(fact: &IncomingFact, found: &mut Vec<FactFault>) {
    let fields = [
        ("rating", fact.rating.is_some(), FactKind::StaffRating),
        ("severity", fact.severity.is_some(), FactKind::Complaint),
        ("minutes", fact.minutes.is_some(), FactKind::Contact),
        ("due_on", fact.due_on.is_some(), FactKind::Invoice),
    ];
    for (field, told, owner) in fields {
        if told && fact.kind != owner {
            let detail = format!("belongs to facts of kind `{}` only", owner.word());
            found.push(FactFault::new("not_applicable", field, detail));
        }
    }
}

fn days(fact: &IncomingFact, found: &mut Vec<FactFault>) {
    let days = [
        ("occurred_on", Some(fact.occurred_on)),
        ("due_on", fact.due_on),
    ];
    for (field, day) in days {
        if day.is_some_and(|day| !is_plausible(day)) {
            let detail = "must lie in the years 1900 to 2999";
            found.push(FactFault::new("out_of_range", field, detail));
        }
    }
}

fn texts(fact: &IncomingFact, found: &mut Vec<FactFault>) {
    let mut text = |field, text: Option<&str>, most: usize| {
        let Some(text) = text else { return };
        if !(1..=most).contains(&text.chars().count()) {
            let detail = format!("must have 1 to {most} characters");
            found.push(FactFault::new("length", field, detail));
        }
        let forbidden = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        if text.chars().any(forbidden) {
            let detail = "must not contain control characters";
            found.push(FactFault::new("control_character", field, detail));
        }
    };
    text("source", Some(&fact.source), 64);
    text("external_id", Some(&fact.external_id), 200);
    text("sku", fact.sku.as_deref(), 200);
    text("channel", fact.channel.as_deref(), 64);
    text("author", fact.author.as_deref(), 200);
    text("note", fact.note.as_deref(), 10_000);
    if let CustomerRef::External(external) = &fact.customer {
        text("customer", Some(&external.system), 64);
        text("customer", Some(&external.id), 200);
    }
    let parts = |document: &DocumentRef| {
        let DocumentRef {
            system,
            kind,
            id,
            line,
        } = document.clone();
        [
            (Some(system), 64),
            (Some(kind), 64),
            (Some(id), 200),
            (line, 64),
        ]
    };
    for (field, document) in [("document", &fact.document), ("follows", &fact.follows)] {
        for (part, most) in document.as_ref().map(parts).into_iter().flatten() {
            text(field, part.as_deref(), most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::DocumentStatus;
    use crate::ids::CustomerId;

    fn fact(kind: FactKind) -> IncomingFact {
        IncomingFact {
            source: "erp".into(),
            external_id: "1".into(),
            customer: CustomerRef::Id(CustomerId::from_bits(1)),
            kind,
            occurred_on: "2024-02-29".parse().unwrap(),
            document: None,
            follows: None,
            status: DocumentStatus::Open,
            sku: None,
            category: None,
            quantity: None,
            amount: "10".parse().ok(),
            currency: None,
            cost: None,
            due_on: None,
            rating: None,
            severity: None,
            minutes: None,
            channel: None,
            author: None,
            note: None,
        }
    }

    fn found(fact: &IncomingFact) -> Vec<(&'static str, &'static str)> {
        let faults = faults(fact);
        faults
            .iter()
            .map(|fault| (fault.field, fault.code))
            .collect()
    }

    #[test]
    fn a_sound_fact_has_no_faults() {
        assert_eq!(found(&fact(FactKind::OrderLine)), []);
    }

    #[test]
    fn every_fault_is_named() {
        let wrong = IncomingFact {
            amount: None,
            quantity: "0".parse().ok(),
            severity: Some(6),
            occurred_on: "0202-01-01".parse().unwrap(),
            external_id: String::new(),
            note: Some("a\u{1}b".into()),
            ..fact(FactKind::OrderLine)
        };
        let expected = [
            ("amount", "required"),
            ("quantity", "not_positive"),
            ("severity", "out_of_range"),
            ("severity", "not_applicable"),
            ("occurred_on", "out_of_range"),
            ("external_id", "length"),
            ("note", "control_character"),
        ];
        assert_eq!(found(&wrong), expected);
        assert_eq!(
            found(&fact(FactKind::StaffRating)),
            [("rating", "required")]
        );
    }

    #[test]
    fn the_largest_amount_is_the_largest() {
        let told = |amount: &str| IncomingFact {
            amount: amount.parse().ok(),
            cost: amount.parse().ok(),
            ..fact(FactKind::OrderLine)
        };
        let both = [("amount", "too_large"), ("cost", "too_large")];
        for (amount, expected) in [
            ("10000000000000", &[][..]),
            ("10000000000000.0001", &both),
            ("-10000000000000", &[]),
            ("-922337203685477.5807", &both),
        ] {
            assert_eq!(found(&told(amount)), expected, "{amount}");
        }
    }
}
