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
}

impl Policy {
    /// Whether a caller whose tier has `rank` may use the line `called`. A line that no tier has
    /// for itself is everybody's; one of several tiers' is open to the lowest of them.
    pub(super) fn entitles(&self, called: Option<&str>, rank: Option<u16>) -> bool {
        let owners = self
            .tiers
            .values()
            .filter(|tier| called.is_some() && tier.dedicated_line.as_deref() == called);
        match owners.map(|tier| tier.rank).max() {
            Some(lowest) => rank.is_some_and(|rank| rank <= lowest),
            None => true,
        }
    }
}
