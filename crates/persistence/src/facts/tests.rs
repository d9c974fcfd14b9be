//! Facts and everything derived from them, against an embedded database.

mod revalue;

use super::{FactFilter, Recorded, of_customers, page, record, versions};
use crate::evaluations::{self, ModelInForce};
use crate::refresh::{Basis, RefreshError};
use crate::settings::Settings;
use crate::{Clock, Store, Writing, Written, customers, journal, receivables, rollups, sql};
use chrono::{Days, NaiveDate};
use sea_orm::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use tiercel_domain::currency::Currency;
use tiercel_domain::evaluation::{Band, Criterion, Draft, Measure, Model, Scoring, Tier};
use tiercel_domain::fact::{DocumentRef, DocumentStatus, FactKind};
use tiercel_domain::facts::LARGEST;
use tiercel_domain::ids::{CustomerId, DocumentId, KeyId};
use tiercel_domain::incoming::{CustomerRef, IncomingFact};
use tiercel_domain::period::Window;
use tiercel_domain::rollups::rollup;
use tiercel_domain::scaled::Amount;
use uuid::Uuid;

pub(crate) const TODAY: &str = "2024-06-30";

pub(crate) struct World {
    pub(crate) store: Store,
    settings: Settings,
    pub(crate) model: Model,
    _directory: tempfile::TempDir,
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn customer(number: u128) -> CustomerId {
    CustomerId::from_bits(number)
}

/// High from a revenue of 1,000 on.
fn model() -> Model {
    let band = |from: Option<&str>, to: Option<&str>, points: &str| Band {
        from: from.map(|text| text.parse().unwrap()),
        to: to.map(|text| text.parse().unwrap()),
        points: points.parse().unwrap(),
    };
    let tier = |code: &str, from: Option<&str>| Tier {
        code: code.into(),
        label: code.into(),
        from: from.map(|text| text.parse().unwrap()),
    };
    Model::new(Draft {
        criteria: vec![Criterion {
            code: "revenue".into(),
            label: "Revenue".into(),
            measure: Measure::Revenue {
                window: Window::Months(12),
            },
            scoring: Scoring::Bands(vec![
                band(None, Some("1000"), "1"),
                band(Some("1000"), None, "10"),
            ]),
            missing: "0".parse().unwrap(),
            refinement: Default::default(),
        }],
        initial: "0".parse().unwrap(),
        tiers: vec![tier("high", Some("10")), tier("low", None)],
        default_tier: "low".into(),
        ..Draft::default()
    })
    .unwrap()
}

pub(crate) async fn world(customers: u128) -> World {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/t.db", directory.path().display());
    let store = Store::open(&url, Clock::System).await.unwrap();
    for number in 1..=customers {
        let id = Uuid::from_u128(number);
        let state = "INSERT INTO customer_state (customer_id, version, profile_version, created_at, \
             updated_at) VALUES ($1, 1, 1, 0, 0)";
        sql::run(&store, state, vec![id.into()]).await.unwrap();
        let profile = "INSERT INTO customer_profile (customer_id, version, kind, attributes, \
             write_id, recorded_at) VALUES ($1, 1, 'organisation', '{}', $1, 0)";
        sql::run(&store, profile, vec![id.into()]).await.unwrap();
        let key = "INSERT INTO customer_key (customer_id, secret) VALUES ($1, $2)";
        let secret: Value = vec![7_u8; 32].into();
        sql::run(&store, key, vec![id.into(), secret])
            .await
            .unwrap();
    }
    World {
        store,
        settings: Settings {
            base_currency: Currency::EUR,
            zone: "UTC".into(),
            default_region: "DE".into(),
        },
        model: model(),
        _directory: directory,
    }
}

impl World {
    pub(crate) fn basis(&self) -> Basis<'_> {
        Basis {
            settings: &self.settings,
            today: day(TODAY),
            model: Some(ModelInForce {
                model: &self.model,
                id: DocumentId::from_bits(1),
                version: 1,
                since: day("2001-01-01"),
                special: &[],
            }),
        }
    }

    pub(crate) async fn record(
        &self,
        facts: &[IncomingFact],
    ) -> Result<Vec<Recorded>, RefreshError> {
        let writing = Writing {
            principal: "test",
            action: "facts.recorded",
            retry: None,
        };
        let basis = self.basis();
        let change =
            async |tx: &crate::Tx| Ok::<_, RefreshError>((record(tx, facts, &basis).await?, None));
        match self.store.write(&writing, change).await? {
            Written::Fresh { value, .. } => Ok(value),
            other => panic!("{other:?}"),
        }
    }

    async fn number(&self) -> i64 {
        let seal = crate::keys::SealKey {
            id: KeyId::from_bits(1),
            secret: vec![1; 32],
        };
        journal::sequence(&self.store, &seal).await.unwrap();
        journal::head(&self.store).await.unwrap().position
    }

