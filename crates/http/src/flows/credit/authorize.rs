//! Authorising a document: judged, then reserved by one conditional statement per level, or held.

use super::desk::{Desk, Sitting};
use crate::faults::Faults;
use crate::problem::Problem;
use crate::v1::deciding::decision_id;
use chrono::{DateTime, TimeDelta, Utc};
use tiercel_domain::credit::authorize::{Outcome, Question, Verdict};
use tiercel_domain::credit::{Authorization, Told};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::{CreditOverrideId, CustomerId};
use tiercel_domain::scaled::Amount;
use tiercel_persistence::Tx;
use tiercel_persistence::credit::{
    self as store, Hold, NewAuthorization, NewHold, Place, StoredAuthorization,
};

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Order {
    pub customer: CustomerId,
    pub place: Place,
    pub document: DocumentRef,
    pub amount: Amount,
    pub currency: Currency,
    /// The code of a payment term.
    pub term: Option<String>,
    pub ttl_seconds: Option<u32>,
    pub override_id: Option<CreditOverrideId>,
}

/// What became of it.
pub struct Settled {
    pub desk: Desk,
    pub decision_id: String,
    pub verdict: Verdict,
    /// It was the override that let it pass.
    pub overridden: bool,
    pub authorization: Option<StoredAuthorization>,
    /// It was authorised before; nothing new was made.
    pub known: bool,
    pub hold: Option<Hold>,
}

/// The outcome with what an override did.
impl Settled {
    pub const fn outcome(&self) -> Outcome {
        if self.overridden {
            Outcome::Approved
        } else {
            self.verdict.outcome
        }
    }
}

/// How a decision is kept beside what it made; the wire knows.
pub type Keep<'a> =
    &'a dyn Fn(&Desk, &Question<'_>, &Verdict, &str, bool) -> Result<String, Problem>;

/// Where an authorisation was and where it shall go.
struct Step {
    before: Option<StoredAuthorization>,
    after: Authorization,
    told: Told,
    told_before: Amount,
    increase: Amount,
}

/// Authorises a document. A document with an open authorisation is not authorised twice: its
/// authorisation is adjusted, and only what it grows by needs room.
pub async fn authorize(
    tx: &Tx,
    sitting: &Sitting<'_>,
    order: &Order,
    keep: Keep<'_>,
) -> Result<Settled, Problem> {
    let desk = Desk::open(tx, sitting, order.customer, &order.place).await?;
    require_currency(&desk, order.currency)?;
    let step = step(tx, sitting, order, &desk).await?;
    settle(tx, sitting, order, desk, step, keep).await
}

fn require_currency(desk: &Desk, asked: Currency) -> Result<(), Problem> {
    let own = desk.account.currency;
    let mut faults = Faults::default();
    if own != asked {
        let detail = format!("the account is in {own}; ask in it, or open another account");
        faults.add("/currency", "currency_mismatch", detail);
    }
    faults.finish(Some(()))
}

async fn step(tx: &Tx, sitting: &Sitting<'_>, order: &Order, desk: &Desk) -> Result<Step, Problem> {
    let account = &desk.account;
    let (before, told_before) = store::waiting_for(tx, account.id, &order.document).await?;
    let currency = account.currency;
    let told = store::told_of(tx, order.customer, &order.document, currency, sitting.today).await?;
    let after = match &before {
        Some(open) => open.amounts.adjust(order.amount).map_err(super::refused)?,
        None => Authorization::of(order.amount, store::told_beyond(told, told_before)),
    };
    let held = |it: &Authorization| {
        let held = it.held();
        held.pending.units().saturating_add(held.posted.units())
    };
    let was = before.as_ref().map_or(0, |open| held(&open.amounts));
    let increase = held(&after).saturating_sub(was);
    Ok(Step {
        before,
        after,
        told,
        told_before,
        increase: Amount::from_units(increase.max(0)),
    })
}

async fn settle(
    tx: &Tx,
    sitting: &Sitting<'_>,
    order: &Order,
    desk: Desk,
    step: Step,
    keep: Keep<'_>,
) -> Result<Settled, Problem> {
    let term = match &order.term {
        Some(code) => Some(term(&desk, code)?),
        None => None,
    };
    let question = Question {
        amount: order.amount,
        increase: step.increase,
        term: term.as_ref(),
    };
    let mut verdict = desk.judge(&question);
    let checked = step
        .before
        .as_ref()
        .is_some_and(|it| sitting.today < it.next_check_on);
    if checked && step.increase.is_zero() && verdict.outcome == Outcome::Held {
        // It was checked a moment ago and asks for nothing more.
        verdict.outcome = Outcome::Approved;
    }
    let decision_id = decision_id(sitting.now);
    let beyond = beyond(tx, &desk, order, &verdict, step.increase).await?;
    let overridden = beyond.is_some();
    let decision = keep(&desk, &question, &verdict, &decision_id, overridden)?;
    let known = step.before.is_some();
    let (mut authorization, mut hold) = (None, None);
    if verdict.outcome.reserves() || overridden {
        let beyond = beyond.unwrap_or(Amount::ZERO);
        let made = reserve(tx, sitting, order, &desk, step, beyond, decision).await?;
        authorization = Some(made);
        let waiting = store::hold_of(tx, desk.account.id, &order.document).await?;
        if let Some(waiting) = waiting {
            store::release_hold(tx, waiting, "credit", "authorized").await?;
        }
    } else if verdict.outcome == Outcome::Held {
        tx.call_it("credit.hold.opened");
        let new = held(sitting, order, &desk, decision);
        hold = Some(store::open_hold(tx, &new).await?);
    } else {
        tx.call_it("credit.declined");
    }
    Ok(Settled {
        desk,
        decision_id,
        verdict,
        overridden,
        authorization,
        known,
        hold,
    })
}

