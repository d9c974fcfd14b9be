//! What works beside the answering of requests, and ends before the program does.

use crate::commands::keys;
use crate::config::Config;
use crate::failure::Failure;
use actix_web::rt::{self, task::JoinHandle};
use actix_web::web;
use tiercel_http::tenant::Hosted;
use tiercel_http::{flows, follow, uses};
use tiercel_persistence::journal;

/// Tasks that work for ever.
#[derive(Default)]
pub struct Background {
    tasks: Vec<JoinHandle<()>>,
}

impl Background {
    pub fn start(hosted: &web::Data<Hosted>, config: &Config) -> Result<Self, Failure> {
        let mut all = Self::default();
        all.start_book(hosted);
        all.start_jobs(hosted);
        all.start_schedule(hosted, config)?;
        all.start_access(hosted, config.signing_key_days);
        Ok(all)
    }

    /// Ends all of them where they wait. What one has begun to write is taken back while there is
    /// still somebody who can do that; jobs go on with another instance, or with the next start.
    pub async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks {
            // Cancelled, which is what was asked for.
            let _ = task.await;
        }
    }

    fn run(&mut self, task: impl Future<Output = ()> + 'static) {
        self.tasks.push(rt::spawn(task));
    }

    /// What keeps the journal numbered and the book up to date.
    fn start_book(&mut self, hosted: &web::Data<Hosted>) {
        let follower = hosted.clone();
        self.run(async move { follow::run(&follower).await });
        let sequencer = hosted.clone();
        self.run(async move {
            journal::run_sequencer(&sequencer.store, &sequencer.keys.sealing).await;
        });
        let forgetter = hosted.clone();
        self.run(async move { flows::retries::work(&forgetter).await });
        let creditor = hosted.clone();
        self.run(async move { flows::credit::upkeep::work(&creditor).await });
        let reminder = hosted.clone();
        self.run(async move { flows::credit::dunning::work(&reminder).await });
    }

    /// What takes jobs.
    fn start_jobs(&mut self, hosted: &web::Data<Hosted>) {
        let importer = hosted.clone();
        self.run(async move { flows::imports::jobs::work(&importer).await });
        let revaluer = hosted.clone();
        self.run(async move { flows::revaluations::work(&revaluer).await });
        let evaluator = hosted.clone();
        self.run(async move { flows::evaluations::work(&evaluator).await });
        let simulator = hosted.clone();
        self.run(async move { flows::simulations::work(&simulator).await });
        let simulator = hosted.clone();
        self.run(async move { flows::policy_simulations::work(&simulator).await });
        let freezer = hosted.clone();
        self.run(async move { flows::freezing::job::work(&freezer).await });
        let proposer = hosted.clone();
        self.run(async move { flows::credit::portfolio::work(&proposer).await });
    }

    /// What evaluates everyone at the times that the configuration names.
    fn start_schedule(
        &mut self,
        hosted: &web::Data<Hosted>,
        config: &Config,
    ) -> Result<(), Failure> {
        let Some(schedule) = config.schedule()? else {
            return Ok(());
        };
        let (hosted, days) = (hosted.clone(), config.downgrade_warning_days);
        self.run(async move { flows::schedule::work(&hosted, &schedule, days).await });
        Ok(())
    }

    /// What keeps credentials current: issuers' keys, our own keys' age, when clients were last
    /// seen.
    fn start_access(&mut self, hosted: &web::Data<Hosted>, signing_key_days: u32) {
        let issuers = hosted.clone();
        self.run(async move { issuers.verifier.issuers.run(|| issuers.now()).await });
        let keys = hosted.clone();
        self.run(async move { keys::rotate_by_age(&keys, signing_key_days).await });
        let uses = hosted.clone();
        self.run(async move { uses::run(&uses).await });
    }
}
