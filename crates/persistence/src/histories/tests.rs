//! What is evaluated from kept histories is what every fact says, against an embedded database.

use super::{LAYOUT, pack};
use crate::entity::customer_history;
use crate::evaluations::{self, EvaluationFilter};
use crate::facts::of_customers;
use crate::facts::tests::{Dice, TODAY, World, customer, day, world};
use crate::{customers, sql};
use chrono::NaiveDate;
use sea_orm::EntityTrait;
use std::collections::BTreeSet;
use tiercel_domain::evaluation::{
    self as decision, Band, Criterion, Draft, Measure, Model, Scoring, Subject, Tier, Weight,
};
use tiercel_domain::fact::{DocumentRef, FactKind};
use tiercel_domain::history::{History, Series, Sums};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::IncomingFact;
use tiercel_domain::period::Window;
use tiercel_domain::receivables::allocate;
use tiercel_domain::scaled::{Amount, Points};
use uuid::Uuid;

/// A month's middle, ends of months and years, a leap day.
const DAYS: [&str; 5] = [
    "2024-02-29",
    "2024-04-17",
    "2024-05-31",
    "2024-06-01",
    TODAY,
];

/// Every measure in windows of its own, in bands narrow enough to tell most values apart.
fn model() -> Model {
    let (days, weight) = (Window::Days(45), Weight::Amount);
    let months = Window::Months(2);
    let measures = [
        Measure::Revenue { window: months },
        Measure::Revenue { window: days },
        Measure::OrderCount { window: days },
        Measure::PurchaseDays { window: months },
        Measure::RecencyDays,
        Measure::ProfitContribution { window: days },
        Measure::Margin { window: months },
        Measure::OnTimeRate {
            window: months,
            weight,
        },
        Measure::SettledOnTimeRate {
            window: days,
            weight,
        },
        Measure::AverageDaysLate {
            window: Window::All,
        },
        Measure::ComplaintRate { window: days },
        Measure::ReturnRate { window: months },
        Measure::StaffRating { window: days },
        Measure::TenureMonths,
        Measure::RhythmOverdue,
        Measure::AverageOrderValue { window: days },
        Measure::RevenueTrend { window: days },
        Measure::WorstDaysLate { window: months },
        Measure::OverdueAmount,
        Measure::ComplaintSeverity { window: days },
        Measure::ServiceMinutes { window: days },
    ];
    let edges = [
        -50, 1, 2, 3, 5, 10, 20, 40, 60, 100, 150, 250, 400, 700, 1_000, 1_500,
    ];
    let bands = |scale: i64| {
        let bound = |place: usize| edges.get(place).map(|edge| (edge * scale).into());
        let bands = (0..=edges.len()).map(|place| Band {
            from: place.checked_sub(1).and_then(bound),
            to: bound(place),
            points: Points::from_units(i64::try_from(place).unwrap() * 10_000),
        });
        Scoring::Bands(bands.collect())
    };
    let criteria = measures
        .into_iter()
        .enumerate()
        .map(|(number, measure)| Criterion {
            code: format!("c{number}"),
            label: format!("c{number}"),
            scoring: bands(1),
            measure,
            missing: Points::from_units(-10_000),
            refinement: Default::default(),
        });
    let tier = |code: &str, from: Option<&str>| Tier {
        code: code.into(),
        label: code.into(),
        from: from.map(|text| text.parse().unwrap()),
    };
    Model::new(Draft {
        criteria: criteria.collect(),
        initial: Points::ZERO,
        tiers: vec![tier("high", Some("60")), tier("low", None)],
        default_tier: "low".into(),
        ..Draft::default()
    })
    .unwrap()
}

fn any_fact(dice: &mut Dice) -> IncomingFact {
    let fact = dice.fact();
    let kind = match dice.roll(9) {
        8 => FactKind::Contact,
        0 => FactKind::Complaint,
        1 => FactKind::StaffRating,
        2 => FactKind::Expense,
        3 | 4 => FactKind::OrderLine,
        _ => fact.kind,
    };
    let order = DocumentRef {
        system: "erp".into(),
        kind: "order".into(),
        id: dice.roll(20).to_string(),
        line: Some(dice.roll(3).to_string()),
    };
    let is_order = kind == FactKind::OrderLine;
    let units = |sides| Amount::from_units(i64::try_from(sides).unwrap());
    IncomingFact {
        due_on: fact.due_on.filter(|_| kind == FactKind::Invoice),
        document: if is_order { Some(order) } else { fact.document },
        cost: (is_order && dice.roll(30) > 0).then(|| units(dice.roll(3_000_000))),
        rating: (kind == FactKind::StaffRating).then(|| units(dice.roll(50_000))),
        severity: (kind == FactKind::Complaint).then(|| u8::try_from(dice.roll(5)).unwrap() + 1),
        minutes: (kind == FactKind::Contact).then(|| u32::try_from(dice.roll(90)).unwrap()),
        author: (dice.roll(2) == 0).then(|| dice.roll(3).to_string()),
        kind,
        ..fact
    }
}

async fn run(world: &World, as_of: NaiveDate) {
    let basis = world.basis();
    let done = evaluations::run_all(&world.store, "test", &basis, as_of, |_, _| {});
    assert_eq!(done.await.unwrap(), 4);
}

fn everyone() -> BTreeSet<CustomerId> {
    (1..=4).map(customer).collect()
}