fn term(desk: &Desk, code: &str) -> Result<tiercel_domain::credit::PaymentTerm, Problem> {
    let mut faults = Faults::default();
    let found = desk.policy.term(code).cloned();
    if found.is_none() {
        faults.add(
            "/payment_term",
            "unknown_term",
            "no tier of the policy has this term",
        );
    }
    faults.finish(found)
}

/// What an override adds: nothing where none is needed, none where none helps.
async fn beyond(
    tx: &Tx,
    desk: &Desk,
    order: &Order,
    verdict: &Verdict,
    increase: Amount,
) -> Result<Option<Amount>, Problem> {
    let Some(id) = order.override_id else {
        return Ok(None);
    };
    let found = store::find_override(tx, id).await?;
    let found = found.filter(|it| it.account == desk.account.id);
    let mut faults = Faults::default();
    if found.is_none() {
        faults.add(
            "/override_id",
            "unknown_override",
            "no override of this account has this id",
        );
    }
    let found = faults.finish(found)?;
    match verdict.override_needed(increase) {
        Some(part) if store::use_override(tx, &found, part).await? => Ok(Some(part)),
        _ => Ok(None),
    }
}

fn ends_at(sitting: &Sitting<'_>, order: &Order, desk: &Desk) -> DateTime<Utc> {
    let seconds = order
        .ttl_seconds
        .unwrap_or(desk.policy.authorization.ttl_seconds);
    let ends = sitting
        .now
        .checked_add_signed(TimeDelta::seconds(seconds.into()));
    ends.unwrap_or(sitting.now)
}

async fn reserve(
    tx: &Tx,
    sitting: &Sitting<'_>,
    order: &Order,
    desk: &Desk,
    step: Step,
    beyond: Amount,
    decision: String,
) -> Result<StoredAuthorization, Problem> {
    let next = desk.policy.authorization.next_check_on(sitting.today);
    let next_check_on = next.unwrap_or(sitting.today);
    let expires_at = ends_at(sitting, order, desk);
    let guards = match step.increase.is_zero() {
        true => Vec::new(),
        false => desk.guards(beyond),
    };
    if let Some(before) = step.before {
        tx.call_it("credit.adjusted");
        let after = StoredAuthorization {
            amounts: step.after,
            decision,
            expires_at,
            next_check_on,
            override_id: order.override_id.or(before.override_id),
            ..before.clone()
        };
        return Ok(store::save(tx, &before, after, "adjusted", &guards).await?);
    }
    tx.call_it("credit.authorized");
    let new = NewAuthorization {
        account: desk.account.id,
        customer: order.customer,
        document: order.document.clone(),
        authorized: order.amount,
        told: step.told,
        override_id: order.override_id,
        decision,
        expires_at,
        next_check_on,
    };
    Ok(store::insert(tx, new, step.told_before, &guards).await?)
}

fn held(sitting: &Sitting<'_>, order: &Order, desk: &Desk, decision: String) -> NewHold {
    NewHold {
        account: desk.account.id,
        customer: order.customer,
        document: order.document.clone(),
        amount: order.amount,
        payment_term: order.term.clone(),
        decision,
        owner: desk.customer.owner.as_deref().map(str::to_owned),
        account_version: desk.account.version,
        expires_at: ends_at(sitting, order, desk),
    }
}

/// Sets the amount of an authorisation: an increase is judged and guarded like a fresh one, a
/// decrease always passes.
pub async fn adjust(
    tx: &Tx,
    sitting: &Sitting<'_>,
    before: StoredAuthorization,
    desk: Desk,
    amount: Amount,
    keep: Keep<'_>,
) -> Result<Settled, Problem> {
    let after = before.amounts.adjust(amount).map_err(super::refused)?;
    let order = Order {
        customer: before.customer,
        place: desk.account.place.clone(),
        document: before.document.clone(),
        amount,
        currency: desk.account.currency,
        term: None,
        ttl_seconds: None,
        override_id: None,
    };
    let held = |it: &Authorization| {
        let held = it.held();
        held.pending.units().saturating_add(held.posted.units())
    };
    let increase = held(&after).saturating_sub(held(&before.amounts));
    if increase > 0 {
        let step = Step {
            told: before.amounts.told,
            told_before: before.told_before,
            before: Some(before),
            after,
            increase: Amount::from_units(increase),
        };
        return settle(tx, sitting, &order, desk, step, keep).await;
    }
    let question = Question {
        amount,
        increase: Amount::ZERO,
        term: None,
    };
    let mut verdict = desk.judge(&question);
    verdict.outcome = Outcome::Approved;
    let moved = StoredAuthorization {
        amounts: after,
        ..before.clone()
    };
    let saved = store::save(tx, &before, moved, "adjusted", &[]).await?;
    Ok(Settled {
        desk,
        decision_id: decision_id(sitting.now),
        verdict,
        overridden: false,
        authorization: Some(saved),
        known: true,
        hold: None,
    })
}
