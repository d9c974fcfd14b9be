//! Those who read: what was acknowledged is there, and the feed of events has no gap.

use super::scene::{DEBTORS, SYSTEM, Scene};
use crate::failure::{Failure, Outcome};

/// Reads acknowledged facts and asks for decisions.
pub async fn read(scene: &Scene, cycle: u64) -> Outcome<()> {
    let mut client = scene.client(cycle, 4);
    while !scene.stop.get() {
        let known = {
            let told = scene.told.borrow();
            let place = client.draws.below(told.facts.len() as u64) as usize;
            told.facts.values().nth(place).cloned()
        };
        if let Some(fact) = known {
            let path = format!("/v1/facts/{}", fact.id);
            let found = client
                .get(&path)
                .await?
                .expect(&[200], "acknowledged fact")?;
            let version = found.json()["version"].as_i64().unwrap_or_default();
            if version < fact.version {
                let was = fact.version;
                return Err(Failure::new(format!(
                    "{path}: version {version} after {was}"
                )));
            }
        }
        let (customer, _) = DEBTORS[client.draws.below(DEBTORS.len() as u64) as usize];
        let path = format!("/v1/customers/by-external/{SYSTEM}/{customer}/credit-terms");
        let terms = client.get(&path).await?.expect(&[200], "credit terms")?;
        if terms.json()["customer_matched"] != true {
            return Err(Failure::new(format!("{customer} is not in the book")));
        }
        client.breathe().await;
    }
    Ok(())
}

/// Reads the feed from a place on: every position once, in order.
pub async fn follow(scene: &Scene, cycle: u64) -> Outcome<()> {
    let mut client = scene.client(cycle, 5);
    let head = client.get("/v1/audit/head").await?.json();
    let mut last = head["position"].as_i64().unwrap_or_default();
    while !scene.stop.get() {
        let path = format!("/v1/events?limit=200&after={last}");
        let part = client.get(&path).await?.expect(&[200], "events")?.json();
        for event in part["items"].as_array().into_iter().flatten() {
            if event["position"] != last + 1 {
                let found = &event["position"];
                return Err(Failure::new(format!("position {found} follows {last}")));
            }
            last += 1;
        }
        client.breathe().await;
    }
    Ok(())
}
