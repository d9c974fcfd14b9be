//! The routing policy: what each tier's calls get, in terms no telephone system owns.

use crate::decision::PolicyRef;
use std::collections::BTreeMap;

/// One version of a routing policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub reference: PolicyRef,
    pub tiers: BTreeMap<String, TierRoute>,
    /// For callers who are not known, and for tiers that `tiers` does not know.
    pub default_route: Route,
    /// Nobody is served before a caller who has waited so much longer: no advantage is larger.
    /// None = advantages are as the routes say.
    pub max_wait_boost_seconds: Option<u32>,
}

/// The route of one tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierRoute {
    /// 1 = the best tier.
    pub rank: u16,
    pub route: Route,
    /// A number in E.164 that only this tier and better ones may use.
    pub dedicated_line: Option<String>,
}

/// What a call gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub queue: String,
    pub routing_profile: String,
    /// The word by which the call centre groups its callers.
    pub segment: String,
    /// 1 = first, as people say it; telephone systems differ, so dialects translate.
    pub priority: u16,
    /// The caller is served as if it had waited so much longer.
    pub advantage_seconds: u32,
    pub greeting: String,
    /// ISO 639-1.
    pub language: String,
    /// What whoever answers should be able to do.
    pub skills: Vec<String>,
}

impl Policy {
    /// Whether a caller whose tier has `rank` may use the line `called`. A line that no tier has
    /// for itself is everybody's; one of several tiers' is open to the lowest of them.
    pub(super) fn entitles(&self, called: Option<&str>, rank: Option<u16>) -> bool {
        let lowest = called.and_then(|called| self.lines().get(called).copied());
        lowest.is_none_or(|lowest| rank.is_some_and(|rank| rank <= lowest))
    }

    /// The lines that are kept for some tiers, each with the lowest rank that may use it.
    pub fn lines(&self) -> BTreeMap<&str, u16> {
        let mut lines = BTreeMap::new();
        for tier in self.tiers.values() {
            if let Some(line) = &tier.dedicated_line {
                let lowest = lines.entry(line.as_str()).or_insert(tier.rank);
                *lowest = tier.rank.max(*lowest);
            }
        }
        lines
    }

    /// The advantage of a route within the bound that keeps others from waiting for ever.
    pub(super) fn advantage(&self, route: &Route) -> u32 {
        let most = self.max_wait_boost_seconds.unwrap_or(u32::MAX);
        route.advantage_seconds.min(most)
    }
}
