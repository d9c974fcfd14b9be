//! An authorization decided again from what it was decided from.

use super::authorizations::stored;
use super::wire::{Judged, check};
use crate::book::Policies;
use crate::flows::credit::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::receipts::{self, ReplayResponse};
use actix_web::{post, web};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::str::FromStr;
use tiercel_domain::credit::authorize::{Question, Standing, judge};
use tiercel_domain::credit::decide::LimitSource;
use tiercel_domain::credit::limits::EffectiveLimit;
use tiercel_domain::credit::{self, Decision, Facts, Policy};
use tiercel_domain::ids::{CustomerId, GroupId};
use tiercel_domain::scaled::Amount;
use tiercel_persistence::documents::{self, DocumentKind};

/// Everything that a decision about a document read, beside the policy: as it is kept with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inputs {
    as_of: String,
    customer: String,
    /// With all ancestors: exceptions of the policy are for them.
    groups: Vec<String>,
    tier: Option<String>,
    amount: String,
    increase: String,
    payment_term: Option<String>,
    own: Level,
    group: Option<Level>,
    /// None where no bill was known.
    overdue: Option<Overdue>,
    dunning_level: u16,
}

/// An account as it stood.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Level {
    open: bool,
    posted: String,
    pending: String,
    credit_balance: String,
    /// None = without a limit.
    limit: Option<String>,
    limit_ended: bool,
}

/// Of the bills.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Overdue {
    amount: String,
    after_grace: String,
    oldest_days: u32,
}

impl Level {
    fn of(standing: &Standing) -> Self {
        Self {
            open: standing.open,
            posted: standing.posted.to_string(),
            pending: standing.pending.to_string(),
            credit_balance: standing.credit_balance.to_string(),
            limit: standing.limit.map(|limit| limit.amount.to_string()),
            limit_ended: standing.limit.is_some_and(|limit| limit.blocked),
        }
    }

    fn standing(&self) -> Option<Standing> {
        let limit = match &self.limit {
            Some(text) => Some(EffectiveLimit {
                amount: text.parse().ok()?,
                source: LimitSource::Account,
                collateral: Amount::ZERO,
                valid_to: None,
                blocked: self.limit_ended,
            }),
            None => None,
        };
        Some(Standing {
            open: self.open,
            posted: self.posted.parse().ok()?,
            pending: self.pending.parse().ok()?,
            credit_balance: self.credit_balance.parse().ok()?,
            limit,
        })
    }
}

impl Inputs {
    pub fn of(desk: &Desk, question: &Question<'_>) -> Self {
        let exposure = desk.terms.exposure.as_ref();
        let show = |value: Decimal| value.normalize().to_string();
        Self {
            as_of: desk.terms.as_of.to_string(),
            customer: desk.customer.id.to_string(),
            groups: desk.groups.iter().map(ToString::to_string).collect(),
            tier: desk.terms.tier.clone(),
            amount: question.amount.to_string(),
            increase: question.increase.to_string(),
            payment_term: question.term.map(|term| term.code.clone()),
            own: Level::of(&desk.own),
            group: desk.group_standing.as_ref().map(Level::of),
            overdue: exposure.map(|it| Overdue {
                amount: show(it.overdue),
                after_grace: show(it.overdue_after_grace),
                oldest_days: it.oldest_overdue_days,
            }),
            dunning_level: desk.terms.dunning.level,
        }
    }

    fn as_of(&self) -> Option<NaiveDate> {
        self.as_of.parse().ok()
    }

    /// The policy as it was for this customer.
    fn narrowed(&self, policy: &Policy) -> Option<Policy> {
        let customer: CustomerId = self.customer.parse().ok()?;
        let groups = self.groups.iter().map(|id| GroupId::from_str(id).ok());
        let groups: BTreeSet<GroupId> = groups.collect::<Option<_>>()?;
        Some(policy.for_customer(customer, &groups).into_owned())
    }

    /// What of the customer's credit the checks read.
    fn terms(&self, policy: &Policy, as_of: NaiveDate) -> Option<Decision> {
        let facts = Facts {
            customer_matched: true,
            tier: self.tier.as_deref(),
            open_items: self.overdue.is_some().then_some(&[][..]),
            credit_limit: None,
            dunning: &[],
            today: as_of,
        };
        let mut terms = credit::decide(&facts, policy);
        terms.dunning.level = self.dunning_level;
        if let (Some(exposure), Some(overdue)) = (&mut terms.exposure, &self.overdue) {
            exposure.overdue = overdue.amount.parse().ok()?;
            exposure.overdue_after_grace = overdue.after_grace.parse().ok()?;
            exposure.oldest_overdue_days = overdue.oldest_days;
        }
        Some(terms)
    }

    /// The checks as they come out now; none where the inputs cannot be read.
    fn decide(&self, policy: &Policy, judged: &Judged) -> Option<serde_json::Value> {
        let policy = self.narrowed(policy)?;
        let terms = self.terms(&policy, self.as_of()?)?;
        let term = match &self.payment_term {
            Some(code) => Some(policy.term(code)?),
            None => None,
        };
        let question = Question {
            amount: self.amount.parse().ok()?,
            increase: self.increase.parse().ok()?,
            term,
        };
        let own = self.own.standing()?;
        let group = match &self.group {
            Some(level) => Some(level.standing()?),
            None => None,
        };
        let verdict = judge(&question, &terms, &own, group.as_ref(), &policy);
        let currency = judged.currency.parse().ok()?;
        let checks = verdict.checks.iter().map(|it| check(it, currency));
        Some(json!({"checks": checks.collect::<Vec<_>>()}))
    }
}

/// Decide an authorization again
///
/// All its checks, from what was read when it was last decided and by the version of the policy of
/// then, whatever has changed since. Nothing is stored.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The authorization", example = "aut_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The checks as they come out now", body = ReplayResponse)))]
#[post("/credit/authorizations/{id}/replay")]
pub async fn replay_credit_authorization(
    tenant: Tenant<need::CreditRead>,
    path: web::Path<String>,
) -> Result<web::Json<ReplayResponse>, Problem> {
    let judged = Judged::read(&stored(&tenant, &path).await?.decision)?;
    let Some(inputs) = &judged.inputs else {
        let detail = "the authorization is from before its inputs were kept";
        return Err(Problem::new(Kind::Conflict, detail));
    };
    let unreadable = || Problem::new(Kind::Internal, "the inputs cannot be read");
    let as_of = inputs.as_of().ok_or_else(unreadable)?;
    let policies = policies(&tenant, &judged).await?;
    let policy = policies.credit.on(as_of).ok_or_else(unreadable)?;
    let again = inputs.decide(policy, &judged).ok_or_else(unreadable)?;
    let before = json!({"checks": judged.checks});
    Ok(web::Json(receipts::compared(&before, again)))
}

async fn policies(tenant: &TenantHandle, judged: &Judged) -> Result<Policies, Problem> {
    let missing = || Problem::new(Kind::Internal, "the policy cannot be found");
    let kind = DocumentKind::CreditPolicy;
    let id = documents::id_of(tenant.store(), kind, &judged.policy_id).await?;
    let id = id.ok_or_else(missing)?;
    let version = judged.policy_version.into();
    let found = documents::find(tenant.store(), kind, id, version).await?;
    let mut policies = Policies::default();
    policies.take(kind, &[found.ok_or_else(missing)?])?;
    Ok(policies)
}
