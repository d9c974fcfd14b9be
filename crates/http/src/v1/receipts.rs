//! Receipts: what a decision read and answered, sealed, to be checked and replayed at any time.
//!
//! | made and checked | `receipts/receipt.rs`: one function for every kind of decision        |
//! | compared         | `receipts/differences.rs`                                             |
//! | of each kind     | `discounts/receipt.rs`, `credit/receipt.rs`, `routing/receipt.rs`     |
//! | kept for ever    | `receipts/recorded/`, replayed by `receipts/recorded.rs`              |

mod differences;
mod receipt;
#[cfg(test)]
mod recorded;

pub use differences::ReplayDifference;
pub use receipt::{Decided, DecisionKind, Receipt, ReceiptReason, make};

use crate::body::Json;
use crate::faults::Faults;
use crate::problem::{Kind, Problem};
use crate::scope::Scope;
use crate::tenant::TenantHandle;
use crate::v1::{credit, discounts, routing};
use crate::wire;
use actix_web::{HttpResponse, post};
use serde::Serialize;
use serde_json::Value;
use tiercel_persistence::book::past::Moment;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Whoever may ask for one of the decisions may check receipts; so may auditors.
const VERIFIED_BY: [Scope; 4] = [
    Scope::DiscountsDecide,
    Scope::CreditRead,
    Scope::RoutingRead,
    Scope::AuditRead,
];
const REPLAYED_BY: [Scope; 3] = [
    Scope::DiscountsDecide,
    Scope::CreditRead,
    Scope::RoutingRead,
];

pub fn routes(config: &mut ServiceConfig) {
    config.service(verify_receipt);
    config.service(replay_receipt);
}

/// Whether a receipt is ours and as it was given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"valid": true, "reasons": []}))]
pub struct ReceiptVerdict {
    pub valid: bool,
    /// Empty where it is valid.
    pub reasons: Vec<ReceiptReason>,
}

/// What came of deciding again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"valid": true, "identical": true, "reasons": [], "decision": {"tier": "high"}, "differences": []}))]
pub struct ReplayResponse {
    /// As `POST /v1/receipts/verify` says; a receipt that is not valid is not replayed.
    pub valid: bool,
    /// Whether the decision is the same, byte by byte.
    pub identical: bool,
    /// Why the receipt is not valid or cannot be replayed here.
    pub reasons: Vec<ReceiptReason>,
    /// The decision as it comes out now; null where nothing was replayed.
    #[schema(value_type = Option<Object>)]
    pub decision: Option<Value>,
    /// Where it differs from the receipt: at most 100 places.
    pub differences: Vec<ReplayDifference>,
}

/// Check a receipt
///
/// The body is the receipt itself. Needs `discounts:decide`, `credit:read`, `routing:read` or
/// `audit:read`. A forged receipt is an answer, not an error: `valid` is false, `reasons` say why.
#[utoipa::path(
    tag = "receipts",
    request_body = Receipt,
    responses((status = 200, description = "Whether it is valid", body = ReceiptVerdict))
)]
#[post("/receipts/verify")]
pub async fn verify_receipt(
    tenant: TenantHandle,
    body: Result<Json<Receipt>, Problem>,
) -> Result<HttpResponse, Problem> {
    tenant.require_any(&VERIFIED_BY)?;
    let reasons = body?.value.check(&tenant).await?;
    Ok(HttpResponse::Ok().json(ReceiptVerdict {
        valid: reasons.is_empty(),
        reasons,
    }))
}

/// Decide again what a receipt is about
///
/// From the database, as of the receipt's date and as known at its position. Needs the scope of
/// the decision: `discounts:decide`, `credit:read` or `routing:read`. Nothing is stored.
#[utoipa::path(
    tag = "receipts",
    request_body = Receipt,
    responses((status = 200, description = "The decision as it comes out now", body = ReplayResponse))
)]
#[post("/receipts/replay")]
pub async fn replay_receipt(
    tenant: TenantHandle,
    body: Result<Json<Receipt>, Problem>,
) -> Result<HttpResponse, Problem> {
    tenant.require_any(&REPLAYED_BY)?;
    Ok(HttpResponse::Ok().json(replayed(&tenant, &body?.value).await?))
}

/// Decides again what a receipt is about, if it is ours and as it was given.
pub async fn replayed(tenant: &TenantHandle, receipt: &Receipt) -> Result<ReplayResponse, Problem> {
    if let Some(kind) = DecisionKind::from_word(&receipt.kind) {
        tenant.require_any(&[kind.scope()])?;
    }
    let reasons = receipt.check(tenant).await?;
    if !reasons.is_empty() {
        return Ok(refused(false, reasons));
    }
    let Some(kind) = receipt.replayable() else {
        return Ok(refused(true, vec![ReceiptReason::engine_unknown()]));
    };
    let again = replay(tenant, kind, receipt).await?;
    let differences = differences::between(&receipt.outcome(), &again.outcome());
    Ok(ReplayResponse {
        valid: true,
        identical: differences.is_empty(),
        reasons: Vec::new(),
        decision: Some(again.decision),
        differences,
    })
}

/// A decision that was made again, beside the one before.
pub fn compared(before: &Value, again: Value) -> ReplayResponse {
    let differences = differences::between(before, &again);
    ReplayResponse {
        valid: true,
        identical: differences.is_empty(),
        reasons: Vec::new(),
        decision: Some(again),
        differences,
    }
}

const fn refused(valid: bool, reasons: Vec<ReceiptReason>) -> ReplayResponse {
    ReplayResponse {
        valid,
        identical: false,
        reasons,
        decision: None,
        differences: Vec::new(),
    }
}

async fn replay(
    tenant: &TenantHandle,
    kind: DecisionKind,
    receipt: &Receipt,
) -> Result<Decided, Problem> {
    let mut faults = Faults::default();
    let as_of = wire::date(&mut faults, "/as_of", &receipt.as_of);
    let moment = Moment {
        as_of: faults.finish(as_of)?,
        position: receipt.position,
    };
    let inputs = receipt.inputs.clone();
    match kind {
        DecisionKind::Discount => discounts::receipt::replay(tenant, inputs, moment).await,
        DecisionKind::Credit => credit::receipt::replay(tenant, inputs, moment).await,
        DecisionKind::Routing => routing::receipt::replay(tenant, inputs, moment).await,
    }
}

/// Inputs that a seal holds for and that cannot be read: no version of Tiercel wrote them.
pub fn unreadable_inputs() -> Problem {
    Problem::new(Kind::Internal, "the inputs of the receipt cannot be read")
}
