//! The answer of a routing look-up: one flat object, the same keys on a hit and on a miss.

use crate::v1::deciding::{Stamp, TierStanding};
use crate::v1::ground::Ground;
use crate::v1::receipts::Receipt;
use serde::Serialize;
use tiercel_domain::credit;
use tiercel_domain::routing::{Decision, MatchQuality, MissReason};
use tiercel_persistence::book::BookCustomer;
use utoipa::ToSchema;

/// Where the call goes, and why. No key is ever null: what is not known is an empty text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"matched": true, "match_quality": "exact", "match_count": 1, "ambiguous": false, "customer_ref": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "tier": "high", "tier_rank": 1, "segment": "vip", "queue": "vip", "routing_profile": "vip", "priority": 1, "advantage_seconds": 600, "max_wait_boost_seconds": 0, "skills": "", "dedicated_line": "+18005550111", "line_entitled": true, "reroute_to": "", "preferred_agent": "agent42", "language": "en", "credit_hold": "none", "greeting": "vip", "reason": "", "score": "84", "evaluated_as_of": "2026-02-28", "model_version": 1, "stale": false, "stale_because": "", "tier_override": "", "policy_id": "default", "policy_version": 1, "decision_id": "dec_01k8z6v3q2e4r5t6y7a8b9c0de", "decided_at": "2026-03-01T09:00:00.000000Z", "as_of": "2026-03-01", "position": 0}))]
pub struct RoutingResponse {
    pub matched: bool,
    /// `exact` (E.164) or `as_typed`; empty on a miss.
    pub match_quality: String,
    /// How many customers have the number.
    pub match_count: u32,
    /// Several customers have the number: nobody is named, the best tier counts.
    pub ambiguous: bool,
    pub customer_ref: String,
    /// Empty on a miss, and for who was never evaluated.
    #[schema(min_length = 0)]
    pub tier: String,
    /// 1 = the best; without a tier that the policy knows, one more than its lowest.
    pub tier_rank: u16,
    pub segment: String,
    pub queue: String,
    pub routing_profile: String,
    /// 1 = first.
    pub priority: u16,
    /// The caller is served as if it had waited so much longer.
    pub advantage_seconds: u32,
    /// Who has waited so much longer is served first, whoever else calls; 0 = the policy has no
    /// such bound. Systems with strict priorities raise everybody after so many seconds.
    pub max_wait_boost_seconds: u32,
    /// What whoever answers should be able to do; commas between them.
    pub skills: String,
    /// The line that the caller's tier may use.
    pub dedicated_line: String,
    /// False where the caller dialled a line that is kept for better tiers.
    pub line_entitled: bool,
    /// The queue for a caller who is not entitled to the line.
    pub reroute_to: String,
    /// The owner of the customer.
    pub preferred_agent: String,
    pub language: String,
    /// `none` or `held`; only with the scope `credit:read` and for a single customer.
    pub credit_hold: String,
    pub greeting: String,
    /// `unknown_number`, `unparsable`, `withheld` or `ambiguous`; empty for a single customer.
    pub reason: String,
    pub score: String,
    /// The day the customer's evaluation is of.
    pub evaluated_as_of: String,
    /// 0 where nobody was evaluated.
    pub model_version: i64,
    /// The answer may be old; `stale_because` says why.
    pub stale: bool,
    /// The tier by hand that counted in place of the evaluated one, of a single customer.
    pub tier_override: String,
    /// `over_budget` or `database_away`: the answer is from memory; `never_evaluated` or
    /// `old_evaluation` (more than 400 days): of a single customer; else empty.
    pub stale_because: String,
    pub policy_id: String,
    pub policy_version: u32,
    pub decision_id: String,
    #[schema(format = DateTime)]
    pub decided_at: String,
    /// The business date decided for.
    #[schema(format = Date)]
    pub as_of: String,
    /// The position of the journal that was read; 0 for the decision book, which is of now.
    pub position: i64,
    /// Only with `receipt=full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub receipt: Option<Receipt>,
}

/// What is known beside the decision.
pub(super) struct Seen<'a> {
    pub customer: Option<&'a BookCustomer>,
    /// None where the caller of the API may not see it.
    pub hold: Option<&'a credit::Decision>,
    pub late: Option<Late>,
}

/// Why an answer is from memory though that may be old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    OverBudget,
    DatabaseAway,
}

/// Why the answer may be old; empty where it is not.
fn stale_because(seen: &Seen<'_>, standing: &TierStanding) -> &'static str {
    match (seen.late, seen.customer) {
        (Some(Late::OverBudget), _) => "over_budget",
        (Some(Late::DatabaseAway), _) => "database_away",
        (None, Some(_)) if standing.as_of.is_none() => "never_evaluated",
        (None, Some(_)) if standing.stale => "old_evaluation",
        (None, _) => "",
    }
}

/// One more than the policy's lowest rank: that of whoever has none.
fn rank_of_others(ground: &Ground) -> u16 {
    let policy = ground.book.policies().routing.on(ground.as_of);
    let tiers = policy.into_iter().flat_map(|it| it.tiers.values());
    let lowest = tiers.map(|tier| tier.rank).max();
    lowest.unwrap_or(0).saturating_add(1)
}

pub(super) fn route(
    decision: &Decision,
    seen: &Seen<'_>,
    ground: &Ground,
    stamp: Stamp,
) -> RoutingResponse {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let standing = TierStanding::new("", seen.customer, ground.as_of);
    let held = seen.hold.map_or("", hold_word);
    let stale_because = stale_because(seen, &standing);
    RoutingResponse {
        matched: decision.matched,
        match_quality: word(decision.match_quality.map(MatchQuality::word)),
        match_count: decision.match_count,
        ambiguous: decision.ambiguous,
        customer_ref: decision
            .customer
            .map(|id| id.to_string())
            .unwrap_or_default(),
        tier: text(&decision.tier),
        tier_rank: decision.tier_rank.unwrap_or_else(|| rank_of_others(ground)),
        segment: decision.segment.clone(),
        queue: decision.queue.clone(),
        routing_profile: decision.routing_profile.clone(),
        priority: decision.priority,
        advantage_seconds: decision.advantage_seconds,
        max_wait_boost_seconds: decision.max_wait_boost_seconds.unwrap_or(0),
        skills: decision.skills.join(","),
        dedicated_line: text(&decision.dedicated_line),
        line_entitled: decision.line_entitled,
        reroute_to: text(&decision.reroute_to),
        preferred_agent: text(&decision.preferred_agent),
        language: decision.language.clone(),
        credit_hold: held.to_owned(),
        greeting: decision.greeting.clone(),
        reason: word(decision.reason.map(MissReason::word)),
        score: standing.score.unwrap_or_default(),
        evaluated_as_of: standing.as_of.unwrap_or_default(),
        model_version: standing.model_version.unwrap_or(0),
        stale: !stale_because.is_empty(),
        tier_override: standing.by_hand.map(|held| held.id).unwrap_or_default(),
        stale_because: stale_because.to_owned(),
        policy_id: decision.policy.id.clone(),
        policy_version: decision.policy.version,
        decision_id: stamp.id,
        decided_at: stamp.at,
        as_of: ground.as_of.to_string(),
        position: ground.position.unwrap_or(0),
        receipt: None,
    }
}

fn word(word: Option<&str>) -> String {
    word.unwrap_or_default().to_owned()
}

fn hold_word(credit: &credit::Decision) -> &'static str {
    if credit.hold.is_empty() {
        "none"
    } else {
        "held"
    }
}
