//! Orders that are not over yet, with what was delivered of them.

use crate::fact::{DocumentRef, DocumentStatus, Fact, FactKind};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How much of an order has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    None,
    Partial,
    Complete,
}

impl Delivery {
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Partial => "partial",
            Self::Complete => "complete",
        }
    }
}

/// An order that is under way. Amounts in base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOrder {
    /// Without a line.
    pub document: DocumentRef,
    pub ordered_on: NaiveDate,
    pub lines: usize,
    pub amount: Decimal,
    pub ordered: Decimal,
    pub delivered: Decimal,
    pub delivery: Delivery,
    pub last_delivery_on: Option<NaiveDate>,
    billed: bool,
}

impl OpenOrder {
    fn of(document: DocumentRef, line: &Fact) -> Self {
        Self {
            document,
            ordered_on: line.occurred_on,
            lines: 0,
            amount: Decimal::ZERO,
            ordered: Decimal::ZERO,
            delivered: Decimal::ZERO,
            delivery: Delivery::None,
            last_delivery_on: None,
            billed: false,
        }
    }

    fn add(&mut self, line: &Fact) {
        self.lines = self.lines.saturating_add(1);
        self.ordered_on = self.ordered_on.min(line.occurred_on);
        let amount = line.base_amount().map(|amount| amount.decimal());
        self.amount = self.amount.saturating_add(amount.unwrap_or_default());
        self.ordered = self.ordered.saturating_add(quantity(line));
    }

    fn follow(&mut self, fact: &Fact) {
        match fact.kind {
            FactKind::Delivery => {
                self.delivered = self.delivered.saturating_add(quantity(fact));
                self.last_delivery_on = self.last_delivery_on.max(Some(fact.occurred_on));
            }
            FactKind::Invoice => self.billed = true,
            _ => {}
        }
    }

    fn settle(mut self) -> Self {
        self.delivery = match self.last_delivery_on {
            None => Delivery::None,
            Some(_) if self.delivered < self.ordered => Delivery::Partial,
            Some(_) => Delivery::Complete,
        };
        self
    }

    /// A billed order of which nothing is outstanding; where nobody tells deliveries, the bill ends
    /// it.
    fn is_over(&self) -> bool {
        self.billed && self.delivery != Delivery::Partial
    }
}

fn quantity(fact: &Fact) -> Decimal {
    let quantity = fact.quantity.map(|quantity| quantity.decimal());
    quantity.unwrap_or_default()
}

fn is_under_way(fact: &Fact) -> bool {
    let open = [DocumentStatus::Open, DocumentStatus::Disputed];
    fact.kind == FactKind::OrderLine && open.contains(&fact.status)
}

/// The orders that some lines are of, the newest first; `followers` are facts that follow them.
/// Lines without a document belong to no order.
pub fn open_orders<'f>(
    lines: impl IntoIterator<Item = &'f Fact>,
    followers: &[Fact],
) -> Vec<OpenOrder> {
    let mut orders: BTreeMap<DocumentRef, OpenOrder> = BTreeMap::new();
    for line in lines.into_iter().filter(|fact| is_under_way(fact)) {
        let Some(document) = line.document.clone() else {
            continue;
        };
        let whole = DocumentRef {
            line: None,
            ..document
        };
        let order = orders.entry(whole.clone());
        order
            .or_insert_with(|| OpenOrder::of(whole, line))
            .add(line);
    }
    for fact in followers.iter().filter(|fact| fact.counts()) {
        let followed = fact.follows.clone().map(|document| DocumentRef {
            line: None,
            ..document
        });
        if let Some(order) = followed.and_then(|document| orders.get_mut(&document)) {
            order.follow(fact);
        }
    }
    let mut open: Vec<OpenOrder> = orders
        .into_values()
        .map(OpenOrder::settle)
        .filter(|order| !order.is_over())
        .collect();
    open.sort_by(|left, right| {
        let newest = right.ordered_on.cmp(&left.ordered_on);
        newest.then_with(|| left.document.cmp(&right.document))
    });
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaled::Amount;
    use crate::test_facts::{date, fact};

    fn document(id: &str, line: Option<&str>) -> Option<DocumentRef> {
        Some(DocumentRef {
            system: "erp".to_owned(),
            kind: "order".to_owned(),
            id: id.to_owned(),
            line: line.map(str::to_owned),
        })
    }

    fn line(day: &str, id: &str, line: &str, quantity: &str) -> Fact {
        Fact {
            document: document(id, Some(line)),
            quantity: quantity.parse().ok(),
            ..fact(1, FactKind::OrderLine, Amount::ZERO, date(day))
        }
    }

    fn follower(kind: FactKind, day: &str, id: &str, quantity: &str) -> Fact {
        Fact {
            follows: document(id, None),
            quantity: quantity.parse().ok(),
            ..fact(2, kind, Amount::ZERO, date(day))
        }
    }

    fn told(lines: &[Fact], followers: &[Fact]) -> Vec<(String, usize, &'static str)> {
        let orders = open_orders(lines, followers).into_iter();
        orders
            .map(|it| (it.document.id, it.lines, it.delivery.word()))
            .collect()
    }

    #[test]
    fn an_order_is_open_until_it_is_delivered_and_billed() {
        let lines = [
            line("2026-01-02", "A", "1", "10"),
            line("2026-01-02", "A", "2", "5"),
            line("2026-02-02", "B", "1", "1"),
        ];
        let all = |followers: &[Fact]| told(&lines, followers);
        let none = |id: &str, lines| (id.to_owned(), lines, "none");
        assert_eq!(all(&[]), [none("B", 1), none("A", 2)]);
        let some = follower(FactKind::Delivery, "2026-02-03", "A", "10");
        assert_eq!(all(std::slice::from_ref(&some))[1].2, "partial");
        let rest = follower(FactKind::Delivery, "2026-02-04", "A", "5");
        assert_eq!(all(&[some.clone(), rest.clone()])[1].2, "complete");
        let bill = follower(FactKind::Invoice, "2026-02-05", "A", "15");
        assert_eq!(all(&[some.clone(), bill.clone()])[1].2, "partial");
        assert_eq!(all(&[some, rest, bill.clone()]), [none("B", 1)]);
        assert_eq!(
            all(&[bill]),
            [none("B", 1)],
            "the bill of what nobody tells"
        );
    }

    #[test]
    fn what_is_closed_cancelled_or_of_no_document_is_no_open_order() {
        let mut lines = [
            line("2026-01-02", "A", "1", "10"),
            line("2026-01-02", "B", "1", "10"),
            line("2026-01-02", "C", "1", "10"),
        ];
        lines[0].status = DocumentStatus::Closed;
        lines[1].status = DocumentStatus::Cancelled;
        lines[2].document = None;
        assert!(told(&lines, &[]).is_empty());
        let mut cancelled = follower(FactKind::Invoice, "2026-02-05", "D", "1");
        cancelled.status = DocumentStatus::Cancelled;
        let order = [line("2026-01-02", "D", "1", "1")];
        assert_eq!(told(&order, &[cancelled]).len(), 1);
    }
}
