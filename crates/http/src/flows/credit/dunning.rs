//! Reminders that have come further, or back: told in the journal once, whether it was a payment, a
//! correction, a policy or the mere date that did it.

use super::desk::{Sitting, lock};
use crate::book::Book;
use crate::problem::{Kind, Problem};
use crate::tenant::Hosted;
use chrono::NaiveDate;
use std::sync::Arc;
use std::time::Duration;
use tiercel_domain::credit::Policy;
use tiercel_domain::credit::dunning::Dunning;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::Tx;
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::credit as store;

/// How far a customer has come, by the policy as it is for the customer.
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
    (book, policy): (&Book, &Policy),
    today: NaiveDate,
) -> Result<(), Problem> {
    let before = customer.finance.told_level;
    let own = policy.for_customer(customer.id, &book.groups_of(customer));
    let now = level(customer, &own, today);
    if now.level == before {
        return Ok(());
    }
    tx.call_it("credit.dunning_level_changed");
    let document = now.document.as_ref().map(|it| it.id.as_str());
    store::tell_dunning(tx, customer.id, before, now.level, document).await?;
    Ok(())
}

/// How often levels are compared with those last told, where anything has changed since.
const EVERY: Duration = Duration::from_secs(2);

/// Tells levels that have changed, for ever: beside the rest of the upkeep, which must not wait for
/// it. Everyone is looked at where the book or the day is another one.
pub async fn work(hosted: &Hosted) {
    let mut seen: Option<(Arc<Book>, NaiveDate)> = None;
    loop {
        let now = (hosted.book.snapshot(), Sitting::now(hosted).today);
        let same = |seen: &(Arc<Book>, NaiveDate)| Arc::ptr_eq(&seen.0, &now.0) && seen.1 == now.1;
        if !seen.as_ref().is_some_and(same) {
            match tell_all(hosted, &now.0).await {
                Ok(()) => seen = Some(now),
                Err(error) => tracing::warn!(error = %error, "levels of reminders were not told"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Tells all levels that have changed. The book finds them: it has every open item in memory.
async fn tell_all(hosted: &Hosted, book: &Arc<Book>) -> Result<(), Problem> {
    let sitting = Sitting::now(hosted);
    let Some(policy) = book.policies().credit.on(sitting.today) else {
        return Ok(());
    };
    for customer in changed(book, policy, sitting.today) {
        super::upkeep::write(hosted, "credit.dunning_level_looked_at", async |tx| {
            match lock(tx, &sitting, customer).await {
                Ok(customer) => told(tx, &customer, (book, policy), sitting.today).await,
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
            false => {
                let own = policy.for_customer(customer.id, &book.groups_of(customer));
                level(customer, &own, today).level
            }
        };
        now != customer.finance.told_level
    };
    let customers = book.customers().filter(|customer| moved(customer));
    customers.map(|customer| customer.id).collect()
}
