//! What facts tell of one document: its order lines, its deliveries, its bills.

use super::authorization::Told;
use crate::fact::{DocumentRef, DocumentStatus, Fact, FactKind};
use crate::scaled::Amount;
use chrono::NaiveDate;

/// What was ordered, delivered and billed of a document, in base currency, up to a day. `documents`
/// are the names it goes by: its own, and those that commits told.
///
/// A fact belongs to it where it names one of them as its own or follows one; a bill also where it
/// follows a delivery of it. A bill that was told once counts once, whatever it names. Sums are
/// never negative.
pub fn told(documents: &[DocumentRef], facts: &[Fact], today: NaiveDate) -> Told {
    let counts = |fact: &&Fact| fact.counts() && fact.occurred_on <= today;
    let names = |fact: &Fact| {
        let refers = |to: &Option<DocumentRef>| {
            let same = |told: &DocumentRef| documents.iter().any(|it| it.same_document(told));
            to.as_ref().is_some_and(same)
        };
        refers(&fact.document) || refers(&fact.follows)
    };
    let known: Vec<&Fact> = facts.iter().filter(counts).collect();
    let deliveries: Vec<&Fact> = known
        .iter()
        .filter(|fact| fact.kind == FactKind::Delivery && names(fact))
        .copied()
        .collect();
    let follows_delivery = |fact: &Fact| {
        fact.follows.as_ref().is_some_and(|followed| {
            let documents = deliveries.iter().filter_map(|fact| fact.document.as_ref());
            documents.into_iter().any(|it| it.same_document(followed))
        })
    };
    let of_kind = |kind: FactKind| known.iter().filter(move |fact| fact.kind == kind).copied();
    let open = |fact: &&Fact| names(fact) && fact.status == DocumentStatus::Open;
    Told {
        ordered: sum(of_kind(FactKind::OrderLine).filter(open)),
        delivered: sum(deliveries.iter().copied()),
        invoiced: sum(
            of_kind(FactKind::Invoice).filter(|fact| names(fact) || follows_delivery(fact))
        ),
    }
}

fn sum<'a>(facts: impl Iterator<Item = &'a Fact>) -> Amount {
    let units = facts.filter_map(Fact::base_amount).map(Amount::units);
    Amount::from_units(units.fold(0, i64::saturating_add)).max(Amount::ZERO)
}
