//! The limit that a customer has by the policies of now and by a draft, and what is used of it.

use super::business::Sides;
use super::report::CreditDelta;
use crate::book::{Book, Dated, Policies};
use crate::tenant::Hosted;
use crate::v1::credit;
use std::sync::Arc;
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::scaled::Amount;
use tiercel_persistence::book::BookCustomer;

impl Sides {
    /// None where no credit policy is simulated.
    pub fn credit(
        &self,
        hosted: &Hosted,
        book: &Book,
        customer: &BookCustomer,
    ) -> Option<CreditDelta> {
        self.asked().credit.as_ref()?;
        let (before, after) = self.policies();
        let account = customer.credit.first();
        let sitting = (hosted.now(), hosted.settings.base_currency);
        let account = account.map(|account| (account, sitting));
        let decide = |policies: &Policies| {
            let policy = policies.credit.on(self.on())?;
            let book = book.with_policies(Policies {
                credit: Dated::always(Arc::clone(policy)),
                ..Policies::default()
            });
            credit::decide(&book, Some(customer), self.on(), account).ok()
        };
        let (before, after) = decide(before).zip(decide(after))?;
        let exposure = before.exposure.as_ref();
        let used = exposure.map(|it| it.posted.saturating_add(it.pending));
        let used = round(used.unwrap_or_default(), Amount::SCALE, Rounding::HalfUp);
        Some(CreditDelta {
            limit_before: before.limit.amount.units(),
            limit_after: after.limit.amount.units(),
            used: Amount::from_decimal(used).ok()?.units(),
            held_before: !before.hold.is_empty(),
            held_after: !after.hold.is_empty(),
        })
    }
}
