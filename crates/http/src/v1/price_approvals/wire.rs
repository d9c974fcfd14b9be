//! How prices are asked for, and how requests are told.

use crate::faults::Faults;
use crate::problem::{Kind, Problem};
use crate::tenant::TenantHandle;
use crate::v1::deciding::{CustomerReference, PolicyVersion};
use crate::v1::discounts::{Asked, DecideDiscountRequest, DecisionDocument, DiscountLineRequest};
use crate::v1::ground::Present;
use crate::wire::{date, instant};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use tiercel_domain::discounts::Policy;
use tiercel_persistence::from_micros;
use tiercel_persistence::price_approvals::{ApprovalStatus, ApprovalStep, PriceApproval};
use utoipa::ToSchema;

/// Characters of a reason.
const MOST_CHARACTERS: usize = 500;

/// A quote with prices that the policy does not give.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer": {"external": {"system": "erp1", "id": "C-1042"}}, "currency": "EUR", "reason": "matches the offer of a competitor", "lines": [{"line_id": "10", "sku": "BT023", "quantity": "30", "list_unit_price": "100.00", "unit_cost": "62.00", "requested_unit_price": "70.00"}]}))]
pub struct RequestPriceApprovalsRequest {
    pub customer: CustomerReference,
    /// ISO 4217, of all prices and costs in the request; the base currency where absent.
    pub currency: Option<String>,
    /// The document in the caller's system; comes back unchanged.
    pub document: Option<DecisionDocument>,
    /// Where the quote comes from, e.g. `field`, `web`.
    pub channel: Option<String>,
    /// The segments that the customer is of, as the caller knows them.
    pub segments: Option<Vec<String>>,
    /// 1 to 1,000 lines, as in a quote; `requested_unit_price` is the price asked for.
    pub lines: Vec<DiscountLineRequest>,
    /// Free words; kept apart, and deleted with the customer.
    pub reason: String,
    /// The last day on which the approval holds; as long as the policy allows where it is absent.
    #[schema(format = Date)]
    pub valid_until: Option<String>,
}

/// A decision on a request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "volume is worth it"}))]
pub struct DecidePriceApprovalRequest {
    /// Free words; kept apart, and deleted with the customer.
    pub reason: String,
}

/// Requests of one quote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "apr_01k8z6v3q2e4r5t6y7a8b9c0de", "status": "pending", "customer": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "subject": "line", "line_id": "10", "sku": "BT023", "quantity": "30", "currency": "EUR", "list_price": "100.00", "policy_price": "80.96", "requested_price": "70.00", "discount_pct": "30", "policy": {"id": "default", "version": 1}, "reasons": ["requested_below_net"], "chain": ["manager"], "level": "manager", "steps": [], "requester": "operator", "reason": "matches the offer of a competitor", "valid_until": "2026-03-31", "created_at": "2026-03-01T09:00:00.000000Z"}]}))]
pub struct PriceApprovalsResponse {
    /// Lines in the order asked, then the document.
    pub items: Vec<PriceApprovalResponse>,
}

/// A price that somebody asked for, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "apr_01k8z6v3q2e4r5t6y7a8b9c0de", "status": "granted", "customer": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "subject": "line", "line_id": "10", "sku": "BT023", "quantity": "30", "currency": "EUR", "list_price": "100.00", "policy_price": "80.96", "requested_price": "70.00", "discount_pct": "30", "policy": {"id": "default", "version": 1}, "reasons": ["requested_below_net"], "chain": ["manager"], "steps": [{"level": "manager", "by": "sales-lead", "what": "approved", "at": "2026-03-01T10:00:00.000000Z", "reason": "volume is worth it"}], "requester": "operator", "reason": "matches the offer of a competitor", "granted_on": "2026-03-01", "valid_until": "2026-03-31", "created_at": "2026-03-01T09:00:00.000000Z"}))]
pub struct PriceApprovalResponse {
    pub id: String,
    /// `pending`, `granted`, `rejected`, `withdrawn` or `expired`.
    pub status: String,
    pub customer: String,
    /// `line`, or `document`: all its lines together.
    pub subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub document: Option<DecisionDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contract_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub quantity: Option<String>,
    pub currency: String,
    /// Of a unit; of a document the amount.
    pub list_price: String,
    /// What the policy gives.
    pub policy_price: String,
    /// The lowest that the approval allows.
    pub requested_price: String,
    /// From list to what is asked for; for display.
    pub discount_pct: String,
    /// The policy that it is bound to.
    pub policy: PolicyVersion,
    /// Why it takes an approval: `requested_below_net`, `floor_above_list`, `cost_missing` …
    pub reasons: Vec<String>,
    /// The levels that must approve, one after the other.
    pub chain: Vec<String>,
    /// The level whose turn it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub level: Option<String>,
    /// What was decided so far.
    pub steps: Vec<PriceApprovalStep>,
    /// Who asked for it.
    pub requester: String,
    /// Absent once the customer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// The first day on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, nullable = false)]
    pub granted_on: Option<String>,
    /// The last day.
    #[schema(format = Date)]
    pub valid_until: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Only with the scope `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unit_cost: Option<String>,
    /// The lowest price that keeps the margin; only with the scope `costs:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub floor_price: Option<String>,
}

