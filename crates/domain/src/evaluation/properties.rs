//! What holds for every model and every customer.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows should fail"
)]

use super::scenarios::{banded, blank_fact, draft, recorded};
use super::*;
use crate::fact::{Cost, DocumentRef, DocumentStatus, Fact, FactKind};
use crate::history::{Series, Sums};
use crate::ids::{FactId, ProductId};
use crate::period::Window;
use crate::profile::{Attributes, CustomerKind, Profile};
use crate::scaled::{Amount, Percent, Points};
use crate::settlement::SettledInvoice;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

pub(crate) fn date(offset: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + Days::new(offset)
}

/// The date of evaluation; facts lie up to 500 days before and 100 after it.
pub(super) fn as_of() -> NaiveDate {
    date(500)
}

prop_compose! {
    fn any_fact()(
        kind in prop::sample::select(FactKind::ALL),
        offset in 0_u64..600,
        cents in -20_000_i64..200_000,
        cost in prop::option::weighted(0.9, 0_i64..150_000),
        order in prop::option::of(0_u8..6),
        cancelled in prop::bool::weighted(0.1),
        rating in 10_000_i64..50_000,
        author in prop::option::of(0_u8..3),
        place in (prop::option::of(0_usize..2), prop::option::of(0_usize..3)),
    ) -> Fact {
        Fact {
            channel: place.0.map(|place| ["web", "shop"][place].to_owned()),
            category: place.1.map(|place| ["a", "a/b", "c"][place].parse().unwrap()),
            document: order.map(|order| DocumentRef {
                system: "erp".to_owned(),
                kind: "sales_order".to_owned(),
                id: order.to_string(),
                line: None,
            }),
            status: if cancelled { DocumentStatus::Cancelled } else { DocumentStatus::Open },
            amount: Some(recorded(Amount::from_units(cents))),
            cost: cost.map_or(Cost::Missing, |cost| Cost::Given(Amount::from_units(cost))),
            rating: Some(Amount::from_units(rating)),
            author: author.map(|author| author.to_string()),
            product: order.map(|order| ProductId::from_bits(u128::from(order % 4))),
            severity: author.map(|author| author + 1),
            minutes: author.map(|author| u32::from(author) * 10),
            ..blank_fact(0, kind, date(offset))
        }
    }
}

prop_compose! {
    fn any_invoice()(
        offset in 0_u64..560,
        term in prop::option::weighted(0.9, 0_u64..60),
        settled in prop::option::of(0_u64..120),
        units in 1_i64..1_000_000,
    ) -> SettledInvoice {
        SettledInvoice {
            invoice: FactId::from_bits(0),
            document: None,
            invoiced_on: date(offset),
            due_on: term.map(|term| date(offset + term)),
            amount: Amount::from_units(units),
            open: Amount::ZERO,
            settled_on: settled.map(|days| date(offset + days)),
            disputed: false,
        }
    }
}

fn any_window() -> impl Strategy<Value = Window> {
    prop_oneof![
        Just(Window::All),
        (1_u32..400).prop_map(Window::Days),
        (1_u32..18).prop_map(Window::Months),
        Just(Window::CalendarYear),
        Just(Window::SinceFirstOrder),
        (0_u64..600).prop_map(|day| Window::From(date(day))),
        (0_u64..600).prop_map(|day| Window::Before(date(day))),
    ]
}

fn any_measure() -> impl Strategy<Value = Measure> {
    (0_usize..28, any_window()).prop_map(|(kind, window)| match kind {
        24 => Measure::FadingRating {
            window,
            decay: fading(40),
        },
        25 => Measure::NetContribution {
            window,
            rates: Rates {
                order: Amount::from_units(12_345),
                return_: Amount::from_units(70_000),
                service_minute: Amount::from_units(1),
                ..Rates::default()
            },
        },
        26 => Measure::ShareOfProfit {
            window,
            company: Amount::from_units(1_000_000),
        },
        27 => Measure::Rank {
            of: Box::new(Measure::Revenue { window }),
            cuts: [0, 5, 30].map(Into::into).to_vec(),
            best: Best::Lowest,
        },
        0 => Measure::Revenue { window },
        1 => Measure::OrderCount { window },
        2 => Measure::PurchaseDays { window },
        3 => Measure::RecencyDays,
        4 => Measure::ProfitContribution { window },
        5 => Measure::Margin { window },
        6 => Measure::OnTimeRate {
            window,
            weight: Weight::Count,
        },
        7 => Measure::OnTimeRate {
            window,
            weight: Weight::Amount,
        },
        8 => Measure::AverageDaysLate { window },
        12 => Measure::SettledOnTimeRate {
            window,
            weight: Weight::Amount,
        },
        13 => Measure::BtydRecencyDays,
        14 => Measure::PurchaseIntervalDays,
        15 => Measure::RhythmOverdue,
        16 => Measure::AverageOrderValue { window },
        17 => Measure::ProductBreadth { window },
        18 if window.rolls() => Measure::RevenueTrend { window },
        19 => Measure::WorstDaysLate { window },
        20 => Measure::OverdueAmount,
        21 => Measure::ComplaintSeverity { window },
        22 => Measure::ContactCount { window },
        23 => Measure::ServiceMinutes { window },
        9 => Measure::ComplaintRate { window },
        10 => Measure::ReturnRate { window },
        _ => [Measure::StaffRating { window }, Measure::TenureMonths]
            [usize::from(window == Window::All)]
        .clone(),
    })
}

