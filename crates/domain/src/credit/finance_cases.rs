//! Runs `finance_cases.toml`: reminders and claims, drift, proposed limits.

use super::OpenItem;
use super::dunning::{
    DelayFrom, DunningByHand, DunningLevel, DunningRules, DunningSource, by_hand_on, claim,
};
use super::proposals::{Behaviour, Grounds, LimitFormula, Step};
use super::reconcile::{Contradiction, Difference, DriftKind, Open, Told, reconcile};
use super::terms::{Due, PaymentTerm};
use crate::fact::DocumentRef;
use crate::ids::FactId;
use crate::scaled::{Amount, Percent};
use crate::settlement::SettledInvoice;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    dunning: Vec<DunningRow>,
    by_hand: Vec<ByHandRow>,
    claim: Vec<ClaimRow>,
    drift: Vec<DriftRow>,
    proposal: Vec<ProposalRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DunningRow {
    name: String,
    levels: Vec<String>,
    #[serde(default)]
    grace: u16,
    ignored_below: Option<String>,
    items: Vec<(String, String)>,
    days: Vec<(String, u16, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByHandRow {
    name: String,
    set: Vec<String>,
    computed: u16,
    days: Vec<(String, u16)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimRow {
    name: String,
    items: Vec<(String, String)>,
    on: String,
    #[serde(default)]
    grace: u16,
    interest_pct: String,
    fee: String,
    expect: ClaimExpected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimExpected {
    overdue: String,
    interest: String,
    fee: String,
    total: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DriftRow {
    name: String,
    ours: Vec<(String, String, String)>,
    unallocated: Option<String>,
    theirs: Vec<(String, String, String)>,
    expect: DriftExpected,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct DriftExpected {
    ours: String,
    theirs: String,
    drift: String,
    differences: Vec<String>,
    contradiction: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposalRow {
    name: String,
    given: ProposalGiven,
    expect: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposalGiven {
    tier_limit: String,
    score: Option<String>,
    old: String,
    bills: Vec<(String, String, String)>,
}

fn table() -> Table {
    toml::from_str(include_str!("finance_cases.toml")).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn percent(text: &str) -> Percent {
    text.parse().unwrap()
}

/// `10 due email`, with `hold` at the end where orders are held.
pub fn rules(levels: &[String]) -> DunningRules {
    let level = |text: &String| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [days, from, action, ..] = words[..] else {
            panic!("{text}")
        };
        DunningLevel {
            after_days: days.parse().unwrap(),
            from: match from {
                "due" => DelayFrom::Due,
                "end_of_month" => DelayFrom::EndOfMonth,
                "previous" => DelayFrom::Previous,
                _ => panic!("{text}"),
            },
            action: action.to_owned(),
            fee: Amount::ZERO,
            hold: words.last() == Some(&"hold"),
        }
    };
    DunningRules {
        levels: levels.iter().map(level).collect(),
        ignored_below: None,
    }
}

fn items(rows: &[(String, String)]) -> Vec<OpenItem> {
    let rows = rows.iter().map(|(due, open)| OpenItem {
        due_on: due.parse().ok(),
        open: amount(open),
        document: None,
    });
    rows.collect()
}

#[test]
fn levels_are_reached_on_their_days() {
    for row in table().dunning {
        let rules = DunningRules {
            ignored_below: row.ignored_below.as_deref().map(amount),
            ..rules(&row.levels)
        };
        let items = items(&row.items);
        for (on, level, next_on) in &row.days {
            let found = rules.level_on(&items, row.grace, day(on));
            assert_eq!(found.level, *level, "{}: {on}", row.name);
            let next = found.next_on.map(|day| day.to_string());
            assert_eq!(&next.unwrap_or_default(), next_on, "{}: {on}", row.name);
            let since = found.since.is_some_and(|since| since <= day(on));
            assert_eq!(since, *level > 0, "{}: {on}", row.name);
        }
        let action = row
            .levels
            .last()
            .map(|text| text.split(' ').nth(2).unwrap());
        let last = rules.at(99).map(|level| level.action.as_str());
        assert_eq!((last, rules.at(0)), (action, None), "{}", row.name);
    }
}

#[test]
fn levels_by_hand_come_first() {
    for row in table().by_hand {
        let set = row.set.iter().map(|text| {
            let words: Vec<&str> = text.split(' ').collect();
            DunningByHand {
                level: words[0].parse().unwrap(),
                from: day(words[1]),
                until: words[2].parse().ok(),
            }
        });
        let set: Vec<DunningByHand> = set.collect();
        for (on, level) in row.days {
            let by_hand = by_hand_on(&set, day(&on)).map(|set| set.level);
            assert_eq!(by_hand.unwrap_or(row.computed), level, "{}: {on}", row.name);
            let due: Vec<String> = (1..=row.computed)
                .map(|level| format!("{level} due email"))
                .collect();
            let late = items(&[("2025-01-01".to_owned(), "100".to_owned())]);
            let found = rules(&due).level_by(&set, &late, 0, day(&on));
            assert_eq!(found.level, level, "{}: {on}", row.name);
            let source = match by_hand {
                Some(_) => DunningSource::ByHand,
                None => DunningSource::Computed,
            };
            assert_eq!(found.source, source, "{}: {on}", row.name);
        }
    }
}

#[test]
fn claims_come_out_as_written() {
    for row in table().claim {
        let term = PaymentTerm {
            code: "N0".to_owned(),
            due: Due::Net { days: 0 },
            lines: Vec::new(),
            early_payment: Vec::new(),
            grace_days: row.grace,
            late_interest: percent(&row.interest_pct),
        };
        let found = claim(&items(&row.items), &term, amount(&row.fee), day(&row.on), 2);
        let told = [found.overdue, found.interest, found.fee, found.total];
        let told = told.map(|part| part.normalize().to_string());
        let expect = row.expect;
        let expected = [expect.overdue, expect.interest, expect.fee, expect.total];
        assert_eq!(told, expected, "{}", row.name);
    }
}

fn told(rows: &[(String, String, String)]) -> Vec<Told> {
    let rows = rows.iter().map(|(document, due, open)| {
        let (id, line) = match document.split_once('/') {
            Some((id, line)) => (id, Some(line.to_owned())),
            None => (document.as_str(), None),
        };
        Told {
            document: (!id.is_empty()).then(|| DocumentRef {
                system: "fin".to_owned(),
                kind: "invoice".to_owned(),
                id: id.to_owned(),
                line,
            }),
            due_on: due.parse().ok(),
            open: amount(open),
        }
    });
    rows.collect()
}

fn spelled(of: &Difference) -> String {
    let side = |open: Option<Open>| match (of.kind, open) {
        (_, None) => "-".to_owned(),
        (DriftKind::Due, Some(open)) => open.due_on.unwrap().to_string(),
        (_, Some(open)) => open.amount.to_string(),
    };
    let document = of.document.as_ref().map_or("-", |it| &it.id);
    let kind = of.kind.word();
    format!("{document} {kind} {} {}", side(of.ours), side(of.theirs))
}

#[test]
fn both_sides_are_compared_document_by_document() {
    for row in table().drift {
        let unallocated = row.unallocated.as_deref().map_or(Amount::ZERO, amount);
        let theirs = told(&row.theirs);
        let found = reconcile(&told(&row.ours), unallocated, &theirs);
        let expect = row.expect;
        if let Some(place) = expect.contradiction {
            assert_eq!(found, Err(Contradiction(place)), "{}", row.name);
            continue;
        }
        let found = found.unwrap();
        let sums = [found.ours, found.theirs, found.drift()].map(|sum| sum.to_string());
        assert_eq!(
            sums,
            [expect.ours, expect.theirs, expect.drift],
            "{}",
            row.name
        );
        let differences: Vec<String> = found.differences.iter().map(spelled).collect();
        assert_eq!(differences, expect.differences, "{}", row.name);
        let dates = differences.iter().any(|it| it.contains(" due "));
        assert_eq!(found.drifted(found.drift()), dates, "{}", row.name);
        let any = !differences.is_empty();
        assert_eq!(found.drifted(Amount::ZERO), any, "{}", row.name);
    }
}

fn formula() -> LimitFormula {
    let steps = |steps: [(i64, &str); 2]| {
        let steps = steps.into_iter().map(|(from, factor)| Step {
            from: Decimal::from(from),
            factor: percent(factor),
        });
        steps.collect()
    };
    LimitFormula {
        by_score: steps([(50, "80"), (80, "120")]),
        by_late_days: steps([(5, "90"), (20, "50")]),
        without_score: percent("60"),
        without_bills: percent("100"),
        round_to: amount("500"),
        least: amount("500"),
        most: Some(amount("60000")),
        ignored_change: percent("5"),
        valid_months: Some(12),
        two_people: false,
    }
}

#[test]
fn proposals_come_out_as_written() {
    let today = day("2025-03-01");
    for row in table().proposal {
        let given = row.given;
        let bills = given
            .bills
            .iter()
            .map(|(sum, due, settled)| SettledInvoice {
                invoice: FactId::from_bits(1),
                document: None,
                invoiced_on: day("2020-01-01"),
                due_on: Some(day(due)),
                amount: amount(sum),
                open: Amount::ZERO,
                settled_on: settled.parse().ok(),
                disputed: false,
            });
        let bills: Vec<SettledInvoice> = bills.collect();
        let found = formula().propose(&Grounds {
            tier_limit: amount(&given.tier_limit),
            score: given.score.map(|score| score.parse().unwrap()),
            behaviour: Behaviour::of(&bills, today),
            current: amount(&given.old),
            today,
        });
        let told = found.map(|it| {
            assert_eq!(it.old, amount(&given.old), "{}", row.name);
            let (score, payment) = (it.score_factor, it.payment_factor);
            let ends = it.valid_to.unwrap();
            format!("{} = {score} % × {payment} % until {ends}", it.new)
        });
        assert_eq!(
            told.unwrap_or("none".to_owned()),
            row.expect,
            "{}",
            row.name
        );
    }
}
