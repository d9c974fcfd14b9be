//! What the book holds of a customer.

use chrono::{DateTime, NaiveDate, Utc};
use std::sync::Arc;
use tiercel_domain::credit::dunning::DunningByHand;
use tiercel_domain::credit::limits::LimitChange;
use tiercel_domain::credit::{Authorization, OpenItem};
use tiercel_domain::currency::Currency;
use tiercel_domain::discounts::approval::GrantedPrice;
use tiercel_domain::ids::{CreditAccountId, CustomerId, GroupId};
use tiercel_domain::phones::MatchKey;
use tiercel_domain::scaled::{Amount, Points};
use tiercel_domain::tier_overrides::TierOverride;

/// What decisions need of a customer; free of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookCustomer {
    pub id: CustomerId,
    /// Counts the writes that touched the customer: what is older never replaces what is newer.
    pub version: i64,
    pub erased: bool,
    /// What evaluation found; decisions ask [`BookCustomer::tier_on`].
    pub evaluated_tier: Option<Arc<str>>,
    /// Tiers by hand: past, present and to come.
    pub overrides: Vec<TierOverride>,
    /// Prices that were granted, those that are over too.
    pub approvals: Vec<GrantedPrice>,
    pub score: Option<Points>,
    pub evaluated_as_of: Option<NaiveDate>,
    pub model_version: Option<i64>,
    pub owner: Option<Arc<str>>,
    pub group: Option<GroupId>,
    /// The attribute of that name, in base currency; negative ones grant nothing.
    pub credit_limit: Option<Amount>,
    pub externals: Vec<KnownAs>,
    /// Under what the customer's numbers and those of its contacts are found; none twice.
    pub phones: Vec<MatchKey>,
    /// Whether an invoice of the customer was ever told.
    pub invoices_known: bool,
    pub open_items: Vec<OpenItem>,
    /// Credit accounts, the main one first.
    pub credit: Vec<CreditSummary>,
    pub finance: Finance,
}

/// What finance has said of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finance {
    /// Levels of reminders by hand, in the order in which they were set.
    pub dunning: Vec<DunningByHand>,
    /// The level that was last told in the journal.
    pub told_level: u16,
    /// Until when the open items are confirmed; none = never.
    pub confirmed_until: Option<DateTime<Utc>>,
}

/// The customer's id in another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAs {
    pub system: Arc<str>,
    pub id: Box<str>,
}

impl BookCustomer {
    pub fn is_known_as(&self, system: &str, id: &str) -> bool {
        let mut known = self.externals.iter();
        known.any(|it| *it.id == *id && *it.system == *system)
    }

    /// Puts the one kept copy in the place of each text that many customers have.
    pub fn share(&mut self, mut kept: impl FnMut(&Arc<str>) -> Arc<str>) {
        let texts = [&mut self.evaluated_tier, &mut self.owner];
        let texts = texts.into_iter().flatten();
        let systems = self.externals.iter_mut().map(|it| &mut it.system);
        for text in texts.chain(systems) {
            *text = kept(text);
        }
    }

    /// Gives back what the lists hold beyond their entries: there are millions of them.
    pub(super) fn fitted(mut self) -> Self {
        self.overrides.shrink_to_fit();
        self.externals.shrink_to_fit();
        self.phones.shrink_to_fit();
        self.open_items.shrink_to_fit();
        for account in &mut self.credit {
            account.limits.shrink_to_fit();
            account.held.shrink_to_fit();
        }
        self.credit.shrink_to_fit();
        self
    }
}

/// What look-ups need of a credit account, in its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditSummary {
    pub account: CreditAccountId,
    pub company: String,
    pub segment: String,
    pub currency: Currency,
    pub posted: Amount,
    pub pending: Amount,
    /// The part of `posted` that open bills make.
    pub billed: Amount,
    /// Money that settles no bill yet.
    pub credit_balance: Amount,
    /// Oldest first.
    pub limits: Vec<LimitChange>,
    /// Authorisations that hold something, with the end of their reservation.
    pub held: Vec<(DateTime<Utc>, Authorization)>,
}
