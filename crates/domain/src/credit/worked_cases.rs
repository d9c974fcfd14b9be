//! Runs `worked_cases.toml`: checks, stages, schedules and early payments.

use super::authorize::{Check, Measure, Question, Remedy, Standing, Verdict, judge};
use super::decide::LimitSource;
use super::early::{PartPayments, settle, to_pay};
use super::finance_cases::rules;
use super::limits::EffectiveLimit;
use super::policy::{
    AuthorizationRules, DataRules, Exception, HoldRules, LimitRule, Scope, TierCredit,
};
use super::schedule::{self, DueRule, LineFault, Portion, TermLine};
use super::terms::{Due, EarlyPayment, PaymentTerm};
use super::{Authorization, Facts, OpenItem, Policy, Stage, State, Told, decide};
use crate::decision::PolicyRef;
use crate::ids::{CustomerId, GroupId};
use crate::scaled::{Amount, Percent};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Table {
    check: Vec<Row<CheckGiven, CheckExpected>>,
    stages: Vec<Stages>,
    schedule: Vec<Row<ScheduleGiven, Vec<String>>>,
    early: Vec<Row<EarlyGiven, EarlyExpected>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<G, E> {
    name: String,
    given: G,
    expect: E,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct CheckGiven {
    limit: String,
    posted: Option<String>,
    pending: Option<String>,
    credit_balance: Option<String>,
    negative: bool,
    group_limit: Option<String>,
    group_posted: Option<String>,
    items: Vec<(String, String)>,
    amount: String,
    increase: Option<String>,
    term: Option<String>,
    shorten: bool,
    group: bool,
    grace: u16,
    overdue_above: Option<String>,
    document_above: Option<String>,
    ignored_up_to: Option<String>,
    veto: bool,
    blocked: bool,
    ended: bool,
    /// Levels of reminders, as in `finance_cases.toml`.
    dunning: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckExpected {
    outcome: String,
    #[serde(default)]
    reasons: Vec<String>,
    #[serde(default)]
    remedies: Vec<String>,
    condition: Option<String>,
}

#[derive(Deserialize)]
struct Stages {
    name: String,
    steps: Vec<(String, String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleGiven {
    amount: String,
    on: String,
    scale: Option<u32>,
    lines: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlyGiven {
    bill: String,
    on: String,
    paid: String,
    #[serde(default)]
    whole_only: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlyExpected {
    discount: String,
    left: String,
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn term(code: &str, days: u16, early: &[(u16, &str)], grace_days: u16) -> PaymentTerm {
    let early = early.iter().map(|(days, percent)| EarlyPayment {
        days: *days,
        percent: percent.parse().unwrap(),
    });
    PaymentTerm {
        code: code.to_owned(),
        due: Due::Net { days },
        lines: Vec::new(),
        early_payment: early.collect(),
        grace_days,
        late_interest: Percent::ZERO,
    }
}

/// All customers are held above 61 days, a group of them above 100.
fn policy(given: &CheckGiven) -> Policy {
    let some = |text: &Option<String>| text.as_deref().map(amount);
    let general = TierCredit {
        term: term("N30", 30, &[], given.grace),
        limit: Amount::ZERO,
        hold: HoldRules {
            overdue_above: some(&given.overdue_above),
            document_above: some(&given.document_above),
            days_ignored_up_to: some(&given.ignored_up_to),
            ..HoldRules::default()
        },
        veto: given.veto,
        hold_out: None,
        dunning: rules(&given.dunning),
    };
    let days = |scope: Scope, days: u16| Exception {
        scope,
        overdue_above: None,
        oldest_overdue_days_above: Some(days),
        document_above: None,
        days_ignored_up_to: None,
    };
    Policy {
        reference: PolicyRef {
            id: "credit".to_owned(),
            version: 1,
        },
        default_tier: "general".to_owned(),
        default_terms: general.clone(),
        tiers: BTreeMap::from([("general".to_owned(), general)]),
        limit_source: LimitRule::Tier,
        authorization: AuthorizationRules {
            allow_negative_exposure: given.negative,
            shorten_term: given.shorten,
            ..AuthorizationRules::default()
        },
        exceptions: vec![
            days(Scope::All, 61),
            days(Scope::Group(GroupId::from_bits(1)), 100),
        ],
        data: DataRules::default(),
        formula: None,
    }
}

fn standing(limit: &str, posted: Option<&str>, given: &CheckGiven) -> Standing {
    Standing {
        open: !given.blocked,
        posted: posted.map_or(Amount::ZERO, amount),
        pending: Amount::ZERO,
        credit_balance: Amount::ZERO,
        limit: Some(EffectiveLimit {
            amount: amount(limit),
            source: LimitSource::Account,
            collateral: Amount::ZERO,
            valid_to: None,
            blocked: given.ended,
        }),
    }
}

fn verdict(given: &CheckGiven) -> Verdict {
    let groups = BTreeSet::from([GroupId::from_bits(u128::from(given.group))]);
    let policy = policy(given);
    let policy = policy.for_customer(CustomerId::from_bits(1), &groups);
    let items: Vec<OpenItem> = given
        .items
        .iter()
        .map(|(due, open)| OpenItem {
            due_on: due.parse().ok(),
            open: amount(open),
            document: None,
        })
        .collect();
    let facts = Facts {
        customer_matched: true,
        tier: Some("general"),
        open_items: Some(&items),
        credit_limit: None,
        dunning: &[],
        today: "2025-03-01".parse().unwrap(),
    };
    let terms = decide(&facts, &policy);
    let asked = given.term.as_deref().map(|code| match code {
        "N60" => term("N60", 60, &[], 0),
        _ => term(code, 20, &[(5, "3")], 0),
    });
    let increase = given.increase.as_deref().unwrap_or(&given.amount);
    let question = Question {
        amount: amount(&given.amount),
        increase: amount(increase),
        term: asked.as_ref(),
    };
    let own = Standing {
        pending: given.pending.as_deref().map_or(Amount::ZERO, amount),
        credit_balance: given.credit_balance.as_deref().map_or(Amount::ZERO, amount),
        ..standing(&given.limit, given.posted.as_deref(), given)
    };
    let group = given.group_limit.as_deref();
    let group = group.map(|limit| standing(limit, given.group_posted.as_deref(), given));
    judge(&question, &terms, &own, group.as_ref(), &policy)
}

fn measure(measure: &Measure) -> String {
    match measure {
        Measure::Amount(amount) => amount.to_string(),
        Measure::Days(days) => days.to_string(),
        Measure::Level(level) => level.to_string(),
        Measure::Percent(percent) => percent.to_string(),
        Measure::Word(word) => word.clone(),
    }
}

fn reason(check: &Check) -> String {
    let code = check.code.reason();
    match (&check.actual, &check.threshold) {
        (Some(actual), Some(threshold)) => {
            format!("{code} {} > {}", measure(actual), measure(threshold))
        }
        _ => code.to_owned(),
    }
}

fn remedy(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Prepay(amount) => format!("prepay {amount}"),
        Remedy::ReduceTo(amount) => format!("reduce_order_to {amount}"),
        Remedy::ShorterTerm(code) => format!("shorter_term {code}"),
    }
}

fn table() -> Table {
    toml::from_str(include_str!("worked_cases.toml")).unwrap()
}

#[test]
fn every_check_comes_out_as_written() {
    for row in table().check {
        let (name, expected) = (row.name, row.expect);
        let found = verdict(&row.given);
        assert_eq!(found.outcome.word(), expected.outcome, "{name}: {found:?}");
        let reasons: Vec<String> = found.reasons().map(reason).collect();
        assert_eq!(reasons, expected.reasons, "{name}");
        let remedies: Vec<String> = found.remedies.iter().map(remedy).collect();
        assert_eq!(remedies, expected.remedies, "{name}");
        let condition = found.condition.as_ref().map(remedy);
        assert_eq!(condition, expected.condition, "{name}");
        let held = found.outcome.reserves();
        assert_eq!(held, found.reasons().next().is_none(), "{name}");
    }
}

fn stage(word: &str) -> Stage {
    Stage::from_word(word).unwrap()
}

/// What a step makes of an authorisation and of what was paid.
fn step(
    before: Option<Authorization>,
    paid: &mut Amount,
    text: &str,
) -> Result<Authorization, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let told = |told: Told| before.map(|it| Authorization { told, ..it }).unwrap();
    let known = before.map(|it| it.told).unwrap_or_default();
    let done = match words.as_slice() {
        ["authorize", sum] => Ok(Authorization::of(amount(sum), Told::default())),
        ["commit", sum, from, to, rest @ ..] => {
            let last = rest == ["final"];
            before
                .unwrap()
                .commit(amount(sum), stage(from), stage(to), last)
        }
        ["adjust", sum] => before.unwrap().adjust(amount(sum)),
        ["release"] => before.unwrap().release(),
        ["expire"] => before.unwrap().expire(),
        ["told", "ordered", sum] => Ok(told(Told {
            ordered: amount(sum),
            ..known
        })),
        ["told", "delivered", sum] => Ok(told(Told {
            delivered: amount(sum),
            ..known
        })),
        ["told", "invoiced", sum] => Ok(told(Told {
            invoiced: amount(sum),
            ..known
        })),
        ["paid", sum] => {
            *paid = amount(sum);
            Ok(before.unwrap())
        }
        _ => panic!("{text}"),
    };
    done.map_err(|refusal| format!("refused: {refusal}"))
}

#[test]
fn every_stage_moves_and_never_adds() {
    for row in table().stages {
        let (mut standing, mut paid) = (None, Amount::ZERO);
        for (text, expected, open) in row.steps {
            match step(standing, &mut paid, &text) {
                Err(refusal) => assert_eq!(refusal, expected, "{}: {text}", row.name),
                Ok(after) => {
                    let held = after.buckets();
                    let told = [
                        held.reserved,
                        held.ordered,
                        held.delivered_unbilled,
                        held.billed,
                    ];
                    let told = told.map(|part| part.to_string()).join(" ");
                    assert_eq!(told, expected, "{}: {text}", row.name);
                    let bills = after.told.invoiced.checked_sub(paid).unwrap();
                    assert_eq!(bills, amount(&open), "{}: {text}", row.name);
                    standing = Some(after);
                }
            }
        }
    }
    let fresh = Authorization::of(amount("1"), Told::default());
    assert_eq!(fresh.state, State::Open);
    let backwards = fresh.commit(amount("1"), Stage::Delivered, Stage::Ordered, false);
    assert!(backwards.is_err());
}

/// `25% rest, +1m day15 +30d end`.
fn line(text: &str) -> TermLine {
    let (portion, due) = text.split_once(", ").unwrap();
    let portion = match portion.split_once("% ") {
        Some((percent, "rest")) => Portion::PercentOfRest(percent.parse().unwrap()),
        Some((percent, _)) => Portion::PercentOfTotal(percent.parse().unwrap()),
        None if portion == "remainder" => Portion::Remainder,
        None => Portion::Fixed(portion.parse().unwrap()),
    };
    let mut rule = DueRule::default();
    for word in due.split_whitespace() {
        let number = |text: &str| text.parse().unwrap();
        if let Some(day) = word.strip_prefix("day") {
            rule.day_of_month = Some(number(day));
        } else if let Some(months) = word.strip_suffix('m') {
            rule.months = number(months);
        } else if let Some(days) = word.strip_suffix('d').filter(|rest| *rest != "en") {
            rule.days = number(days);
        } else {
            rule.end_of_month = true;
        }
    }
    TermLine { portion, due: rule }
}

#[test]
fn every_schedule_comes_out_as_written() {
    for row in table().schedule {
        let given = row.given;
        let lines: Vec<TermLine> = given.lines.iter().map(|text| line(text)).collect();
        assert_eq!(schedule::check(&lines), Ok(()), "{}", row.name);
        let scale = given.scale.unwrap_or(2);
        let whole: Decimal = given.amount.parse().unwrap();
        let on = given.on.parse().unwrap();
        let payments = schedule::schedule(&lines, whole, on, scale).unwrap();
        let told = payments.iter().map(|payment| {
            let mut amount = payment.amount;
            amount.rescale(scale);
            format!("{} {amount}", payment.due_on)
        });
        assert_eq!(told.collect::<Vec<_>>(), row.expect, "{}", row.name);
        let sum: Decimal = payments.iter().map(|payment| payment.amount).sum();
        assert_eq!(sum, whole, "{}", row.name);
    }
}

#[test]
fn terms_that_do_not_add_up_are_refused() {
    // W16: 40 % with a divisor of 2.
    let forty: Percent = "40".parse().unwrap();
    let wrong = schedule::agree(forty, Decimal::from(2));
    assert_eq!(wrong, Err(LineFault::WrongDivisor));
    assert_eq!(schedule::agree(forty, Decimal::new(25, 1)), Ok(()));
    for (lines, place) in [
        (vec!["25% rest, +30d"], 0),
        (vec!["remainder, +1d", "remainder, +2d"], 0),
        (vec!["0% rest, +1d", "remainder, +2d"], 0),
        (vec!["1% rest, +1d", "-4, +1d", "remainder, +2d"], 1),
        (vec!["remainder, day32"], 0),
    ] {
        let lines: Vec<TermLine> = lines.into_iter().map(line).collect();
        assert_eq!(schedule::check(&lines).unwrap_err().0, place, "{lines:?}");
    }
}

#[test]
fn every_early_payment_comes_out_as_written() {
    let term = term("2-10-N30", 30, &[(10, "2")], 0);
    let invoiced_on = "2025-01-01".parse().unwrap();
    for row in table().early {
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        let early = term.discount_on(invoiced_on, row.given.on.parse().unwrap());
        let percent = early.map_or(Percent::ZERO, |early| early.percent);
        let parts = if row.given.whole_only {
            PartPayments::Full
        } else {
            PartPayments::Discounted
        };
        let (bill, paid) = (number(&row.given.bill), number(&row.given.paid));
        let found = settle(bill, paid, percent, parts, 2).unwrap();
        assert_eq!(found.discount, number(&row.expect.discount), "{}", row.name);
        assert_eq!(found.left, number(&row.expect.left), "{}", row.name);
    }
    let two = "2".parse().unwrap();
    let hundred = Decimal::ONE_HUNDRED;
    assert_eq!(to_pay(hundred, two, 2), Some(Decimal::from(98)));
}

#[test]
fn a_confirmed_order_is_looked_at_again_after_its_grace() {
    // W15: grace of 2 days, confirmed on day 1, next check on day 4.
    let rules = AuthorizationRules {
        checkpoint_grace_days: 2,
        ..AuthorizationRules::default()
    };
    let day = |day: u32| NaiveDate::from_ymd_opt(2025, 3, day).unwrap();
    assert_eq!(rules.next_check_on(day(1)), Some(day(4)));
}

#[test]
fn an_override_gives_what_the_limit_lacks_and_all_of_it_where_more_fails() {
    let mut given = CheckGiven {
        limit: "100".to_owned(),
        posted: Some("70".to_owned()),
        amount: "50".to_owned(),
        ..CheckGiven::default()
    };
    let needed = |given: &CheckGiven| verdict(given).override_needed(amount("50"));
    assert_eq!(needed(&given), Some(amount("20")));
    given.document_above = Some("40".to_owned());
    assert_eq!(needed(&given), Some(amount("50")));
    given.veto = true;
    assert_eq!(needed(&given), None);
}
