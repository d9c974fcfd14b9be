//! What happens to credit by itself: reservations end, and holds are looked at again when the
//! account moved, which is what a payment does.

use super::desk::{Desk, Sitting, lock};
use crate::problem::Problem;
use crate::tenant::Hosted;
use crate::v1::credit::kept;
use std::time::Duration;
use tiercel_domain::credit::authorize::Question;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::credit::{self as store, Hold};
use tiercel_persistence::{Tx, Writing, Written};

/// How often an idle instance looks.
const EVERY: Duration = Duration::from_millis(500);
/// How many are taken at a time.
const MANY: u64 = 100;

/// Ends what is over and looks at holds for ever.
pub async fn work(hosted: &Hosted) {
    loop {
        let done = async {
            expire(hosted).await?;
            look_at_holds(hosted).await
        };
        if let Err(error) = done.await {
            tracing::warn!(error = %error, "the upkeep of credit could not be done");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Ends every reservation whose time is over, customer by customer.
pub async fn expire(hosted: &Hosted) -> Result<(), Problem> {
    loop {
        let sitting = Sitting::now(hosted);
        let due = store::due_customers(&*hosted.store, sitting.now, MANY).await?;
        if due.is_empty() {
            return Ok(());
        }
        for customer in due {
            write(hosted, "credit.expired", async |tx| {
                end(tx, &sitting, customer).await
            })
            .await?;
        }
    }
}

/// An erased customer has reservations that end, too.
async fn end(tx: &Tx, sitting: &Sitting<'_>, customer: CustomerId) -> Result<(), Problem> {
    tx.touch(&std::collections::BTreeSet::from([customer]))
        .await?;
    store::expire_due(tx, customer, sitting.now).await?;
    Ok(())
}

async fn look_at_holds(hosted: &Hosted) -> Result<(), Problem> {
    let sitting = Sitting::now(hosted);
    for hold in store::stale(&*hosted.store, sitting.now, MANY).await? {
        write(hosted, "credit.hold.looked_at", async |tx| {
            look_at(tx, &sitting, &hold).await
        })
        .await?;
    }
    Ok(())
}

async fn look_at(tx: &Tx, sitting: &Sitting<'_>, hold: &Hold) -> Result<(), Problem> {
    let Ok(customer) = lock(tx, sitting, hold.customer).await else {
        return Ok(());
    };
    let current = store::hold(tx, hold.id).await?;
    let account = store::account(tx, hold.account).await?;
    let current = current.filter(|it| it.version == hold.version && it.status == "open");
    let (Some(current), Some(account)) = (current, account) else {
        return Ok(());
    };
    let desk = Desk::at(tx, sitting, customer, account).await?;
    let term = hold.payment_term.as_deref();
    let term = term.and_then(|code| desk.policy.term(code));
    let question = Question {
        amount: hold.amount,
        increase: hold.amount,
        term,
    };
    let verdict = desk.judge(&question);
    let ready = verdict.outcome.reserves();
    if ready {
        tx.call_it("credit.hold.ready_to_release");
    }
    let id = crate::v1::deciding::decision_id(sitting.now);
    let decision = kept(&desk, &question, &verdict, &id, false)?;
    let version = desk.account.version;
    store::mark_ready(tx, current, ready, decision, version).await?;
    Ok(())
}

pub(super) async fn write(
    hosted: &Hosted,
    action: &'static str,
    change: impl AsyncFn(&Tx) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let writing = Writing {
        principal: "system",
        action,
        retry: None,
    };
    let change = async |tx: &Tx| Ok::<_, Problem>((change(tx).await?, None));
    if let Written::Fresh { effects, .. } = hosted.store.write(&writing, change).await? {
        hosted.apply(&effects).await?;
    }
    Ok(())
}
