//! The decision: whose call it is, and the route that follows.

use super::policy::{Policy, TierRoute};
use crate::decision::PolicyRef;
use crate::ids::CustomerId;
use std::collections::BTreeSet;

/// How the caller's number showed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A number that could be read, whether anybody has it or not.
    Number,
    /// Something that is no number; it may still be known as it was typed.
    Unparsable,
    /// The caller hides it.
    Withheld,
}

/// How well a number fits that of a customer; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchQuality {
    /// The same number in E.164.
    Exact,
    /// The same national number; the country is not certain.
    National,
    /// The same last digits, at least seven. Counts only where one customer has them.
    Suffix,
    /// The same characters.
    AsTyped,
}

impl MatchQuality {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::National => "national",
            Self::Suffix => "suffix",
            Self::AsTyped => "as_typed",
        }
    }
}

/// A customer who has the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    pub customer: CustomerId,
    pub tier: Option<String>,
    /// Who looks after the customer: a staff code.
    pub owner: Option<String>,
    pub quality: MatchQuality,
}

/// What is known of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub caller: Caller,
    pub matches: Vec<Match>,
    /// The number that was dialled, in E.164 where it could be read.
    pub called: Option<String>,
}

/// Where the call goes, and why. A miss has the same parts as a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub policy: PolicyRef,
    pub matched: bool,
    /// None on a miss.
    pub match_quality: Option<MatchQuality>,
    /// How many customers have the number, at the best quality found.
    pub match_count: u32,
    /// Several customers have the number: nobody is named, the best tier counts.
    pub ambiguous: bool,
    /// Only where exactly one customer has the number.
    pub customer: Option<CustomerId>,
    pub tier: Option<String>,
    /// 1 = the best tier; none without a tier that the policy knows.
    pub tier_rank: Option<u16>,
    pub segment: String,
    pub queue: String,
    pub routing_profile: String,
    pub priority: u16,
    /// Never more than the policy's bound.
    pub advantage_seconds: u32,
    /// Who has waited so much longer is served first, whoever else calls; none without a bound.
    pub max_wait_boost_seconds: Option<u32>,
    pub skills: Vec<String>,
    /// The line that the caller's tier may use.
    pub dedicated_line: Option<String>,
    /// False where the caller dialled a line that is kept for better tiers.
    pub line_entitled: bool,
    /// The queue for a caller who is not entitled to the line.
    pub reroute_to: Option<String>,
    /// The owner; only where exactly one customer has the number.
    pub preferred_agent: Option<String>,
    pub language: String,
    pub greeting: String,
    /// None where exactly one customer was found.
    pub reason: Option<MissReason>,
}

/// Why no single customer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissReason {
    UnknownNumber,
    Unparsable,
    Withheld,
    Ambiguous,
}

impl MissReason {
    pub const fn word(self) -> &'static str {
        match self {
            Self::UnknownNumber => "unknown_number",
            Self::Unparsable => "unparsable",
            Self::Withheld => "withheld",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// Whose call it is.
struct Found<'a> {
    quality: Option<MatchQuality>,
    /// One for each customer.
    callers: Vec<&'a Match>,
}

/// Routes a call. Cannot fail: who is not known gets the default route.
pub fn decide(facts: &Facts, policy: &Policy) -> Decision {
    let found = find(facts);
    let count = u32::try_from(found.callers.len()).unwrap_or(u32::MAX);
    let ambiguous = count > 1;
    // Seven digits that several customers share say nothing about who is calling.
    let matched = count > 0 && !(ambiguous && found.quality == Some(MatchQuality::Suffix));
    let callers: &[&Match] = if matched { &found.callers } else { &[] };
    let only = callers.first().filter(|_| !ambiguous);
    let best = best_tier(callers, policy);
    let rank = best.map(|(_, tier)| tier.rank);
    let route = best.map_or(&policy.default_route, |(_, tier)| &tier.route);
    let line_entitled = policy.entitles(facts.called.as_deref(), rank);
    Decision {
        policy: policy.reference.clone(),
        matched,
        match_quality: found.quality.filter(|_| matched),
        match_count: count,
        ambiguous,
        customer: only.map(|caller| caller.customer),
        tier: tier_shown(best, only.copied()),
        tier_rank: rank,
        segment: route.segment.clone(),
        queue: route.queue.clone(),
        routing_profile: route.routing_profile.clone(),
        priority: route.priority,
        advantage_seconds: policy.advantage(route),
        max_wait_boost_seconds: policy.max_wait_boost_seconds,
        skills: route.skills.clone(),
        dedicated_line: best.and_then(|(_, tier)| tier.dedicated_line.clone()),
        line_entitled,
        reroute_to: (!line_entitled).then(|| route.queue.clone()),
        preferred_agent: only.and_then(|caller| caller.owner.clone()),
        language: route.language.clone(),
        greeting: route.greeting.clone(),
        reason: reason(facts.caller, count),
    }
}

/// The customers at the best quality found, each once. A number that is withheld is nobody's.
fn find(facts: &Facts) -> Found<'_> {
    let known = facts.matches.iter();
    let quality = known
        .map(|found| found.quality)
        .min()
        .filter(|_| facts.caller != Caller::Withheld);
    let mut seen = BTreeSet::new();
    let best = facts
        .matches
        .iter()
        .filter(|found| Some(found.quality) == quality);
    Found {
        quality,
        callers: best.filter(|found| seen.insert(found.customer)).collect(),
    }
}

/// The best-ranked tier among the callers that the policy knows; equal ranks go by the tier's code.
fn best_tier<'a>(callers: &[&'a Match], policy: &'a Policy) -> Option<(&'a str, &'a TierRoute)> {
    let tiers = callers.iter().filter_map(|caller| {
        let code = caller.tier.as_deref()?;
        Some((code, policy.tiers.get(code)?))
    });
    tiers.min_by_key(|(code, tier)| (tier.rank, *code))
}

/// A single customer's tier is told even where the policy has no route for it.
fn tier_shown(best: Option<(&str, &TierRoute)>, only: Option<&Match>) -> Option<String> {
    let of_only = only.and_then(|caller| caller.tier.as_deref());
    best.map(|(code, _)| code).or(of_only).map(str::to_owned)
}

const fn reason(caller: Caller, count: u32) -> Option<MissReason> {
    match (count, caller) {
        (1, _) => None,
        (0, Caller::Number) => Some(MissReason::UnknownNumber),
        (0, Caller::Unparsable) => Some(MissReason::Unparsable),
        (0, Caller::Withheld) => Some(MissReason::Withheld),
        (_, _) => Some(MissReason::Ambiguous),
    }
}
