//! A campaign of crashes and races, and what must hold after every cycle of it.
//!
//! | scene      | `scene.rs`: instances, callers, and what was acknowledged so far    |
//! | actors     | `writers.rs`, `credit.rs`, `importer.rs`, `readers.rs`              |
//! | faults     | `faults.rs`: killed, terminated, stopped, cut off from the database |
//! | invariants | `holds.rs`: what the database must say                              |
//!
//! All choices come from the seed; how the requests meet the faults is up to the machine.

mod credit;
mod faults;
mod holds;
mod importer;
mod readers;
mod scene;
mod writers;

use crate::failure::Outcome;
use crate::ground;
use crate::output;
use crate::place::Place;
use clap::Args;
use faults::Fault;
use futures_util::future::try_join_all;
use scene::Scene;
use std::collections::BTreeMap;
use std::pin::Pin;

/// How long and how hard.
#[derive(Debug, Clone, Args)]
pub struct Campaign {
    /// Faults, one after the other
    #[arg(long, default_value_t = 50)]
    pub cycles: u64,
    /// Makes the same choices again
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Milliseconds of work before and after a fault: at least
    #[arg(long, default_value_t = 150)]
    pub shortest: u64,
    /// … and at most
    #[arg(long, default_value_t = 1500)]
    pub longest: u64,
    /// Rows of the file that is imported in each cycle
    #[arg(long, default_value_t = 2500)]
    pub rows: u64,
}

/// An actor or a fault, until it has ended.
type Play<'a> = Pin<Box<dyn Future<Output = Outcome<()>> + 'a>>;

/// Runs all cycles; fails at the first invariant that does not hold.
pub async fn run(place: &Place, campaign: &Campaign) -> Outcome<()> {
    ground::refuse_strangers(place).await?;
    let seed = campaign.seed;
    output::line(format!(
        "{} cycles on {}, seed {seed}",
        campaign.cycles,
        place.engine()
    ));
    let mut scene = Scene::open(place, campaign).await?;
    let mut faults: BTreeMap<&str, u64> = BTreeMap::new();
    for cycle in 1..=campaign.cycles {
        let fault = Fault::of_cycle(&scene, cycle);
        *faults.entry(fault.name()).or_default() += 1;
        let mut servers = std::mem::take(&mut scene.servers);
        scene.stop.set(false);
        {
            let scene = &scene;
            let plays: Vec<Play<'_>> = vec![
                Box::pin(fault.strike(scene, &mut servers)),
                Box::pin(writers::customers(scene, cycle)),
                Box::pin(writers::facts(scene, cycle, 0)),
                Box::pin(writers::facts(scene, cycle, 1)),
                Box::pin(writers::limits(scene, cycle)),
                Box::pin(credit::authorize_and_commit(scene, cycle, 0)),
                Box::pin(credit::authorize_and_commit(scene, cycle, 1)),
                Box::pin(importer::import(scene, cycle)),
                Box::pin(readers::read(scene, cycle)),
                Box::pin(readers::follow(scene, cycle)),
            ];
            let done = try_join_all(plays).await;
            done.map_err(|failure| scene.failed(cycle, &failure.to_string()))?;
        }
        scene.servers = servers;
        let broken = holds::broken(&scene).await?;
        if !broken.is_empty() {
            return Err(scene.failed(cycle, &broken.join("\n  ")));
        }
    }
    let faults: Vec<String> = faults
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    output::line(format!("faults: {}", faults.join(", ")));
    output::line(scene.summary());
    output::line("every invariant held after every cycle");
    Ok(())
}
