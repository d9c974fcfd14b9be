//! The routing policy as a document.

use crate::checks::Checks;
use crate::fault::DocumentFault;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::path::Path;
use tiercel_domain::routing::{Policy, Route, TierRoute};
use utoipa::ToSchema;

/// The policy that a new tenant starts with.
pub const DEFAULT: &str = include_str!("defaults/routing_policy.json");

/// A day: no call waits longer, so no larger advantage means anything.
const MOST_SECONDS: u32 = 86_400;
const MOST_SKILLS: usize = 20;

/// How calls are routed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingPolicyDocument {
    /// The version of this shape: 1.
    pub schema: u32,
    pub name: String,
    pub tiers: Vec<TierRouteDocument>,
    /// For callers who are not known, and for tiers that are not listed.
    pub default_route: RouteDocument,
    /// The starvation bound: nobody is served before a caller who has waited so much longer, so
    /// larger advantages are cut to it. At most a day; absent = no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_wait_boost_seconds: Option<u32>,
}

/// The route of one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TierRouteDocument {
    pub tier: String,
    /// 1 = the best tier; no two tiers share one.
    pub rank: u16,
    pub route: RouteDocument,
    /// A number in E.164 that only this tier and better ones may use.
    #[serde(default)]
    pub dedicated_line: Option<String>,
}

/// What a call gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteDocument {
    pub queue: String,
    pub routing_profile: String,
    pub segment: String,
    /// 1 = first.
    pub priority: u16,
    /// The caller is served as if it had waited so much longer; at most a day.
    #[serde(default)]
    pub advantage_seconds: u32,
    pub greeting: String,
    /// ISO 639-1, e.g. `en`.
    pub language: String,
    /// What whoever answers should be able to do, as the telephone system names it; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
}

impl RoutingPolicyDocument {
    /// What the domain decides by, or every fault. `known_tiers` are those of the evaluation model
    /// in force; none = tiers are not compared.
    pub fn to_policy(
        &self,
        reference: PolicyRef,
        known_tiers: Option<&BTreeSet<String>>,
    ) -> Result<Policy, Vec<DocumentFault>> {
        let mut checks = Checks::new(self.schema, known_tiers);
        let root = Path::root();
        checks.text(&self.name, &root.field("name"));
        let at = root.field("tiers");
        let rows = || self.tiers.iter().enumerate();
        checks.distinct(rows().map(|(index, row)| {
            let path = at.index(index).field("tier");
            (row.tier.as_str(), path)
        }));
        checks.distinct(rows().map(|(index, row)| (row.rank, at.index(index).field("rank"))));
        let tiers = rows().map(|(index, row)| row.to_route(&mut checks, &at.index(index)));
        let tiers = tiers.collect();
        let route_at = root.field("default_route");
        let default_route = self.default_route.to_route(&mut checks, &route_at);
        let bound = self.max_wait_boost_seconds;
        let bound_at = root.field("max_wait_boost_seconds");
        let within = bound.is_none_or(|bound| (1..=MOST_SECONDS).contains(&bound));
        let detail = "is not 1 to a day";
        checks.require(within, &bound_at, "out_of_range", detail);
        checks.finish(Some(Policy {
            reference,
            tiers,
            default_route,
            max_wait_boost_seconds: bound,
        }))
    }
}

impl TierRouteDocument {
    fn to_route(&self, checks: &mut Checks<'_>, at: &Path) -> (String, TierRoute) {
        checks.tier(&self.tier, &at.field("tier"));
        checks.require(self.rank > 0, &at.field("rank"), "out_of_range", "is zero");
        let line = self.dedicated_line.as_deref();
        let line_at = at.field("dedicated_line");
        let detail = "is not a number in E.164 such as +18005550111";
        checks.require(line.is_none_or(is_e164), &line_at, "not_a_number", detail);
        let route = TierRoute {
            rank: self.rank,
            route: self.route.to_route(checks, &at.field("route")),
            dedicated_line: self.dedicated_line.clone(),
        };
        (self.tier.clone(), route)
    }
}

