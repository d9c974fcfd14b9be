//! Facts whose rates and costs are corrected again and again end like facts recorded last.

use super::{Dice, World, customer, day, order, world};
use crate::facts::{FactFilter, of_customers, page, revalue};
use crate::refresh::RefreshError;
use crate::revaluations::{self, News};
use crate::{Tx, Writing, Written, products, rates, receivables, rollups};
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::Cost;
use tiercel_domain::facts::LARGEST;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::{IncomingFact, IncomingProduct};
use tiercel_domain::rollups::rollup;
use tiercel_domain::scaled::{Amount, Quantity, Rate, UnitPrice};

const CUSTOMERS: u128 = 4;

/// Something that changes what facts are worth.
#[derive(Clone)]
enum Correction {
    Rate(NaiveDate, Rate),
    Cost(&'static str, NaiveDate, UnitPrice, Currency),
}

impl World {
    async fn writing<T>(&self, change: impl AsyncFn(&Tx) -> Result<T, RefreshError>) -> T {
        let writing = Writing {
            principal: "test",
            action: "test",
            retry: None,
        };
        let change = async |tx: &Tx| Ok::<_, RefreshError>((change(tx).await?, None));
        match self.store.write(&writing, change).await.unwrap() {
            Written::Fresh { value, .. } => value,
            _ => panic!("no retry key"),
        }
    }

    /// Records a correction and does the work of its job; returns whether there was one.
    async fn correct(&self, correction: &Correction) -> bool {
        let (write, job) = self
            .writing(async |tx| {
                match correction {
                    Correction::Rate(from, rate) => {
                        rates::save(tx, Currency::USD, *from, *rate).await?;
                    }
                    Correction::Cost(sku, from, cost, currency) => {
                        let product = IncomingProduct {
                            cost: Some((*from, *cost)),
                            currency: Some(*currency),
                            ..known(sku)
                        };
                        products::upsert(tx, Currency::EUR, &[product]).await?;
                    }
                }
                Ok((tx.write_id(), tx.revaluation().await?))
            })
            .await;
        let touched = revaluations::customers(&self.store, write).await.unwrap();
        assert_eq!(job.is_some(), !touched.is_empty());
        let news = News::of(&self.store, write).await.unwrap();
        let nobody = BTreeSet::new();
        for corrected in [true, false] {
            let work = async |tx: &Tx| revalue(tx, &touched, &news, &nobody, &self.basis()).await;
            let done = self.writing(work).await;
            assert_eq!(done.refused, 0);
            assert!(
                corrected || done.corrected == 0,
                "a second time changes nothing"
            );
        }
        job.is_some()
    }

    async fn values(&self) -> BTreeMap<String, (Option<Amount>, Cost)> {
        let everything = FactFilter::default();
        let all = page(&self.store, &everything, None, 1_000).await.unwrap();
        all.into_iter()
            .map(|it| (it.external_id, (it.fact.base_amount(), it.fact.cost)))
            .collect()
    }

    async fn assert_projections(&self) {
        let ids: BTreeSet<CustomerId> = (1..=CUSTOMERS).map(customer).collect();
        let facts = of_customers(&self.store, &ids, None).await.unwrap();
        let all: Vec<_> = facts.values().flatten().cloned().collect();
        let kept = rollups::of_customers(&self.store, &ids).await.unwrap();
        assert_eq!(kept, rollup(&all).unwrap());
        let kept = receivables::of_customers(&self.store, &ids).await.unwrap();
        for (id, kept) in kept {
            let facts = facts.get(&id).map_or(&[][..], Vec::as_slice);
            let fresh = receivables::Receivables::of(id, facts, day(super::TODAY)).unwrap();
            assert_eq!(kept, fresh);
        }
    }
}

fn known(sku: &str) -> IncomingProduct {
    IncomingProduct {
        sku: sku.to_owned(),
        name: Default::default(),
        category: Default::default(),
        list_price: Default::default(),
        margin_class: None,
        currency: None,
        cost: None,
    }
}

impl Dice {
    fn day(&mut self) -> NaiveDate {
        day("2024-03-01") + Days::new(self.roll(150))
    }

    fn up_to(&mut self, most: u64) -> i64 {
        i64::try_from(self.roll(most)).unwrap() + 1
    }

