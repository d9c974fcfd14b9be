//! Rules of which a share of customers is held out.

use super::{Case, Miss, MissReason, Rule};
use crate::ids::CustomerId;

pub(super) fn miss(rule: &Rule, case: Case<'_>) -> Option<Miss> {
    let held = case.facts.customer.is_some_and(|id| rule.holds_out(id));
    held.then(|| Miss::new(MissReason::HeldOut, "", ""))
}

impl Rule {
    /// Whether the customer does not get what the rule gives. Customers nobody knows do.
    pub fn holds_out(&self, customer: CustomerId) -> bool {
        let hold_out = self.hold_out.as_ref();
        hold_out.is_some_and(|it| it.holds(&self.id, customer))
    }
}
