//! What the policies in force grant one customer, and which level says so.

use crate::book::Book;
use crate::problem::Problem;
use crate::tenant::TenantHandle;
use crate::v1::credit;
use crate::v1::deciding::{TierStanding, without_policy};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use tiercel_domain::credit as credit_domain;
use tiercel_domain::credit::decide::LimitSource;
use tiercel_domain::currency::Currency;
use tiercel_domain::decision::Level;
use tiercel_domain::discounts::entitled::{Entitlement, entitlements};
use tiercel_domain::discounts::{self, Facts};
use tiercel_domain::ids::GroupId;
use tiercel_domain::routing::{self, Caller, Match, MatchQuality};
use tiercel_persistence::book::BookCustomer;

/// What is known of the customer.
pub(super) struct Grounds<'b> {
    pub book: &'b Book,
    pub customer: Option<&'b BookCustomer>,
    pub today: NaiveDate,
    sitting: (DateTime<Utc>, Currency),
}

/// What was found at each level; the first that has something decides.
pub(super) type Found = Vec<(Level, Vec<String>)>;

pub(super) struct ResolvedDiscount<'b> {
    pub policy: &'b discounts::Policy,
    /// Those that the customer is held out from among them.
    pub rules: Vec<Entitlement<'b>>,
    pub found: Found,
    pub held_out: Found,
}

pub(super) struct ResolvedCredit {
    pub decision: credit_domain::Decision,
    pub term: Found,
    pub limit: Found,
    /// The tier from whose terms the customer is held out.
    pub held_out: Found,
}

pub(super) struct ResolvedRouting {
    pub decision: routing::Decision,
    pub found: Found,
}

impl<'b> Grounds<'b> {
    pub fn new(tenant: &TenantHandle, book: &'b Book, customer: Option<&'b BookCustomer>) -> Self {
        Self {
            book,
            customer,
            today: tenant.today(),
            sitting: (tenant.now(), tenant.settings().base_currency),
        }
    }

    fn tier(&self) -> Option<&'b str> {
        self.customer.and_then(|it| it.tier_on(self.today))
    }

    pub fn standing(&self) -> TierStanding {
        TierStanding::new(self.tier().unwrap_or_default(), self.customer, self.today)
    }

    pub fn discount(&self) -> Result<ResolvedDiscount<'b>, Problem> {
        let policy = self.book.policies().discount.on(self.today);
        let policy: &Arc<_> = policy.ok_or_else(|| without_policy("discount", self.today))?;
        let groups = self.customer.map(|it| self.book.groups_of(it));
        let facts = Facts {
            customer_matched: self.customer.is_some(),
            customer: self.customer.map(|it| it.id),
            segments: BTreeSet::new(),
            tier: self.tier().map(str::to_owned),
            groups: groups.unwrap_or_default(),
            channel: None,
        };
        let rules = entitlements(policy, &facts, &self.contracts(), self.today);
        let of = |level: Level, held_out: bool| {
            let rules = rules.iter();
            let rules = rules.filter(|it| it.level == level && it.held_out == held_out);
            rules.map(|it| it.rule.id.clone()).collect()
        };
        let [found, held_out] = [false, true].map(|held_out| {
            let levels = Level::ALL.map(|level| (level, of(level, held_out)));
            Found::from(levels)
        });
        Ok(ResolvedDiscount {
            policy,
            found,
            held_out,
            rules,
        })
    }

    /// The codes of the contracts that hold today.
    fn contracts(&self) -> Vec<&'b str> {
        let Some(customer) = self.customer else {
            return Vec::new();
        };
        let groups: Vec<GroupId> = self.book.group_line(customer).collect();
        let all = self.book.contracts().of(customer.id, &groups);
        let held = all.filter(|contract| contract.holds_on(self.today));
        held.map(|contract| contract.code.as_str()).collect()
    }

    pub fn credit(&self) -> Result<ResolvedCredit, Problem> {
        let account = self.customer.and_then(|it| it.credit.first());
        let account = account.map(|account| (account, self.sitting));
        let decision = credit::decide(self.book, self.customer, self.today, account)?;
        let of_tier: Vec<String> = match self.tier() {
            Some(tier) if tier == decision.terms_of_tier => vec![tier.to_owned()],
            _ => Vec::new(),
        };
        let everybody = vec![decision.terms_of_tier.clone()];
        let everybody = |tiers: &Vec<String>| match tiers.is_empty() {
            true => everybody.clone(),
            false => Vec::new(),
        };
        let source = decision.limit.source;
        let of_source = |these: &[LimitSource]| {
            let said = these.contains(&source).then(|| source.word().to_owned());
            said.into_iter().collect::<Vec<_>>()
        };
        let term = vec![
            (Level::Tier, of_tier.clone()),
            (Level::Default, everybody(&of_tier)),
        ];
        let limit = vec![
            (Level::Override, of_source(&[LimitSource::Temporary])),
            (
                Level::Customer,
                of_source(&[LimitSource::Account, LimitSource::Attribute]),
            ),
            (Level::Tier, of_tier.clone()),
            (Level::Default, everybody(&of_tier)),
        ];
        Ok(ResolvedCredit {
            decision,
            term,
            limit,
            held_out: vec![(Level::Tier, self.held_out_terms())],
        })
    }

    /// The customer's tier, where the customer does not get its terms.
    fn held_out_terms(&self) -> Vec<String> {
        let policy = self.book.policies().credit.on(self.today);
        let known = policy.zip(self.customer).zip(self.tier());
        let held = known.filter(|((policy, it), tier)| policy.holds_out(tier, it.id));
        held.map(|(_, tier)| tier.to_owned()).into_iter().collect()
    }

    pub fn routing(&self) -> Result<ResolvedRouting, Problem> {
        let policy = self.book.policies().routing.on(self.today);
        let policy = policy.ok_or_else(|| without_policy("routing", self.today))?;
        let caller = self.customer.map(|it| Match {
            customer: it.id,
            tier: it.tier_on(self.today).map(str::to_owned),
            owner: it.owner.as_deref().map(str::to_owned),
            quality: MatchQuality::Exact,
        });
        let facts = routing::Facts {
            caller: Caller::Number,
            matches: caller.into_iter().collect(),
            called: None,
        };
        let decision = routing::decide(&facts, policy);
        let ranked = decision.tier_rank.and(decision.tier.clone());
        let found = match ranked {
            Some(tier) => vec![(Level::Tier, vec![tier])],
            None => vec![(Level::Default, vec!["default_route".to_owned()])],
        };
        Ok(ResolvedRouting { decision, found })
    }
}