    fn correction(&mut self) -> Correction {
        if self.roll(2) == 0 {
            return Correction::Rate(self.day(), Rate::from_units(self.up_to(200_000_000)));
        }
        let sku = ["A", "B"][usize::from(self.roll(2) == 0)];
        let currency = [Currency::EUR, Currency::USD][usize::from(self.roll(2) == 0)];
        let cost = UnitPrice::from_units(self.up_to(50_000_000));
        Correction::Cost(sku, self.day(), cost, currency)
    }

    fn priced(&mut self) -> IncomingFact {
        let currency = [None, Some(Currency::USD)][usize::from(self.roll(2) == 0)];
        let sku = [None, Some("A"), Some("B")][usize::try_from(self.roll(3)).unwrap()];
        let cost = (self.roll(4) == 0).then(|| Amount::from_units(self.up_to(1_000_000)));
        IncomingFact {
            currency,
            sku: sku.map(str::to_owned),
            quantity: Some(Quantity::from_units(self.up_to(5_000_000))),
            cost,
            note: (self.roll(3) == 0).then(|| "noted".to_owned()),
            ..self.fact()
        }
    }
}

/// A world with two products and a rate from long ago.
async fn prepared() -> World {
    let world = world(CUSTOMERS).await;
    let first = Correction::Rate(day("2020-01-01"), Rate::from_units(90_000_000));
    assert!(!world.correct(&first).await);
    let both = [known("A"), known("B")];
    let listed = async |tx: &Tx| Ok(products::upsert(tx, Currency::EUR, &both).await?);
    world.writing(listed).await;
    world
}

#[tokio::test]
async fn corrections_in_any_order_end_like_a_fresh_load() {
    let moved = prepared().await;
    let mut dice = Dice(20_260_101);
    let (mut corrections, mut latest, mut jobs) = (Vec::new(), BTreeMap::new(), 0);
    for _ in 0..25 {
        let batch: Vec<_> = (0..=dice.roll(10)).map(|_| dice.priced()).collect();
        let done = moved.record(&batch).await.unwrap();
        for (fact, done) in batch.into_iter().zip(done) {
            // What a kind of fact may not have is refused; the rest counts.
            if !matches!(done, crate::facts::Recorded::Rejected(_)) {
                latest.insert(fact.external_id.clone(), fact);
            }
        }
        let correction = dice.correction();
        jobs += usize::from(moved.correct(&correction).await);
        corrections.push(correction);
        moved.assert_projections().await;
    }
    assert!(jobs > 10 && latest.len() > 15, "{jobs} {}", latest.len());
    let fresh = prepared().await;
    for correction in &corrections {
        assert!(!fresh.correct(correction).await, "no fact, no job");
    }
    let facts: Vec<IncomingFact> = latest.into_values().collect();
    fresh.record(&facts).await.unwrap();
    assert_eq!(moved.values().await, fresh.values().await);
    moved.assert_projections().await;
}

#[tokio::test]
async fn a_customer_whose_sums_do_not_fit_keeps_its_facts() {
    let world = prepared().await;
    let foreign = |id: &str, of| IncomingFact {
        amount: Some(LARGEST),
        currency: Some(Currency::USD),
        ..order(id, of, "1", "2024-05-01")
    };
    world
        .record(&[foreign("1", 1), foreign("2", 1), foreign("3", 2)])
        .await
        .unwrap();
    let before = world.values().await;
    let news = world
        .writing(async |tx| {
            let rate = Rate::from_units(6_000_000_000);
            rates::save(tx, Currency::USD, day("2020-01-01"), rate).await?;
            Ok(tx.write_id())
        })
        .await;
    let news = News::of(&world.store, news).await.unwrap();
    let both: BTreeSet<CustomerId> = [1, 2].map(customer).into();
    let (basis, writing) = (world.basis(), crate::test_store::writing());
    let without = async |left_out: BTreeSet<CustomerId>| {
        let work = async |tx: &Tx| {
            let done = revalue(tx, &both, &news, &left_out, &basis).await?;
            Ok::<_, RefreshError>((done, None))
        };
        world.store.write(&writing, work).await
    };
    let refused = without(BTreeSet::new()).await;
    assert!(matches!(refused, Err(RefreshError::TooLarge(id)) if id == customer(1)));
    assert_eq!(world.values().await, before);
    let Written::Fresh { value, .. } = without(BTreeSet::from([customer(1)])).await.unwrap() else {
        panic!("no retry key");
    };
    assert_eq!((value.corrected, value.refused), (1, 2));
    let after = world.values().await;
    assert_eq!((after["1"], after["2"]), (before["1"], before["2"]));
    assert_ne!(after["3"], before["3"]);
}