const fn fading(interval_days: u32) -> Decay {
    Decay {
        interval_days,
        percent: Percent::from_units(300_000),
    }
}

fn any_refinement() -> impl Strategy<Value = Refinement> {
    let filter = prop_oneof![
        3 => Just(Filter::default()),
        1 => Just(Filter {
            channels: ["web".to_owned()].into(),
            ..Filter::default()
        }),
        1 => Just(Filter {
            categories: ["a".parse().unwrap()].into(),
            ..Filter::default()
        }),
    ];
    let weight = prop::option::of((0_i64..3_000_000).prop_map(Percent::from_units));
    let decay = prop::option::of((1_u32..200).prop_map(fading));
    (filter, weight, decay, any::<bool>()).prop_map(|(filter, weight, decay, grouped)| Refinement {
        filter,
        weight,
        decay,
        group: grouped.then(|| "g".to_owned()),
        ..Refinement::default()
    })
}

fn any_vetoes() -> impl Strategy<Value = Vec<Veto>> {
    let veto =
        (any_measure(), -50_i64..150, any::<bool>()).prop_map(|(measure, from, force)| Veto {
            code: "v".to_owned(),
            label: "V".to_owned(),
            when: Condition::Not(Box::new(Condition::Measured {
                measure: Box::new(measure),
                range: Range {
                    from: Some(from.into()),
                    to: None,
                },
            })),
            effect: if force {
                VetoEffect::Force("low".to_owned())
            } else {
                VetoEffect::Cap("general".to_owned())
            },
            reason: None,
        });
    prop::collection::vec(veto, 0..2)
}

/// A model of one to six criteria with bands at any edges.
pub(crate) fn any_model() -> impl Strategy<Value = Model> {
    let edges = prop::collection::btree_set(-50_i64..150, 0..6);
    let criteria = prop::collection::vec((any_measure(), edges, any_refinement()), 1..6);
    (criteria, any_vetoes()).prop_map(|(criteria, vetoes)| {
        let criteria =
            criteria
                .into_iter()
                .enumerate()
                .map(|(number, (measure, edges, mut refinement))| {
                    if !measure.takes_filter() {
                        refinement.filter = Filter::default();
                    }
                    if !measure.reads_facts() {
                        refinement.decay = None;
                    }
                    let edges: Vec<i64> = edges.into_iter().collect();
                    let scores = ["-7.5", "3", "0.0001", "12", "-1", "8", "2"];
                    let scores = &scores[..edges.len() + 1];
                    Criterion {
                        refinement,
                        ..banded(&format!("c{number}"), measure, &edges, scores)
                    }
                });
        let criteria: Vec<Criterion> = criteria.collect();
        let is_grouped = |criterion: &Criterion| criterion.refinement.group.is_some();
        let group = Group {
            code: "g".to_owned(),
            label: "G".to_owned(),
            min: Some("-3".parse().unwrap()),
            max: Some("6.5".parse().unwrap()),
        };
        let groups = criteria.iter().any(is_grouped).then_some(group);
        Model::new(Draft {
            criteria,
            groups: groups.into_iter().collect(),
            vetoes,
            ..draft()
        })
        .unwrap()
    })
}

/// A profile that says nothing.
pub(super) fn nobody() -> Profile {
    Profile {
        kind: CustomerKind::Person,
        since: None,
        attributes: Attributes::new(),
        groups: Vec::new(),
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) profile: Profile,
    pub(crate) facts: Vec<Fact>,
    series: Series,
    pub(crate) invoices: Vec<SettledInvoice>,
}

impl Customer {
    pub(super) fn new(
        since: Option<NaiveDate>,
        facts: Vec<Fact>,
        invoices: Vec<SettledInvoice>,
    ) -> Self {
        Self {
            profile: Profile { since, ..nobody() },
            series: Series::of(&facts),
            facts,
            invoices,
        }
    }

    /// The customer with other facts and invoices.
    fn with(&self, facts: Vec<Fact>, invoices: Vec<SettledInvoice>) -> Self {
        Self::new(self.profile.since, facts, invoices)
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            profile: &self.profile,
            sums: Sums::Facts(&self.facts),
            series: &self.series,
            invoices: &self.invoices,
        }
    }
}

prop_compose! {
    pub(crate) fn any_customer()(
        mut facts in prop::collection::vec(any_fact(), 0..30),
        mut invoices in prop::collection::vec(any_invoice(), 0..12),
        since in prop::option::of(0_u64..600),
    ) -> Customer {
        for (number, fact) in facts.iter_mut().enumerate() {
            fact.id = FactId::from_bits(number as u128);
        }
        for (number, invoice) in invoices.iter_mut().enumerate() {
            invoice.invoice = FactId::from_bits(1_000 + number as u128);
        }
        Customer::new(since.map(date), facts, invoices)
    }
}

