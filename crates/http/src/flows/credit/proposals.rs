//! Limits by the formula of the policy: proposed for one customer or for all, decided by people.

use super::desk::{Desk, Sitting, lock};
use crate::problem::{Kind, Problem};
use crate::v1::deciding::without_policy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use tiercel_domain::credit::limits::{LimitChange, LimitKind, effective};
use tiercel_domain::credit::proposals::{Behaviour, Grounds, LimitFormula, Proposal};
use tiercel_domain::credit::{self, Facts, Policy};
use tiercel_domain::fact::Fact;
use tiercel_domain::ids::{CustomerId, LimitProposalId};
use tiercel_domain::receivables::allocate;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::credit::{self as store, NewLimit, NewProposal, Place, StoredProposal};
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{Tx, facts};

/// How a proposal came about, as it is kept beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptGrounds {
    pub policy_id: String,
    pub policy_version: u32,
    pub tier: String,
    pub tier_limit: String,
    pub score: Option<String>,
    pub score_factor: String,
    pub bills: u32,
    pub late_days: String,
    pub payment_factor: String,
}

/// What the formula says of a customer.
pub struct Considered {
    pub customer: CustomerId,
    pub proposal: Proposal,
    pub grounds: KeptGrounds,
    /// Whether it is worth proposing.
    pub changes: bool,
}

/// What became of asking for a proposal.
pub enum Proposed {
    New(StoredProposal),
    /// The same was proposed before and waits.
    Waiting(StoredProposal),
    Unchanged(Considered),
}

/// The policy in force with its formula.
///
/// # Errors
/// 409 without a policy, or with one that has none.
pub fn policy(sitting: &Sitting<'_>) -> Result<Arc<crate::book::Book>, Problem> {
    let book = sitting.hosted.book.snapshot();
    let policy = book.policies().credit.on(sitting.today);
    let policy = policy.ok_or_else(|| without_policy("credit", sitting.today))?;
    if policy.formula.is_none() {
        return Err(without_formula());
    }
    Ok(book)
}

fn without_formula() -> Problem {
    let detail = "the credit policy in force has no `limit_formula`; publish one that has";
    Problem::new(Kind::Conflict, detail)
}

/// What the formula says of a customer whose limit is known; the policy is the one for the customer.
pub fn consider(
    customer: &BookCustomer,
    facts: &[Fact],
    (policy, formula): (&Policy, &LimitFormula),
    sitting: &Sitting<'_>,
) -> Result<Considered, Problem> {
    let today = sitting.today;
    let (tier, terms) = policy.credit_of(customer.tier_on(today));
    let settled = allocate(facts, today).map_err(|_| RefreshError::TooLarge(customer.id))?;
    let behaviour = Behaviour::of(&settled.invoices, today);
    let grounds = Grounds {
        tier_limit: terms.limit,
        score: customer.score,
        behaviour,
        current: current(customer, policy, sitting),
        today,
    };
    let proposal = formula.evaluate(&grounds);
    Ok(Considered {
        customer: customer.id,
        grounds: KeptGrounds {
            policy_id: policy.reference.id.clone(),
            policy_version: policy.reference.version,
            tier: tier.to_owned(),
            tier_limit: terms.limit.to_string(),
            score: customer.score.map(|score| score.to_string()),
            score_factor: proposal.score_factor.to_string(),
            bills: behaviour.bills,
            late_days: behaviour.late_days.normalize().to_string(),
            payment_factor: proposal.payment_factor.to_string(),
        },
        proposal,
        changes: formula.propose(&grounds).is_some(),
    })
}

/// The base limit in force on the customer's account for all companies, else that of its terms.
/// Temporary limits and collateral are beside it.
fn current(customer: &BookCustomer, policy: &Policy, sitting: &Sitting<'_>) -> Amount {
    let facts = Facts {
        customer_matched: true,
        tier: customer.tier_on(sitting.today),
        open_items: None,
        credit_limit: customer.credit_limit,
        dunning: &[],
        today: sitting.today,
    };
    let terms = credit::decide(&facts, policy).limit;
    let mut accounts = customer.credit.iter();
    let account = accounts.find(|it| it.company.is_empty() && it.segment.is_empty());
    let changes = account.map_or(&[][..], |it| &it.limits);
    let base = changes.iter().filter(|it| it.kind == LimitKind::Base);
    let base: Vec<LimitChange> = base.copied().collect();
    let granted = Some((terms.amount, terms.source));
    let expired = policy.authorization.expired_limit;
    let limit = effective(&base, granted, sitting.today, expired);
    limit.map_or(terms.amount, |limit| limit.amount)
}

