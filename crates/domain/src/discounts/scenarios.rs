//! Runs `scenarios.toml` and `worked_cases.toml`: a quote of one line or more, one policy, and what
//! is expected of them.

mod rows;

use super::waterfall::Adjustment;
use super::{Decision, Facts, PricedLine, Question, decide};
use rows::{Expect, Scenario, Table, document_approved, groups, policy, question};
use rust_decimal::Decimal;

fn step_texts(line: &PricedLine) -> Vec<String> {
    let name = |step: &Adjustment| {
        let rule = step.cause.rule.clone();
        rule.unwrap_or_else(|| step.cause.kind.word().to_owned())
    };
    let steps = line.adjustments.iter();
    steps
        .map(|step| format!("{} {}", name(step), step.amount.normalize()))
        .collect()
}

fn plain(step: &str) -> String {
    let (name, amount) = step.split_once(' ').unwrap();
    let amount: Decimal = amount.parse().unwrap();
    format!("{name} {}", amount.normalize())
}

fn check_price(line: &PricedLine, expect: &Expect, name: &str) {
    let decimal = |text: &String| text.parse::<Decimal>().unwrap();
    if let Some(text) = &expect.net_unit {
        assert_eq!(line.net_unit_price, decimal(text), "{name}: net_unit");
    }
    if let Some(text) = &expect.net {
        assert_eq!(&line.net_amount.to_text(), text, "{name}: net");
    }
    if let Some(text) = &expect.discount {
        assert_eq!(&line.discount_amount.to_text(), text, "{name}: discount");
    }
    if let Some(text) = &expect.percent {
        assert_eq!(
            &line.effective_discount_pct.to_string(),
            text,
            "{name}: percent"
        );
    }
    if let Some(text) = &expect.unit_floor {
        assert_eq!(
            line.floor.unwrap().unit_floor,
            decimal(text),
            "{name}: floor"
        );
    }
    if let Some(binding) = expect.binding {
        assert_eq!(line.floor.unwrap().binding, binding, "{name}: binding");
    }
    if let Some(capped) = expect.capped {
        assert_eq!(line.caps[0].binding, capped, "{name}: capped");
    }
    if let Some(caps) = &expect.caps {
        let bound = line.caps.iter().filter(|cap| cap.binding);
        let bound: Vec<String> = bound
            .map(|cap| {
                format!(
                    "{} {}",
                    cap.scope.word(),
                    cap.name.as_deref().unwrap_or("-")
                )
            })
            .collect();
        assert_eq!(&bound, caps, "{name}: caps");
    }
}

fn check_trace(line: &PricedLine, expect: &Expect, name: &str) {
    if let Some(steps) = &expect.steps {
        let steps: Vec<String> = steps.iter().map(|step| plain(step)).collect();
        assert_eq!(step_texts(line), steps, "{name}: steps");
    }
    if let Some(values) = &expect.values {
        let told = line.adjustments.iter().filter_map(|step| step.cause.value);
        let told: Vec<String> = told.map(|value| value.to_string()).collect();
        assert_eq!(&told, values, "{name}: values");
    }
    if let Some(near) = &expect.near {
        let told = line.not_applied.iter();
        let told: Vec<String> = told
            .map(|near| format!("{} {}", near.rule, near.miss.reason.word()))
            .collect();
        assert_eq!(&told, near, "{name}: near misses");
    }
    if let Some(needs) = &expect.needs {
        let miss = &line.not_applied[0].miss;
        let delta = miss
            .delta
            .map(|delta| delta.to_string())
            .unwrap_or_default();
        assert_eq!(
            [&miss.needed, &miss.actual, &delta],
            needs.each_ref(),
            "{name}: needs"
        );
    }
    let approval: Vec<&str> = line
        .approval
        .reasons
        .iter()
        .map(|reason| reason.code.word())
        .collect();
    assert_eq!(approval, expect.approval, "{name}: approval");
    let granted = line.approval.granted.is_some();
    assert_eq!(granted, expect.granted, "{name}: granted");
    let level = expect.level.clone();
    assert!(
        level.is_none() || line.approval.level == level,
        "{name}: {line:?}"
    );
}

fn check_document(decision: &Decision, expect: &Expect, name: &str) {
    let priced = || {
        decision
            .lines
            .iter()
            .map(|line| line.outcome.as_ref().unwrap())
    };
    if let Some(nets) = &expect.nets {
        let told: Vec<Decimal> = priced().map(|line| line.net_unit_price).collect();
        let nets: Vec<Decimal> = nets.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(told, nets, "{name}: nets");
    }
    if let Some(amounts) = &expect.amounts {
        let told: Vec<String> = priced().map(|line| line.net_amount.to_text()).collect();
        assert_eq!(&told, amounts, "{name}: amounts");
    }
    if let Some(total) = &expect.total {
        assert_eq!(&decision.totals.net.to_text(), total, "{name}: total");
    }
    if let Some(shares) = &expect.shares {
        let texts = |line: &PricedLine| {
            let shares = line.document_shares.iter().map(|share| share.to_text());
            shares.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            &priced().map(texts).collect::<Vec<_>>(),
            shares,
            "{name}: shares"
        );
    }
    let document = &decision.document;
    if let Some(unplaced) = &expect.unplaced {
        let told = document.adjustments.iter();
        let told: Vec<Decimal> = told.map(|it| it.unplaced).collect();
        let unplaced: Vec<Decimal> = unplaced.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(told, unplaced, "{name}: unplaced");
    }
    if let Some(reasons) = &expect.document_approval {
        let told: Vec<&str> = document
            .approval
            .reasons
            .iter()
            .map(|it| it.code.word())
            .collect();
        assert_eq!(&told, reasons, "{name}: document approval");
    }
    if let Some(granted) = expect.document_granted {
        let told = document.approval.granted.is_some();
        assert_eq!(told, granted, "{name}: document granted");
    }
    let error = document.error.map(|error| error.code());
    assert_eq!(
        error,
        expect.document_error.as_deref(),
        "{name}: document error"
    );
}

fn check(mut scenario: Scenario) {
    let given = scenario.given.clone();
    let lines = scenario.lines.take().unwrap_or(vec![given.clone()]);
    let question = Question {
        approved: document_approved(&scenario),
        ..question(&given, &lines)
    };
    let facts = Facts {
        customer_matched: true,
        tier: Some(given.tier.unwrap_or("high".to_owned())),
        segments: given.segments,
        channel: Some("field".to_owned()),
        ..Facts::default()
    };
    let groups = groups(scenario.groups.take(), std::mem::take(&mut scenario.rules));
    let mut decision = decide(&question, &facts, &policy(&scenario, groups));
    let (expect, name) = (&scenario.expect, &scenario.name);
    if expect.error.is_none() {
        check_document(&decision, expect, name);
    }
    match decision.lines.remove(0).outcome {
        Ok(line) => {
            assert_eq!(scenario.expect.error, None, "{name}");
            check_price(&line, expect, name);
            check_trace(&line, expect, name);
        }
        Err(error) => assert_eq!(Some(error.code()), expect.error.as_deref(), "{name}"),
    }
}

#[test]
fn every_scenario_comes_out_as_written() {
    for text in [
        include_str!("scenarios.toml"),
        include_str!("worked_cases.toml"),
    ] {
        let table: Table = toml::from_str(text).unwrap();
        table.scenario.into_iter().for_each(check);
    }
}