proptest! {
    #[test]
    fn points_add_up_to_the_score_and_the_score_lies_in_its_tier_alone(
        model in any_model(), customer in any_customer()
    ) {
        let evaluation = evaluate(&model, &customer.subject(), as_of()).unwrap();
        let points = evaluation.criteria.iter().map(|result| result.points.units());
        prop_assert_eq!(model.initial().units() + points.sum::<i64>(), evaluation.score.units());
        let holds = |index: usize| {
            let above = model.tiers()[index].from.is_none_or(|from| from <= evaluation.score);
            let below = index == 0 || model.tiers()[index - 1].from.is_some_and(|better| evaluation.score < better);
            above && below
        };
        let holding: Vec<usize> = (0..model.tiers().len()).filter(|index| holds(*index)).collect();
        prop_assert_eq!(holding, vec![evaluation.score_tier]);
        let (tier, _) = model.vetoed(evaluation.score_tier, &evaluation.vetoes);
        prop_assert_eq!(tier, evaluation.tier);
        for (group, result) in model.groups().iter().zip(&evaluation.groups) {
            let within = |criterion: &&(&Criterion, &CriterionResult)| criterion.0.refinement.group.is_some();
            let counted: Vec<_> = model.criteria().iter().zip(&evaluation.criteria).collect();
            let counted = counted.iter().filter(within).map(|it| it.1.points.units());
            prop_assert_eq!(counted.sum::<i64>(), result.points.units());
            prop_assert!(group.min.is_some_and(|min| min <= result.points));
            prop_assert!(group.max.is_some_and(|max| result.points <= max));
        }
    }

    #[test]
    fn the_order_of_facts_does_not_matter(
        model in any_model(), customer in any_customer(), turn in 0_usize..30
    ) {
        let before = evaluate(&model, &customer.subject(), as_of());
        let (mut facts, mut invoices) = (customer.facts.clone(), customer.invoices.clone());
        facts.reverse();
        invoices.reverse();
        let turn = turn.min(facts.len());
        facts.rotate_left(turn);
        let other = customer.with(facts, invoices);
        prop_assert_eq!(evaluate(&model, &other.subject(), as_of()), before);
        for criterion in model.criteria() {
            let facts = evidence(criterion, &customer.subject(), &customer.facts, as_of());
            prop_assert_eq!(facts, evidence(criterion, &other.subject(), &other.facts, as_of()));
        }
    }

    #[test]
    fn cancelled_and_later_facts_change_nothing(model in any_model(), customer in any_customer()) {
        let (mut facts, mut invoices) = (customer.facts.clone(), customer.invoices.clone());
        facts.retain(|fact| fact.counts() && fact.occurred_on <= as_of());
        invoices.retain(|invoice| invoice.invoiced_on <= as_of());
        let without = customer.with(facts, invoices);
        let expected = evaluate(&model, &without.subject(), as_of());
        prop_assert_eq!(evaluate(&model, &customer.subject(), as_of()), expected);
    }

    #[test]
    fn a_value_is_taken_from_its_evidence_alone(measure in any_measure(), customer in any_customer()) {
        let criterion = banded("c", measure.clone(), &[], &["0"]);
        let facts = evidence(&criterion, &customer.subject(), &customer.facts, as_of());
        let (mut kept, mut invoices) = (customer.facts.clone(), customer.invoices.clone());
        kept.retain(|fact| facts.contains(&fact.id));
        invoices.retain(|invoice| facts.contains(&invoice.invoice));
        let alone = customer.with(kept, invoices);
        let value = measure.take(&customer.subject(), as_of()).unwrap();
        // That a customer ordered before the window makes a zero out of nothing, without a fact in
        // the window to show it.
        let ordered = |customer: &Customer| {
            let first = customer.series.days_of(FactKind::OrderLine).first();
            first.is_some_and(|day| *day <= as_of())
        };
        if !facts.is_empty() && ordered(&alone) == ordered(&customer) {
            let value_alone = measure.take(&alone.subject(), as_of()).unwrap();
            prop_assert_eq!(value_alone, value);
        }
    }

    #[test]
    fn before_the_next_change_the_points_stay(model in any_model(), customer in any_customer()) {
        let subject = customer.subject();
        let points = |date| -> Vec<Points> {
            let evaluation = evaluate(&model, &subject, date).unwrap();
            evaluation.criteria.iter().map(|result| result.points).collect()
        };
        let now = points(as_of());
        let next = next_change_on(&model, &subject, as_of());
        prop_assert!(next.is_none_or(|next| next > as_of()));
        let horizon = next.unwrap_or(date(1_600));
        for date in as_of().iter_days().skip(1).take_while(|date| *date < horizon) {
            prop_assert_eq!(points(date), now.clone(), "on {}", date);
        }
    }
}
