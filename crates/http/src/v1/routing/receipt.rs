//! The receipt of a routing look-up: the number as it was looked for, and the route.
//!
//! The number is personal: it stands, normalised, in the receipt that is given to whoever sent it,
//! and nowhere else. The hold is a decision of its own and not part of it.

use super::{Call, decide, wanted};
use crate::problem::Problem;
use crate::tenant::TenantHandle;
use crate::v1::ground::Ground;
use crate::v1::receipts::{self, DecisionKind, unreadable_inputs};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tiercel_domain::phones::MatchKey;
use tiercel_domain::routing::{Caller, Decision, MatchQuality, MissReason};
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::book::past::Moment;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    /// `number`, `withheld` or `unparsable`.
    caller: String,
    /// What is looked for, in order.
    keys: Vec<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    called: Option<String>,
    /// Numbers that end alike were looked for, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    near: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Key {
    E164(String),
    AsTyped(String),
}

/// Decides a question of a receipt again.
pub async fn replay(
    tenant: &TenantHandle,
    inputs: Value,
    moment: Moment,
) -> Result<receipts::Decided, Problem> {
    let call = read(inputs)?;
    let ground = Ground::past(tenant, moment, &wanted(&call, false)).await?;
    again(&call, &ground)
}

/// The same decision from a book of the moment.
pub fn again(call: &Call, ground: &Ground) -> Result<receipts::Decided, Problem> {
    let decision = decide(call, ground)?;
    let customer = decision.customer.and_then(|id| ground.book.customer(id));
    Ok(of(call, &decision, customer.map(AsRef::as_ref)))
}

pub fn read(inputs: Value) -> Result<Call, Problem> {
    let inputs: Inputs = serde_json::from_value(inputs).map_err(|_| unreadable_inputs())?;
    let caller = match inputs.caller.as_str() {
        "number" => Caller::Number,
        "withheld" => Caller::Withheld,
        "unparsable" => Caller::Unparsable,
        _ => return Err(unreadable_inputs()),
    };
    let keys = inputs.keys.into_iter().map(|key| match key {
        Key::E164(number) => MatchKey::E164(number),
        Key::AsTyped(digits) => MatchKey::AsTyped(digits),
    });
    Ok(Call {
        caller,
        keys: keys.collect(),
        called: inputs.called,
        near: inputs.near,
    })
}

/// What the receipt tells of a decision.
pub fn of(call: &Call, decision: &Decision, customer: Option<&BookCustomer>) -> receipts::Decided {
    receipts::Decided {
        kind: DecisionKind::Routing,
        inputs: json!(inputs(call)),
        policy: (&decision.policy).into(),
        model_version: customer.and_then(|it| it.model_version),
        decision: told(decision),
    }
}

fn inputs(call: &Call) -> Inputs {
    let caller = match call.caller {
        Caller::Number => "number",
        Caller::Withheld => "withheld",
        Caller::Unparsable => "unparsable",
    };
    let keys = call.keys.iter().map(|key| match key {
        MatchKey::E164(number) => Key::E164(number.clone()),
        MatchKey::AsTyped(digits) => Key::AsTyped(digits.clone()),
    });
    Inputs {
        caller: caller.to_owned(),
        keys: keys.collect(),
        called: call.called.clone(),
        near: call.near,
    }
}

/// What policies of today can say and those of before could not stands there only where it is said.
fn told(decision: &Decision) -> Value {
    let mut told = json!({
        "matched": decision.matched,
        "match_quality": decision.match_quality.map(MatchQuality::word),
        "match_count": decision.match_count,
        "ambiguous": decision.ambiguous,
        "customer_id": decision.customer.map(|id| id.to_string()),
        "tier": decision.tier,
        "tier_rank": decision.tier_rank,
        "segment": decision.segment,
        "queue": decision.queue,
        "routing_profile": decision.routing_profile,
        "priority": decision.priority,
        "advantage_seconds": decision.advantage_seconds,
        "dedicated_line": decision.dedicated_line,
        "line_entitled": decision.line_entitled,
        "reroute_to": decision.reroute_to,
        "preferred_agent": decision.preferred_agent,
        "language": decision.language,
        "greeting": decision.greeting,
        "reason": decision.reason.map(MissReason::word),
    });
    if !decision.skills.is_empty() {
        told["skills"] = json!(decision.skills);
    }
    if let Some(bound) = decision.max_wait_boost_seconds {
        told["max_wait_boost_seconds"] = json!(bound);
    }
    told
}
