//! Which lines of a quote take an approval, and what exactly is asked for.

use super::wire::{PriceApprovalFacts, Wanted};
use crate::problem::{Kind, Problem};
use crate::tenant::TenantHandle;
use crate::v1::discounts::binding::Binding;
use crate::v1::discounts::{self, Decided};
use crate::v1::ground::Ground;
use crate::wire::decimals;
use rust_decimal::Decimal;
use tiercel_domain::discounts::{Approval, Line, Policy, PricedLine};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::money::{Rounding, round};
use tiercel_persistence::price_approvals::NewPriceApproval;

/// A price that is asked for, of a line or of the document.
struct Exception {
    fingerprint: String,
    lowest: Decimal,
    facts: PriceApprovalFacts,
}

/// Everything of the quote that takes an approval which it does not have: lines in the order asked,
/// then the document.
pub(super) fn of(
    tenant: &TenantHandle,
    policy: &Policy,
    wanted: &Wanted,
) -> Result<Vec<NewPriceApproval>, Problem> {
    let base = tenant.settings().base_currency;
    let ground = Ground {
        book: tenant.book(),
        as_of: tenant.today(),
        position: None,
    };
    let decided = discounts::decide(base, &ground, &wanted.asked, Some(true))?;
    let customer = decided.customer.as_ref().map(|it| it.id);
    let customer = customer.ok_or_else(|| Problem::not_found("customer"))?;
    if decided.decision.policy != policy.reference {
        let detail = "the policy changed meanwhile; ask again";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let lines = decided.lines.iter().zip(&decided.decision.lines);
    let lines =
        lines.filter_map(|(line, told)| of_line(&decided, line, told.outcome.as_ref().ok()?));
    let all = lines.chain(of_document(&decided));
    Ok(all
        .map(|one| one.into_new(customer, policy, wanted))
        .collect())
}

fn binding(decided: &Decided) -> Binding<'_> {
    Binding {
        policy: &decided.decision.policy,
        currency: decided.decision.currency,
    }
}

fn of_line(decided: &Decided, line: &Line, price: &PricedLine) -> Option<Exception> {
    let lowest = price
        .approval
        .wanted
        .filter(|_| price.approval.is_required())?;
    let facts = PriceApprovalFacts {
        line_id: Some(line.line_id.clone()),
        sku: line.sku.clone(),
        category: line.category.as_ref().map(ToString::to_string),
        quantity: Some(line.quantity.to_string()),
        contract: line.contract.as_ref().map(|it| it.reference.clone()),
        unit_cost: line.unit_cost.amount().map(|cost| cost.to_string()),
        floor: price
            .floor
            .map(|floor| decimals(floor.unit_floor, decided.decision.scale)),
        ..common(
            decided,
            "line",
            [price.list_unit_price, price.net_unit_price, lowest],
            &price.approval,
        )
    };
    Some(Exception {
        fingerprint: binding(decided).of_line(line),
        lowest,
        facts,
    })
}

fn of_document(decided: &Decided) -> Option<Exception> {
    let decision = &decided.decision;
    let approval = &decision.document.approval;
    let lowest = approval.wanted.filter(|_| approval.is_required())?;
    let totals = decision.totals;
    let facts = PriceApprovalFacts {
        floor: decision
            .document
            .floor
            .map(|floor| decimals(floor.amount, decision.currency.exponent())),
        ..common(
            decided,
            "document",
            [totals.list.amount(), totals.net.amount(), lowest],
            approval,
        )
    };
    Some(Exception {
        fingerprint: binding(decided).of_document(decided.lines.iter()),
        lowest,
        facts,
    })
}

fn common(
    decided: &Decided,
    subject: &str,
    [list, policy_price, requested]: [Decimal; 3],
    approval: &Approval,
) -> PriceApprovalFacts {
    let reasons = approval.reasons.iter();
    let scale = match subject {
        "line" => decided.decision.scale,
        _ => decided.decision.currency.exponent(),
    };
    PriceApprovalFacts {
        subject: subject.to_owned(),
        policy_id: decided.decision.policy.id.clone(),
        policy_version: decided.decision.policy.version,
        currency: decided.decision.currency.to_string(),
        list: decimals(list, scale),
        policy_price: decimals(policy_price, scale),
        requested: decimals(requested, scale),
        discount_pct: discount_pct(list, requested).unwrap_or_default(),
        last_level: approval.level.clone().unwrap_or_default(),
        reasons: reasons.map(|it| it.code.word().to_owned()).collect(),
        ..PriceApprovalFacts::default()
    }
}

/// For display: four decimals.
fn discount_pct(list: Decimal, requested: Decimal) -> Option<String> {
    if list.is_zero() {
        return Some("0".to_owned());
    }
    let off = list.checked_sub(requested)?;
    let share = off.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(list)?;
    let rounded = round(share, 4, Rounding::HalfUp);
    Some(rounded.normalize().to_string())
}

impl Exception {
    fn into_new(self, customer: CustomerId, policy: &Policy, wanted: &Wanted) -> NewPriceApproval {
        let chain = policy.approvals.chain(&self.facts.last_level);
        let facts = PriceApprovalFacts {
            document: wanted.asked.document.clone(),
            ..self.facts
        };
        NewPriceApproval {
            customer,
            fingerprint: self.fingerprint,
            lowest: self.lowest,
            chain: chain.iter().map(|level| level.code.clone()).collect(),
            facts: serde_json::json!(facts).to_string(),
            valid_until: wanted.valid_until,
            reason: wanted.reason.clone(),
        }
    }
}