    async fn tier(&self, id: CustomerId) -> Option<String> {
        let states = customers::state(&self.store, &BTreeSet::from([id])).await;
        states.unwrap().remove(&id).unwrap().tier
    }
}

pub(crate) fn order(id: &str, of: u128, amount: &str, on: &str) -> IncomingFact {
    IncomingFact {
        source: "erp".into(),
        external_id: id.into(),
        customer: CustomerRef::Id(customer(of)),
        kind: FactKind::OrderLine,
        occurred_on: day(on),
        document: None,
        follows: None,
        status: DocumentStatus::Open,
        sku: None,
        category: None,
        quantity: None,
        amount: Some(amount.parse().unwrap()),
        currency: None,
        cost: None,
        due_on: None,
        rating: None,
        severity: None,
        minutes: None,
        channel: None,
        author: None,
        note: None,
    }
}

fn version(recorded: &Recorded) -> (&'static str, i64) {
    match recorded {
        Recorded::Created { version, .. } => ("created", *version),
        Recorded::Updated { version, .. } => ("updated", *version),
        Recorded::Unchanged { version, .. } => ("unchanged", *version),
        Recorded::Rejected(_) => ("rejected", 0),
    }
}

#[tokio::test]
async fn a_fact_is_created_repeated_corrected_and_remembered() {
    let world = world(2).await;
    let first = order("1", 1, "1500", "2024-05-01");
    let done = world.record(&[first.clone(), first.clone()]).await.unwrap();
    let done: Vec<_> = done.iter().map(version).collect();
    assert_eq!(done, [("created", 1), ("unchanged", 1)]);
    assert_eq!(world.tier(customer(1)).await.as_deref(), Some("high"));
    let before = world.number().await;

    let noted = IncomingFact {
        note: Some("call back".into()),
        ..order("1", 2, "900", "2024-05-01")
    };
    let again = [
        first.clone(),
        noted.clone(),
        noted.clone(),
        first.clone(),
        noted,
    ];
    let done = world.record(&again).await.unwrap();
    let done: Vec<_> = done.iter().map(version).collect();
    let expected = [
        ("unchanged", 1),
        ("updated", 2),
        ("unchanged", 2),
        ("updated", 3),
        ("updated", 4),
    ];
    assert_eq!(done, expected);
    assert_eq!(world.tier(customer(1)).await.as_deref(), Some("low"));

    let both = BTreeSet::from([customer(1), customer(2)]);
    world.number().await;
    let now = of_customers(&world.store, &both, None).await.unwrap();
    assert_eq!(now.keys().copied().collect::<Vec<_>>(), [customer(2)]);
    let then = of_customers(&world.store, &both, Some(before))
        .await
        .unwrap();
    assert_eq!(then.keys().copied().collect::<Vec<_>>(), [customer(1)]);
    let all = page(&world.store, &FactFilter::default(), None, 10)
        .await
        .unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].note.as_deref(), Some("call back"));
    let history = versions(&world.store, all[0].fact.id, 0, 10).await.unwrap();
    assert_eq!(history.len(), 4);
}

#[tokio::test]
async fn what_cannot_be_understood_is_rejected_with_every_reason() {
    let world = world(1).await;
    let wrong = IncomingFact {
        customer: CustomerRef::Id(customer(9)),
        sku: Some("none".into()),
        currency: Some(Currency::USD),
        amount: None,
        cost: Some(Amount::from_units(1)),
        ..order("1", 1, "1", "2024-05-01")
    };
    let done = world
        .record(&[wrong, order("2", 1, "5", "2024-05-01")])
        .await
        .unwrap();
    let Recorded::Rejected(faults) = &done[0] else {
        panic!("{done:?}");
    };
    let codes: Vec<_> = faults
        .iter()
        .map(|fault| (fault.field, fault.code))
        .collect();
    let expected = [
        ("amount", "required"),
        ("customer", "unknown_customer"),
        ("sku", "unknown_sku"),
        ("cost", "no_rate"),
    ];
    assert_eq!(codes, expected);
    assert_eq!(version(&done[1]), ("created", 1));
}

#[tokio::test]
async fn sums_that_cannot_be_kept_are_refused_whole() {
    let world = world(1).await;
    let most = LARGEST.to_string();
    let facts: Vec<IncomingFact> = (0..93)
        .map(|id| order(&id.to_string(), 1, &most, TODAY))
        .collect();
    let refused = world.record(&facts).await;
    assert!(matches!(refused, Err(RefreshError::TooLarge(id)) if id == customer(1)));
    let all = page(&world.store, &FactFilter::default(), None, 10)
        .await
        .unwrap();
    assert!(all.is_empty());
}

