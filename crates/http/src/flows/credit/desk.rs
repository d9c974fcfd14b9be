//! Everything about one customer's credit, read in the transaction that will reserve.

use crate::faults::Faults;
use crate::problem::Problem;
use crate::tenant::Hosted;
use crate::v1::deciding::without_policy;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;
use tiercel_domain::credit::authorize::{Question, Standing, Verdict, judge};
use tiercel_domain::credit::limits::effective;
use tiercel_domain::credit::{self, Decision, Facts, Policy};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::{CustomerId, GroupId};
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::scaled::Amount;
use tiercel_persistence::book::{self, BookCustomer};
use tiercel_persistence::credit::{self as store, Account, Guard, Place};
use tiercel_persistence::{Source, Tx};

/// When and with what is decided.
#[derive(Clone, Copy)]
pub struct Sitting<'a> {
    pub hosted: &'a Hosted,
    pub now: DateTime<Utc>,
    pub today: NaiveDate,
}

/// One customer's account, its group, and what the policy makes of them.
pub struct Desk {
    pub customer: BookCustomer,
    pub account: Account,
    pub group: Option<Account>,
    pub policy: Policy,
    /// The customer's groups with all ancestors, for which the policy was narrowed.
    pub groups: BTreeSet<GroupId>,
    pub terms: Decision,
    pub own: Standing,
    pub group_standing: Option<Standing>,
}

impl<'a> Sitting<'a> {
    pub fn now(hosted: &'a Hosted) -> Self {
        let now = hosted.now();
        Self {
            hosted,
            now,
            today: hosted.date_of(now),
        }
    }
}

/// Locks a customer for the write and ends its reservations whose time is over.
///
/// # Errors
/// 422 where the customer is not known or was erased.
pub async fn lock(
    tx: &Tx,
    sitting: &Sitting<'_>,
    customer: CustomerId,
) -> Result<BookCustomer, Problem> {
    tx.touch(&BTreeSet::from([customer])).await?;
    let found = book::customers(tx, &BTreeSet::from([customer])).await?;
    let found = found.into_iter().find(|it| !it.erased);
    store::expire_due(tx, customer, sitting.now).await?;
    found.ok_or_else(unknown_customer)
}

pub fn unknown_customer() -> Problem {
    let mut faults = Faults::default();
    faults.add("/customer", "unknown_customer", "no customer has this id");
    faults
        .finish::<()>(None)
        .err()
        .unwrap_or_else(|| Problem::not_found("customer"))
}

impl Desk {
    /// Locks the customer and reads its account at a place, opening one in base currency where
    /// there is none.
    pub async fn open(
        tx: &Tx,
        sitting: &Sitting<'_>,
        customer: CustomerId,
        place: &Place,
    ) -> Result<Self, Problem> {
        let customer = lock(tx, sitting, customer).await?;
        let base = sitting.hosted.settings.base_currency;
        let opened = store::of_customer(tx, customer.id).await?;
        let known = opened.iter().any(|it| it.place == *place);
        let account = store::ensure(tx, customer.id, place, base).await?;
        if !known {
            // Its bills were told before there was an account.
            store::adopt_bills(tx, customer.id, sitting.today).await?;
        }
        let account = store::account(tx, account.id).await?.unwrap_or(account);
        Self::at(tx, sitting, customer, account).await
    }

    /// The same for an account that is known, whose customer is locked.
    pub async fn at(
        source: &impl Source,
        sitting: &Sitting<'_>,
        customer: BookCustomer,
        account: Account,
    ) -> Result<Self, Problem> {
        let book = sitting.hosted.book.snapshot();
        let policy = book.policies().credit.on(sitting.today);
        let policy = policy.ok_or_else(|| without_policy("credit", sitting.today))?;
        let groups = book.groups_of(&customer);
        let policy = policy.for_customer(customer.id, &groups).into_owned();
        let facts = Facts {
            customer_matched: true,
            tier: customer.tier_on(sitting.today),
            open_items: customer
                .invoices_known
                .then_some(customer.open_items.as_slice()),
            credit_limit: customer.credit_limit,
            dunning: &customer.finance.dunning,
            today: sitting.today,
        };
        let terms = credit::decide(&facts, &policy);
        let granted = granted(&terms, &account, sitting, &book)?;
        let own = standing(
            source,
            &account,
            Some((granted, terms.limit.source)),
            &policy,
            sitting,
        );
        let own = own.await?;
        let group = match account.parent {
            Some(parent) => store::account(source, parent).await?,
            None => None,
        };
        let group_standing = match &group {
            Some(group) => Some(standing(source, group, None, &policy, sitting).await?),
            None => None,
        };
        Ok(Self {
            customer,
            account,
            group,
            policy,
            groups,
            terms,
            own,
            group_standing,
        })
    }

    pub fn judge(&self, question: &Question<'_>) -> Verdict {
        let group = self.group_standing.as_ref();
        judge(question, &self.terms, &self.own, group, &self.policy)
    }

    /// The conditions under which both levels take more; `beyond` is what an override adds.
    pub fn guards(&self, beyond: Amount) -> Vec<Guard> {
        let guard = |account: &Account, standing: &Standing| Guard {
            account: account.id,
            limit_version: account.limit_version,
            ceiling: standing
                .ceiling(&self.policy)
                .map(|most| Amount::from_units(most.units().saturating_add(beyond.units()))),
        };
        let group = self.group.as_ref().zip(self.group_standing.as_ref());
        let group = group.map(|(account, standing)| guard(account, standing));
        let own = guard(&self.account, &self.own);
        std::iter::once(own).chain(group).collect()
    }

    /// What may be reserved still, on the tighter of both levels; none = whatever it is.
    pub fn available(&self) -> Option<Amount> {
        let levels = std::iter::once(&self.own).chain(&self.group_standing);
        let free = levels.filter_map(|level| {
            let most = level.ceiling(&self.policy)?.units();
            Some(Amount::from_units(
                most.saturating_sub(level.used().units()),
            ))
        });
        free.min()
    }
}

/// The limit by the customer's terms in the account's currency, rounded down.
fn granted(
    terms: &Decision,
    account: &Account,
    sitting: &Sitting<'_>,
    book: &crate::book::Book,
) -> Result<Amount, Problem> {
    let limit = terms.limit.amount;
    if account.currency == sitting.hosted.settings.base_currency {
        return Ok(limit);
    }
    let rate = book.rates().on(account.currency, sitting.today);
    let worth = rate
        .and_then(|(_, rate)| limit.decimal().checked_div(rate.decimal()))
        .map(|exact| round(exact, Amount::SCALE, Rounding::Down))
        .and_then(|worth| Amount::from_decimal(worth).ok());
    worth.ok_or_else(|| no_rate(account.currency))
}

/// No rate is no answer: never one to one.
pub fn no_rate(currency: Currency) -> Problem {
    let mut faults = Faults::default();
    let detail = format!("no exchange rate of {currency} is known");
    faults.add("/currency", "currency_rate_missing", detail);
    faults
        .finish::<()>(None)
        .err()
        .unwrap_or_else(|| Problem::not_found("rate"))
}

async fn standing(
    source: &impl Source,
    account: &Account,
    granted: Option<(Amount, credit::decide::LimitSource)>,
    policy: &Policy,
    sitting: &Sitting<'_>,
) -> Result<Standing, Problem> {
    let changes = store::limits_of(source, account.id).await?;
    let expired = policy.authorization.expired_limit;
    Ok(Standing {
        open: account.open,
        posted: account.posted,
        pending: account.pending,
        credit_balance: account.credit_balance,
        limit: effective(&changes, granted, sitting.today, expired),
    })
}