/// The current evaluations are those that the facts, read one by one, give on the day.
async fn assert_by_facts(world: &World, as_of: NaiveDate) {
    let states = customers::state(&world.store, &everyone()).await.unwrap();
    let profiles = customers::profiles(&world.store, &everyone(), None)
        .await
        .unwrap();
    let mut facts = of_customers(&world.store, &everyone(), None).await.unwrap();
    for id in everyone() {
        let facts = facts.remove(&id).unwrap_or_default();
        let ledger = allocate(&facts, as_of).unwrap();
        let subject = Subject {
            profile: &profiles[&id],
            sums: Sums::Facts(&facts),
            series: &Series::of(&facts),
            invoices: &ledger.invoices,
        };
        let expected = decision::evaluate(&world.model, &subject, as_of).unwrap();
        let filter = EvaluationFilter {
            customer: Some(id),
            ..Default::default()
        };
        let made = evaluations::page(&world.store, &filter, None, 1)
            .await
            .unwrap();
        let points: Vec<Points> = made[0].points.iter().map(|one| one.1).collect();
        let given: Vec<Points> = expected.criteria.iter().map(|one| one.points).collect();
        assert_eq!((points, made[0].score), (given, expected.score), "{as_of}");
        if as_of == day(TODAY) {
            let next = decision::next_change_on(&world.model, &subject, as_of);
            assert_eq!(states[&id].next_change_on, next);
        }
    }
}

async fn rows(world: &World) -> Vec<customer_history::Model> {
    let mut rows = customer_history::Entity::find()
        .all(&world.store.db)
        .await
        .unwrap();
    rows.sort_by_key(|row| row.customer_id);
    rows
}

/// The rows are those that a recomputation would write, and read back as what they are.
async fn assert_rows(world: &World) {
    let facts = of_customers(&world.store, &everyone(), None).await.unwrap();
    let expected = facts.iter().map(|(id, facts)| {
        let history = History::of(facts).unwrap();
        let content = pack::text(&history).unwrap();
        assert_eq!(pack::history(&content).unwrap(), history);
        customer_history::Model {
            customer_id: Uuid::from_u128(id.bits()),
            layout: LAYOUT,
            content,
        }
    });
    let standing =
        |row: &customer_history::Model| pack::history(&row.content).unwrap() != History::default();
    let expected: Vec<_> = expected.filter(standing).collect();
    assert_eq!(rows(world).await, expected);
}

async fn random_world() -> World {
    let mut world = world(4).await;
    world.model = model();
    world
}

#[tokio::test]
async fn evaluations_by_rows_are_those_by_facts_after_random_corrections() {
    let world = random_world().await;
    let mut dice = Dice(2_024);
    for round in 0..20 {
        let count = dice.roll(16) + 1;
        let batch: Vec<_> = (0..count).map(|_| any_fact(&mut dice)).collect();
        world.record(&batch).await.unwrap();
        assert_rows(&world).await;
        let as_of = day(DAYS[round % DAYS.len()]);
        run(&world, as_of).await;
        assert_by_facts(&world, as_of).await;
    }
}

#[tokio::test]
async fn time_alone_moves_customers_on_without_their_facts() {
    let world = random_world().await;
    let mut dice = Dice(7);
    let batch: Vec<_> = (0..60).map(|_| any_fact(&mut dice)).collect();
    world.record(&batch).await.unwrap();
    for later in ["2024-07-15", "2024-08-31", "2024-10-01"] {
        let basis = crate::refresh::Basis {
            today: day(later),
            ..world.basis()
        };
        evaluations::advance(&world.store, &basis, None)
            .await
            .unwrap();
        let facts = of_customers(&world.store, &everyone(), None).await.unwrap();
        let kept = crate::receivables::of_customers(&world.store, &everyone())
            .await
            .unwrap();
        let states = customers::state(&world.store, &everyone()).await.unwrap();
        let profiles = customers::profiles(&world.store, &everyone(), None)
            .await
            .unwrap();
        for (id, facts) in &facts {
            let fresh = crate::receivables::Receivables::of(*id, facts, day(later)).unwrap();
            let open = kept.get(id).map(|kept| kept.open_items.as_slice());
            assert_eq!(open.unwrap_or_default(), fresh.open_items);
            let ledger = allocate(facts, day(later)).unwrap();
            let subject = Subject {
                profile: &profiles[id],
                sums: Sums::Facts(facts),
                series: &Series::of(facts),
                invoices: &ledger.invoices,
            };
            let expected = decision::evaluate(&world.model, &subject, day(later)).unwrap();
            assert_eq!(states[id].score, Some(expected.score), "{later}");
        }
    }
}

#[tokio::test]
async fn rows_of_an_older_layout_are_made_anew() {
    let world = random_world().await;
    let mut dice = Dice(11);
    let batch: Vec<_> = (0..60).map(|_| any_fact(&mut dice)).collect();
    world.record(&batch).await.unwrap();
    let before = rows(&world).await;
    let old = "UPDATE customer_history SET layout = 0, content = ''";
    sql::run(&world.store, old, Vec::new()).await.unwrap();
    run(&world, day("2024-04-17")).await;
    assert_eq!(rows(&world).await, before);
    assert_by_facts(&world, day("2024-04-17")).await;
}

#[test]
fn a_text_that_no_history_has_is_refused() {
    let nothing = "[[],[],[],[],[],[],[],[]]";
    assert_eq!(pack::history(nothing).unwrap(), History::default());
    for text in [
        "",
        "[]",
        "[[],[[738000,[[99,1]]]],[],[],[],[],[],[]]",
        "[[],[],[[\"dance\",[1]]],[],[],[],[],[]]",
        "[[],[],[[\"invoice\",[2147483647,1]]],[],[],[],[],[]]",
        "[[],[],[],[],[],[],[[\"fct_1\",1,null,1]],[]]",
        "[[],[],[],[],[],[],[],[[\"fct_00000000000000000000000001\",false,1,null,false,1,[0,0,0,null],null]]]",
    ] {
        assert!(pack::history(text).is_err(), "{text}");
    }
}
