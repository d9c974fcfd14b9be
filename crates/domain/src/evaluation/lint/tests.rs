//! What is found is there, and what is not found is not.

use super::*;
use crate::evaluation::properties::{any_customer, any_model, date};
use crate::evaluation::scenarios::{banded, draft};
use crate::evaluation::{Draft, Group, Measure, Tier, evaluate};
use crate::period::Window;
use proptest::prelude::*;

fn found(draft: Draft) -> Vec<(Vec<crate::path::Step>, &'static str)> {
    let model = Model::new(draft).unwrap();
    let told = oddities(&model).into_iter();
    told.map(|it| (it.path.steps().to_vec(), it.code)).collect()
}

fn codes(draft: Draft) -> Vec<&'static str> {
    found(draft).into_iter().map(|(_, code)| code).collect()
}

#[test]
fn a_model_that_makes_sense_has_no_oddities() {
    assert_eq!(codes(draft()), Vec::<&str>::new());
}

#[test]
fn a_tier_between_two_scores_is_unreachable() {
    let tier = |code: &str, from: Option<&str>| Tier {
        code: code.to_owned(),
        label: code.to_owned(),
        from: from.map(|text| text.parse().unwrap()),
    };
    let window = Window::All;
    let criteria = vec![banded(
        "c",
        Measure::OrderCount { window },
        &[3],
        &["0", "10"],
    )];
    let tiers = vec![
        tier("high", Some("20")),
        tier("between", Some("16")),
        tier("general", Some("11")),
        tier("low", None),
    ];
    let odd = Draft {
        criteria,
        tiers,
        ..draft()
    };
    // Scores are 10, 15 (missing) and 20.
    assert_eq!(codes(odd.clone()), ["unreachable_tier"]);
    let capped = Draft {
        groups: vec![Group {
            code: "g".to_owned(),
            label: "G".to_owned(),
            min: None,
            max: Some("4".parse().unwrap()),
        }],
        ..odd
    };
    let mut capped = capped;
    capped.criteria[0].refinement.group = Some("g".to_owned());
    assert_eq!(codes(capped), ["unreachable_tier", "unreachable_tier"]);
}

#[test]
fn bands_outside_the_measure_and_double_counting_are_told() {
    let window = Window::All;
    let rate = Measure::ReturnRate { window };
    let mut draft = draft();
    draft
        .criteria
        .push(banded("r", rate.clone(), &[0, 101], &["1", "9", "2"]));
    draft.criteria.push(banded("s", rate, &[50], &["1", "2"]));
    let codes = codes(draft);
    assert_eq!(
        codes,
        [
            "band_cannot_occur",
            "band_cannot_occur",
            "missing_is_best",
            "counted_twice"
        ]
    );
}

#[test]
fn a_criterion_that_always_gives_the_same_changes_no_tier() {
    let mut draft = draft();
    let flat = banded("flat", Measure::RecencyDays, &[10], &["5", "5"]);
    draft.criteria.push(flat);
    assert_eq!(codes(draft), ["changes_no_tier"]);
}

proptest! {
    #[test]
    fn whoever_is_evaluated_is_in_a_tier_that_is_reachable(
        model in any_model(), customer in any_customer(), day in 0_u64..600
    ) {
        let evaluation = evaluate(&model, &customer.subject(), date(day)).unwrap();
        let path = Path::root().field("tiers").index(evaluation.tier);
        let claimed = oddities(&model).into_iter().any(|odd| odd.path == path);
        prop_assert!(!claimed);
    }
}
