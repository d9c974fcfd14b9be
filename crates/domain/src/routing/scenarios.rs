//! Runs `scenarios.toml`: one call and its route each.

use super::{Caller, Dialect, Facts, Match, MatchQuality, Policy, Route, TierRoute, decide};
use crate::decision::PolicyRef;
use crate::ids::CustomerId;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Table {
    scenario: Vec<Scenario>,
    direction: Vec<Direction>,
}

/// One route as every telephone system counts it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Direction {
    name: String,
    priority: u16,
    advantage: u32,
    bound: Option<u32>,
    /// By dialect.
    expect: BTreeMap<String, Counted>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Counted {
    priority: Option<u32>,
    boost: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    given: Given,
    expect: Told,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    caller: Option<String>,
    called: Option<String>,
    matches: Vec<(u32, String, String, String)>,
}

/// A decision in the words of the table.
#[derive(Deserialize, Debug, PartialEq, Default)]
#[serde(deny_unknown_fields, default)]
struct Told {
    matched: bool,
    quality: Option<String>,
    count: u32,
    ambiguous: bool,
    customer: Option<u32>,
    tier: Option<String>,
    rank: Option<u16>,
    queue: String,
    advantage: u32,
    line: Option<String>,
    entitled: bool,
    reroute: Option<String>,
    agent: Option<String>,
    reason: Option<String>,
}

fn route(queue: &str, advantage_seconds: u32) -> Route {
    Route {
        queue: queue.to_owned(),
        routing_profile: queue.to_owned(),
        segment: queue.to_owned(),
        priority: 5,
        advantage_seconds,
        greeting: "standard".to_owned(),
        language: "en".to_owned(),
        skills: Vec::new(),
    }
}

fn policy() -> Policy {
    let tier = |rank, route, line: Option<&str>| TierRoute {
        rank,
        route,
        dedicated_line: line.map(str::to_owned),
    };
    let high = tier(1, route("vip", 600), Some("+18005550111"));
    Policy {
        reference: PolicyRef {
            id: "routing".to_owned(),
            version: 1,
        },
        tiers: BTreeMap::from([
            ("high".to_owned(), high),
            ("general".to_owned(), tier(2, route("standard", 0), None)),
            ("low".to_owned(), tier(3, route("standard", 0), None)),
        ]),
        default_route: route("standard", 0),
        max_wait_boost_seconds: None,
    }
}

fn quality(word: &str) -> MatchQuality {
    use MatchQuality::{AsTyped, Exact, National, Suffix};
    let all = [Exact, National, Suffix, AsTyped];
    all.into_iter()
        .find(|quality| quality.word() == word)
        .unwrap()
}

fn facts(given: Given) -> Facts {
    let matches = given.matches.into_iter();
    Facts {
        caller: match given.caller.as_deref() {
            Some("unparsable") => Caller::Unparsable,
            Some("withheld") => Caller::Withheld,
            _ => Caller::Number,
        },
        called: given.called,
        matches: matches
            .map(|(customer, tier, owner, word)| Match {
                customer: CustomerId::from_bits(customer.into()),
                tier: Some(tier),
                owner: Some(owner).filter(|owner| !owner.is_empty()),
                quality: quality(&word),
            })
            .collect(),
    }
}

fn check(scenario: Scenario) {
    let decision = decide(&facts(scenario.given), &policy());
    let told = Told {
        matched: decision.matched,
        quality: decision
            .match_quality
            .map(|quality| quality.word().to_owned()),
        count: decision.match_count,
        ambiguous: decision.ambiguous,
        customer: decision.customer.map(|id| id.bits() as u32),
        tier: decision.tier,
        rank: decision.tier_rank,
        queue: decision.queue,
        advantage: decision.advantage_seconds,
        line: decision.dedicated_line,
        entitled: decision.line_entitled,
        reroute: decision.reroute_to,
        agent: decision.preferred_agent,
        reason: decision.reason.map(|reason| reason.word().to_owned()),
    };
    assert_eq!(told, scenario.expect, "{}", scenario.name);
}

#[test]
fn every_scenario_comes_out_as_written() {
    let table: Table = toml::from_str(include_str!("scenarios.toml")).unwrap();
    table.scenario.into_iter().for_each(check);
    table.direction.into_iter().for_each(check_direction);
}

/// A stranger's call by a policy whose default route is the row's.
fn check_direction(row: Direction) {
    let default_route = Route {
        priority: row.priority,
        ..route("standard", row.advantage)
    };
    let policy = Policy {
        default_route,
        max_wait_boost_seconds: row.bound,
        ..policy()
    };
    let facts = Facts {
        caller: Caller::Number,
        matches: Vec::new(),
        called: None,
    };
    let decision = decide(&facts, &policy);
    let told = Dialect::ALL.iter().map(|dialect| {
        let standing = dialect.standing(&decision);
        let counted = Counted {
            priority: standing.priority,
            boost: standing.boost_seconds,
        };
        (dialect.word().to_owned(), counted)
    });
    assert_eq!(told.collect::<BTreeMap<_, _>>(), row.expect, "{}", row.name);
}

#[test]
fn dialects_are_found_by_their_words() {
    for dialect in Dialect::ALL {
        assert_eq!(Dialect::from_word(dialect.word()), Some(*dialect));
    }
    assert_eq!(Dialect::from_word("avaya"), None);
}
