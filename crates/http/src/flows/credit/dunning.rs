//! Reminders that have come further, or back: told in the journal once, whether it was a payment, a
//! correction, a policy or the mere date that did it.

use super::desk::{Sitting, lock};
use crate::book::Book;
use crate::problem::{Kind, Problem};
use crate::tenant::Hosted;
use chrono::NaiveDate;
use std::sync::Arc;
use tiercel_domain::credit::Policy;
use tiercel_domain::credit::dunning::{Dunning, DunningRules};
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::Tx;
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::credit as store;

/// The reminders of a customer's tier.
pub fn what<'p>(policy: &'p Policy, customer: &BookCustomer, today: NaiveDate) -> &'p DunningRules {
    let own = customer
        .tier_on(today)
        .and_then(|tier| policy.tiers.get(tier));
    &own.unwrap_or(&policy.default_terms).dunning
}

/// How far a customer has come.
pub fn level(customer: &BookCustomer, policy: &Policy, today: NaiveDate) -> Dunning {
    let (_, credit) = policy.credit_of(customer.tier_on(today));
    let (by_hand, items) = (&customer.finance.dunning, &customer.open_items);
    let grace_days = credit.term.grace_days;
    credit.dunning.level_by(by_hand, items, grace_days, today)
}

/// Tells a level that is not the one last told. The caller holds the customer.
pub async fn told(
    tx: &Tx,
    customer: &BookCustomer,
    policy: &Policy,
    today: NaiveDate,
) -> Result<(), Problem> {
    let (before, now) = (customer.finance.told_level, level(customer, policy, today));
    if now.level == before {
        return Ok(());
    }
    tx.call_it("credit.dunning_level_changed");
    let document = now.document.as_ref().map(|it| it.id.as_str());
    store::tell_dunning(tx, customer.id, before, now.level, document).await?;
    Ok(())
}

/// Tells all levels that have changed. The book finds them: it has every open item in memory.
pub async fn tell_all(hosted: &Hosted) -> Result<(), Problem> {
    let sitting = Sitting::now(hosted);
    let book = hosted.book.snapshot();
    let Some(policy) = book.policies().credit.on(sitting.today) else {
        return Ok(());
    };
    for customer in changed(&book, policy, sitting.today) {
        super::upkeep::write(hosted, "credit.dunning_level_looked_at", async |tx| {
            match lock(tx, &sitting, customer).await {
                Ok(customer) => told(tx, &customer, policy, sitting.today).await,
                // Erased since.
                Err(problem) if problem.kind() == Kind::InvalidInput => Ok(()),
                Err(problem) => Err(problem),
            }
        })
        .await?;
    }
    Ok(())
}

fn changed(book: &Arc<Book>, policy: &Policy, today: NaiveDate) -> Vec<CustomerId> {
    let moved = |customer: &BookCustomer| {
        let quiet = customer.open_items.is_empty() && customer.finance.dunning.is_empty();
        let now = match quiet {
            true => 0,
            false => level(customer, policy, today).level,
        };
        now != customer.finance.told_level
    };
    let customers = book.customers().filter(|customer| moved(customer));
    customers.map(|customer| customer.id).collect()
}