/// One decision on a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"level": "manager", "by": "sales-lead", "what": "approved", "at": "2026-03-01T10:00:00.000000Z", "reason": "volume is worth it"}))]
pub struct PriceApprovalStep {
    /// The level whose turn it was.
    pub level: String,
    /// Who decided.
    pub by: String,
    /// `approved`, `rejected` or `withdrawn`.
    pub what: String,
    #[schema(format = DateTime)]
    pub at: String,
    /// Absent once the customer is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
}

/// What was asked, as it is kept with the request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct PriceApprovalFacts {
    pub subject: String,
    pub document: Option<DecisionDocument>,
    pub line_id: Option<String>,
    pub sku: Option<String>,
    pub category: Option<String>,
    pub contract: Option<String>,
    pub quantity: Option<String>,
    pub policy_id: String,
    pub policy_version: u32,
    pub currency: String,
    pub list: String,
    pub policy_price: String,
    pub requested: String,
    pub discount_pct: String,
    pub last_level: String,
    pub reasons: Vec<String>,
    pub unit_cost: Option<String>,
    pub floor: Option<String>,
}

/// A request, read.
pub(super) struct Wanted {
    pub asked: Asked,
    pub reason: String,
    pub valid_until: NaiveDate,
}

impl RequestPriceApprovalsRequest {
    pub(super) fn read(self, tenant: &TenantHandle, policy: &Policy) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let today = tenant.today();
        let reason = faults.text("/reason", &self.reason, MOST_CHARACTERS);
        let most = Days::new(policy.approvals.most_days.into());
        let latest = today.checked_add_days(most).unwrap_or(today);
        let until = match &self.valid_until {
            Some(text) => date(&mut faults, "/valid_until", text),
            None => Some(latest),
        };
        if until.is_some_and(|day| !(today..=latest).contains(&day)) {
            let detail = format!("must be from today to {latest}, as the policy allows");
            faults.add("/valid_until", "range", detail);
        }
        let question = DecideDiscountRequest {
            customer: self.customer,
            as_of: None,
            known_at: None,
            receipt: None,
            currency: self.currency,
            mode: None,
            valid_until: None,
            include: None,
            explain: None,
            document: self.document,
            channel: self.channel,
            segments: self.segments,
            lines: self.lines,
        };
        let (reason, valid_until) = faults.finish(reason.zip(until))?;
        let asked = question.read(Present::of(tenant), tenant.settings().base_currency)?;
        Ok(Wanted {
            asked,
            reason,
            valid_until,
        })
    }
}

impl DecidePriceApprovalRequest {
    pub(super) fn read(&self) -> Result<&str, Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, MOST_CHARACTERS);
        faults.finish(Some(self.reason.as_str()))
    }
}

impl PriceApprovalFacts {
    pub(super) fn read(of: &PriceApproval) -> Result<Self, Problem> {
        let unreadable = |_| Problem::new(Kind::Internal, "the request cannot be read");
        serde_json::from_str(&of.facts).map_err(unreadable)
    }

    pub(super) fn is_of(&self, policy: &Policy) -> bool {
        let reference = &policy.reference;
        reference.id == self.policy_id && reference.version == self.policy_version
    }
}

impl PriceApprovalResponse {
    pub(super) fn new(
        of: &PriceApproval,
        today: NaiveDate,
        shows_costs: bool,
    ) -> Result<Self, Problem> {
        let facts = PriceApprovalFacts::read(of)?;
        let open = matches!(of.status, ApprovalStatus::Pending | ApprovalStatus::Granted);
        let status = match open && of.valid_until < today {
            true => "expired",
            false => of.status.word(),
        };
        let steps = of.steps.iter().map(|step| told(step, of));
        Ok(Self {
            id: of.id.to_string(),
            status: status.to_owned(),
            customer: of.customer.to_string(),
            list_price: facts.list,
            policy_price: facts.policy_price,
            requested_price: facts.requested,
            discount_pct: facts.discount_pct,
            floor_price: facts.floor.filter(|_| shows_costs),
            policy: PolicyVersion {
                id: facts.policy_id,
                version: facts.policy_version,
            },
            subject: facts.subject,
            document: facts.document,
            line_id: facts.line_id,
            sku: facts.sku,
            category: facts.category,
            contract_ref: facts.contract,
            quantity: facts.quantity,
            currency: facts.currency,
            reasons: facts.reasons,
            chain: of.chain.clone(),
            level: of.level.clone(),
            steps: steps.collect(),
            requester: of.requester.clone(),
            reason: of.reasons.get(&1).cloned(),
            granted_on: of.granted_on.map(|day| day.to_string()),
            valid_until: of.valid_until.to_string(),
            created_at: instant(of.created_at),
            unit_cost: facts.unit_cost.filter(|_| shows_costs),
        })
    }
}

fn told(step: &ApprovalStep, of: &PriceApproval) -> PriceApprovalStep {
    PriceApprovalStep {
        level: step.level.clone(),
        by: step.by.clone(),
        what: step.what.clone(),
        at: instant(from_micros(step.at)),
        reason: of.reasons.get(&step.version).cloned(),
    }
}
