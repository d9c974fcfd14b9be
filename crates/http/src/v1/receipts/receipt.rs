//! What a receipt holds, how it is made, and how it is checked.

use crate::problem::{Kind, Problem};
use crate::scope::Scope;
use crate::tenant::TenantHandle;
use crate::v1::deciding::{PolicyVersion, Stamp};
use crate::v1::ground::Ground;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tiercel_documents::canonical::canonical;
use tiercel_domain::ids::KeyId;
use tiercel_domain::{credit, discounts, routing};
use tiercel_persistence::book::past::Moment;
use tiercel_persistence::crypto;
use tiercel_persistence::keys::SealKey;
use utoipa::ToSchema;

/// Keeps a seal of a receipt from being one of anything else.
const PURPOSE: &str = "receipt";

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionKind {
    Discount,
    Credit,
    Routing,
}

impl DecisionKind {
    const ALL: [Self; 3] = [Self::Discount, Self::Credit, Self::Routing];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Discount => "discount",
            Self::Credit => "credit",
            Self::Routing => "routing",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Which calculation decides.
    pub const fn engine(self) -> u32 {
        match self {
            Self::Discount => discounts::ENGINE,
            Self::Credit => credit::ENGINE,
            Self::Routing => routing::ENGINE,
        }
    }

    /// The scope that such a decision needs.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Discount => Scope::DiscountsDecide,
            Self::Credit => Scope::CreditRead,
            Self::Routing => Scope::RoutingRead,
        }
    }
}

/// What a decision read and answered, sealed: enough to check it and to decide it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "discount", "engine": 1, "decision_id": "dec_01k8z6v3q2e4r5t6y7a8b9c0de", "decided_at": "2026-03-01T09:00:00.000000Z", "as_of": "2026-03-01", "position": 4711, "inputs": {"customer": {"external": {"system": "erp1", "id": "C-1042"}}, "currency": "EUR", "lines": [{"line_id": "10", "sku": "BT023", "quantity": "30"}]}, "policy": {"id": "default", "version": 1}, "model_version": 1, "decision": {"tier": "high"}, "decision_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "key": "key_01k8z6v3q2e4r5t6y7a8b9c0de", "hmac": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}))]
pub struct Receipt {
    /// `discount`, `credit` or `routing`.
    pub kind: String,
    /// Version of the calculation: equal inputs and facts give an equal decision for ever.
    pub engine: u32,
    pub decision_id: String,
    #[schema(format = DateTime)]
    pub decided_at: String,
    /// The business date decided for.
    #[schema(format = Date)]
    pub as_of: String,
    /// The position of the journal that was read.
    pub position: i64,
    /// What was asked, in one spelling; nothing that the caller did not send.
    #[schema(value_type = Object)]
    pub inputs: Value,
    pub policy: PolicyVersion,
    /// Of the evaluation behind the tier; null where there is none.
    pub model_version: Option<i64>,
    /// What was decided, without costs, names and explanations.
    #[schema(value_type = Object)]
    pub decision: Value,
    /// SHA-256 of the decision as canonical JSON: keys sorted, no blanks.
    pub decision_sha256: String,
    /// Names the key of the seal.
    pub key: String,
    /// HMAC-SHA-256 over all of the above as canonical JSON.
    pub hmac: String,
}

/// Why a receipt is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"code": "seal_broken", "detail": "the receipt is not as it was given"}))]
pub struct ReceiptReason {
    /// `key_unknown`, `seal_broken`, `decision_hash_wrong` or `engine_unknown`.
    pub code: String,
    pub detail: String,
}

impl ReceiptReason {
    fn new(code: &str, detail: &str) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.to_owned(),
        }
    }

    /// A receipt of a calculation that this server does not have.
    pub fn engine_unknown() -> Self {
        Self::new(
            "engine_unknown",
            "this server does not have that version of the calculation",
        )
    }
}

/// A decision, made ready for a receipt: what every kind of decision has to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub kind: DecisionKind,
    pub inputs: Value,
    pub policy: PolicyVersion,
    pub model_version: Option<i64>,
    /// Free of ids, instants, costs and explanations; equal for ever where the engine is the same.
    pub decision: Value,
}