/// Proposes a limit for a customer, where the formula comes to another one.
pub async fn propose(
    tx: &Tx,
    sitting: &Sitting<'_>,
    customer: CustomerId,
) -> Result<Proposed, Problem> {
    let book = policy(sitting)?;
    let policy = book.policies().credit.on(sitting.today);
    let policy = policy.ok_or_else(|| without_policy("credit", sitting.today))?;
    let formula = policy.formula.as_ref().ok_or_else(without_formula)?;
    let customer = lock(tx, sitting, customer).await?;
    let told = facts::of_customers(tx, &BTreeSet::from([customer.id]), None).await?;
    let told = told.get(&customer.id).map_or(&[][..], Vec::as_slice);
    let own = policy.for_customer(customer.id, &book.groups_of(&customer));
    let considered = consider(&customer, told, (&own, formula), sitting)?;
    if !considered.changes {
        store::supersede_proposals(tx, customer.id).await?;
        return Ok(Proposed::Unchanged(considered));
    }
    let desk = Desk::open(tx, sitting, customer.id, &Place::default()).await?;
    if desk.account.currency != sitting.hosted.settings.base_currency {
        let detail = "the formula is in base currency, and the account is not";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let grounds = serde_json::to_string(&considered.grounds)
        .map_err(|_| Problem::new(Kind::Internal, "the grounds could not be written"))?;
    let new = NewProposal {
        customer: customer.id,
        account: desk.account.id,
        old: considered.proposal.old,
        new: considered.proposal.new,
        valid_to: considered.proposal.valid_to,
        grounds,
    };
    Ok(match store::propose_limit(tx, new).await? {
        (proposal, true) => Proposed::New(proposal),
        (proposal, false) => Proposed::Waiting(proposal),
    })
}

/// Approves a proposal: the limit takes effect today.
///
/// # Errors
/// 409 where it was decided before, where the limit has changed since, or where the policy asks for
/// two people and the author approves.
pub async fn approve(
    tx: &Tx,
    sitting: &Sitting<'_>,
    id: LimitProposalId,
    principal: &str,
    reason: &str,
) -> Result<StoredProposal, Problem> {
    let (proposal, customer) = waiting(tx, sitting, id).await?;
    let book = sitting.hosted.book.snapshot();
    let policy = book.policies().credit.on(sitting.today);
    let policy = policy.ok_or_else(|| without_policy("credit", sitting.today))?;
    let formula = policy.formula.as_ref().ok_or_else(without_formula)?;
    if formula.two_people && proposal.author == principal {
        let detail = "the policy asks for two people: somebody else must approve";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let own = policy.for_customer(customer.id, &book.groups_of(&customer));
    if current(&customer, &own, sitting) != proposal.old {
        let detail = "the limit has changed since; propose again";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let account = store::account(tx, proposal.account).await?;
    let account = account.ok_or_else(|| Problem::not_found("credit account"))?;
    let new = NewLimit {
        change: LimitChange {
            kind: LimitKind::Base,
            amount: proposal.new,
            valid_from: sitting.today,
            valid_to: formula.last_day(sitting.today),
        },
        reason: reason.to_owned(),
        approver: principal.to_owned(),
        principal: proposal.author.clone(),
    };
    store::change_limit(tx, &account, &new).await?;
    Ok(store::decide_proposal(tx, proposal, "approved", reason).await?)
}

/// Rejects a proposal.
pub async fn reject(
    tx: &Tx,
    sitting: &Sitting<'_>,
    id: LimitProposalId,
    reason: &str,
) -> Result<StoredProposal, Problem> {
    let (proposal, _) = waiting(tx, sitting, id).await?;
    Ok(store::decide_proposal(tx, proposal, "rejected", reason).await?)
}

/// A proposal that nobody has decided, with its customer held.
async fn waiting(
    tx: &Tx,
    sitting: &Sitting<'_>,
    id: LimitProposalId,
) -> Result<(StoredProposal, BookCustomer), Problem> {
    let missing = || Problem::not_found("limit proposal");
    let found = store::limit_proposal(tx, id).await?.ok_or_else(missing)?;
    let customer = lock(tx, sitting, found.customer).await?;
    let found = store::limit_proposal(tx, id).await?.ok_or_else(missing)?;
    if found.status != "proposed" {
        let detail = format!("the proposal is {}", found.status);
        return Err(Problem::new(Kind::Conflict, detail));
    }
    Ok((found, customer))
}