#[tokio::test]
async fn fifty_concurrent_facts_end_like_a_full_evaluation() {
    let world = Arc::new(world(1).await);
    let writers = (0..50).map(|number| {
        let world = Arc::clone(&world);
        async move {
            let fact = order(&number.to_string(), 1, "20", "2024-05-01");
            world.record(&[fact]).await.unwrap()
        }
    });
    futures_util::future::join_all(writers).await;
    assert_eq!(world.tier(customer(1)).await.as_deref(), Some("high"));
    let state = customers::state(&world.store, &BTreeSet::from([customer(1)])).await;
    let live = state.unwrap()[&customer(1)].score;
    let basis = world.basis();
    let done = evaluations::run_all(&world.store, "test", &basis, day(TODAY), |_, _| {});
    assert_eq!(done.await.unwrap(), 1);
    let state = customers::state(&world.store, &BTreeSet::from([customer(1)])).await;
    assert_eq!(state.unwrap()[&customer(1)].score, live);
}

#[tokio::test]
async fn a_run_as_of_another_day_stands_until_facts_change() {
    let world = world(2).await;
    world
        .record(&[order("1", 1, "5000", "2017-06-01")])
        .await
        .unwrap();
    assert_eq!(world.tier(customer(1)).await.as_deref(), Some("low"));
    let basis = world.basis();
    let run = evaluations::run_all(&world.store, "test", &basis, day("2017-12-31"), |_, _| {});
    assert_eq!(run.await.unwrap(), 2);
    assert_eq!(world.tier(customer(1)).await.as_deref(), Some("high"));
    let later = Basis {
        today: day("2030-01-01"),
        ..basis
    };
    assert!(
        evaluations::advance(&world.store, &later, None)
            .await
            .unwrap()
            .is_none()
    );
    let filter = evaluations::EvaluationFilter {
        customer: Some(customer(1)),
        ..Default::default()
    };
    let history = evaluations::page(&world.store, &filter, None, 10)
        .await
        .unwrap();
    let tiers: Vec<_> = history.iter().map(|row| row.tier.as_str()).collect();
    assert_eq!(tiers, ["high", "low"]);
    world
        .record(&[order("2", 1, "1", "2024-06-01")])
        .await
        .unwrap();
    assert_eq!(world.tier(customer(1)).await.as_deref(), Some("low"));
}

/// A fixed sequence of numbers that looks random.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }

    pub(crate) fn fact(&mut self) -> IncomingFact {
        use FactKind::{CreditNote, Invoice, OrderLine, Payment, Return};
        let kinds = [OrderLine, Invoice, Payment, CreditNote, Return];
        let kind = kinds[usize::try_from(self.roll(5)).unwrap()];
        let document = |id: u64| DocumentRef {
            system: "erp".into(),
            kind: "invoice".into(),
            id: id.to_string(),
            line: None,
        };
        let statuses = DocumentStatus::ALL;
        let on = day("2024-03-15") + Days::new(self.roll(150));
        IncomingFact {
            kind,
            external_id: self.roll(40).to_string(),
            customer: CustomerRef::Id(customer(u128::from(self.roll(4)) + 1)),
            occurred_on: on,
            document: (kind == Invoice).then(|| document(self.roll(12))),
            follows: (kind == Payment && self.roll(2) == 0).then(|| document(self.roll(12))),
            status: statuses[usize::try_from(self.roll(statuses.len() as u64)).unwrap()],
            category: [None, "a".parse().ok(), "a/b".parse().ok()]
                [usize::try_from(self.roll(3)).unwrap()]
            .clone(),
            amount: Some(Amount::from_units(
                i64::try_from(self.roll(5_000_000)).unwrap(),
            )),
            due_on: (kind == Invoice).then(|| on + Days::new(30)),
            ..order("", 1, "1", TODAY)
        }
    }
}

#[tokio::test]
async fn projections_equal_a_recomputation_after_random_corrections() {
    let world = world(4).await;
    let ids: BTreeSet<CustomerId> = (1..=4).map(customer).collect();
    let mut dice = Dice(20_240_630);
    for _ in 0..30 {
        let count = dice.roll(12) + 1;
        let batch: Vec<_> = (0..count).map(|_| dice.fact()).collect();
        world.record(&batch).await.unwrap();
        let facts = of_customers(&world.store, &ids, None).await.unwrap();
        let all: Vec<_> = facts.values().flatten().cloned().collect();
        let kept = rollups::of_customers(&world.store, &ids).await.unwrap();
        assert_eq!(kept, rollup(&all).unwrap());
        let kept = receivables::of_customers(&world.store, &ids).await.unwrap();
        for id in &ids {
            let facts = facts.get(id).map_or(&[][..], Vec::as_slice);
            let fresh = receivables::Receivables::of(*id, facts, day(TODAY)).unwrap();
            match kept.get(id) {
                Some(kept) => assert_eq!(*kept, fresh),
                None => assert!(fresh.open_items.is_empty() && fresh.invoice_count == 0),
            }
        }
    }
}