impl RouteDocument {
    fn to_route(&self, checks: &mut Checks<'_>, at: &Path) -> Route {
        checks.text(&self.queue, &at.field("queue"));
        checks.text(&self.routing_profile, &at.field("routing_profile"));
        checks.text(&self.segment, &at.field("segment"));
        checks.text(&self.greeting, &at.field("greeting"));
        let first = self.priority > 0;
        checks.require(first, &at.field("priority"), "out_of_range", "is zero");
        let within = self.advantage_seconds <= MOST_SECONDS;
        let advantage_at = at.field("advantage_seconds");
        checks.require(within, &advantage_at, "out_of_range", "is more than a day");
        let language = self.language.as_bytes();
        let spelled = language.len() == 2 && language.iter().all(u8::is_ascii_lowercase);
        let detail = "is not a language of ISO 639-1 such as `en`";
        checks.require(spelled, &at.field("language"), "not_a_language", detail);
        self.check_skills(checks, &at.field("skills"));
        Route {
            queue: self.queue.clone(),
            routing_profile: self.routing_profile.clone(),
            segment: self.segment.clone(),
            priority: self.priority,
            advantage_seconds: self.advantage_seconds,
            greeting: self.greeting.clone(),
            language: self.language.clone(),
            skills: self.skills.clone(),
        }
    }

    /// Skills are answered as one text with commas between them.
    fn check_skills(&self, checks: &mut Checks<'_>, at: &Path) {
        let few = self.skills.len() <= MOST_SKILLS;
        checks.require(few, at, "too_many", "has more than 20 entries");
        for (index, skill) in self.skills.iter().enumerate() {
            checks.text(skill, &at.index(index));
            let one = !skill.contains(',');
            checks.require(one, &at.index(index), "not_a_skill", "contains a comma");
        }
        let rows = self.skills.iter().enumerate();
        checks.distinct(rows.map(|(index, skill)| (skill.as_str(), at.index(index))));
    }
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::canonical;
    use crate::fault::read;

    fn reference() -> PolicyRef {
        PolicyRef {
            id: "routing".to_owned(),
            version: 1,
        }
    }

    #[test]
    fn the_default_policy_has_no_fault_and_reads_back() {
        let document: RoutingPolicyDocument = read(DEFAULT.as_bytes()).unwrap();
        let tiers = ["high", "general", "low"].map(str::to_owned);
        let policy = document.to_policy(reference(), Some(&BTreeSet::from(tiers)));
        let high = policy.unwrap().tiers.remove("high").unwrap();
        assert_eq!((high.rank, high.route.advantage_seconds), (1, 600));
        let bytes = canonical(&document).unwrap().bytes;
        assert_eq!(read::<RoutingPolicyDocument>(&bytes).unwrap(), document);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let mut document: RoutingPolicyDocument = read(DEFAULT.as_bytes()).unwrap();
        document.default_route.queue = String::new();
        document.default_route.language = "EN".to_owned();
        document.tiers[0].dedicated_line = Some("0800 555".to_owned());
        document.tiers[1].rank = 1;
        document.tiers[1].route.advantage_seconds = 86_401;
        document.tiers[2].tier = "high".to_owned();
        document.tiers[2].route.priority = 0;
        document.tiers[2].route.skills = vec!["a,b".to_owned(), String::new()];
        document.max_wait_boost_seconds = Some(0);
        let faults = document.to_policy(reference(), None).unwrap_err();
        let told = faults.into_iter();
        let told: Vec<String> = told
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect();
        assert_eq!(
            told,
            [
                "/tiers/2/tier duplicate",
                "/tiers/1/rank duplicate",
                "/tiers/0/dedicated_line not_a_number",
                "/tiers/1/route/advantage_seconds out_of_range",
                "/tiers/2/route/priority out_of_range",
                "/tiers/2/route/skills/0 not_a_skill",
                "/tiers/2/route/skills/1 not_a_text",
                "/default_route/queue not_a_text",
                "/default_route/language not_a_language",
                "/max_wait_boost_seconds out_of_range",
            ]
        );
    }
}