impl Decided {
    /// What a replay compares.
    pub fn outcome(&self) -> Value {
        outcome(&self.policy, self.model_version, &self.decision)
    }
}

/// The parts of a receipt that a replay compares, at their places.
pub fn outcome(policy: &PolicyVersion, model_version: Option<i64>, decision: &Value) -> Value {
    json!({"policy": policy, "model_version": model_version, "decision": decision})
}

/// Makes the receipt of any decision. `stamp` is the one that the answer carries; `ground` is what
/// was read, at a position of the journal.
pub fn make(
    tenant: &TenantHandle,
    decided: Decided,
    stamp: &Stamp,
    ground: &Ground,
) -> Result<Receipt, Problem> {
    let without = || Problem::new(Kind::Internal, "the decision names no position");
    let moment = Moment {
        as_of: ground.as_of,
        position: ground.position.ok_or_else(without)?,
    };
    let key = &tenant.keys().sealing;
    Receipt::sealed(decided, stamp, moment, key).map_err(unwritable)
}

fn unwritable(_: serde_json::Error) -> Problem {
    Problem::new(Kind::Internal, "the receipt could not be written")
}

impl Receipt {
    pub(super) fn sealed(
        decided: Decided,
        stamp: &Stamp,
        moment: Moment,
        key: &SealKey,
    ) -> Result<Self, serde_json::Error> {
        let receipt = Self {
            kind: decided.kind.word().to_owned(),
            engine: decided.kind.engine(),
            decision_id: stamp.id.clone(),
            decided_at: stamp.at.clone(),
            as_of: moment.as_of.to_string(),
            position: moment.position,
            inputs: decided.inputs,
            policy: decided.policy,
            model_version: decided.model_version,
            decision_sha256: canonical(&decided.decision)?.sha256,
            decision: decided.decision,
            key: key.id.to_string(),
            hmac: String::new(),
        };
        Ok(Self {
            hmac: receipt.seal(key)?,
            ..receipt
        })
    }

    /// Over everything but the seal itself.
    fn seal(&self, key: &SealKey) -> Result<String, serde_json::Error> {
        let mut whole = serde_json::to_value(self)?;
        if let Some(fields) = whole.as_object_mut() {
            fields.shift_remove("hmac");
        }
        Ok(key.seal(PURPOSE, &canonical(&whole)?.bytes))
    }

    /// Why the receipt is not ours or not as it was given; empty where it is.
    pub async fn check(&self, tenant: &TenantHandle) -> Result<Vec<ReceiptReason>, Problem> {
        let key = match self.key.parse::<KeyId>() {
            Ok(id) => tenant.keys().find_sealing(tenant.store(), id).await?,
            Err(_) => None,
        };
        self.faults(key.as_ref()).map_err(unwritable)
    }

    pub(super) fn faults(
        &self,
        key: Option<&SealKey>,
    ) -> Result<Vec<ReceiptReason>, serde_json::Error> {
        let mut reasons = Vec::new();
        match key {
            None => reasons.push(ReceiptReason::new(
                "key_unknown",
                "no key of this server has this id",
            )),
            Some(key) if !crypto::same(&self.seal(key)?, &self.hmac) => reasons.push(
                ReceiptReason::new("seal_broken", "the receipt is not as it was given"),
            ),
            Some(_) => {}
        }
        if canonical(&self.decision)?.sha256 != self.decision_sha256 {
            reasons.push(ReceiptReason::new(
                "decision_hash_wrong",
                "the decision does not have this hash",
            ));
        }
        Ok(reasons)
    }

    /// The kind, where this server has the calculation.
    pub fn replayable(&self) -> Option<DecisionKind> {
        DecisionKind::from_word(&self.kind).filter(|kind| kind.engine() == self.engine)
    }

    /// What a replay compares.
    pub fn outcome(&self) -> Value {
        outcome(&self.policy, self.model_version, &self.decision)
    }
}
