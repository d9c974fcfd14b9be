//! Opens the database of a command: schema, settings, keys, the default documents.

use crate::config::Config;
use crate::failure::Failure;
use crate::files;
use std::sync::Arc;
use tiercel_http::tenant::{AccessRules, Hosted};
use tiercel_persistence::keys::Keys;
use tiercel_persistence::settings::{self, Settings};
use tiercel_persistence::{Clock, Store};

/// A migrated database with its keys and settings.
pub struct Opened {
    pub store: Arc<Store>,
    pub keys: Keys,
    pub settings: Settings,
}

/// The same for a command that makes no sense without data: nothing is made.
pub async fn open_existing(config: &Config) -> Result<Opened, Failure> {
    if !is_there(config) {
        return Err(Failure::new(format!(
            "{} holds no database",
            config.data.display()
        )));
    }
    open(config).await
}

/// Whether there is something to open without making it.
fn is_there(config: &Config) -> bool {
    config.database_url.is_some() || config.data.join("tiercel.db").exists()
}

/// What a trial reads: the database at hand or, where it was not made yet, an empty one in memory.
pub async fn for_trial(config: &Config) -> Result<(Arc<Store>, Settings), Failure> {
    if is_there(config) {
        let opened = open(config).await?;
        return Ok((opened.store, opened.settings));
    }
    let store = Store::in_memory(Clock::System).await?;
    let settings = settings::settle(&store, &config.settings()?).await?;
    Ok((Arc::new(store), settings))
}

/// Connects and migrates; makes the embedded database where there is none.
pub async fn open(config: &Config) -> Result<Opened, Failure> {
    let master = files::master_key(config.master_key.as_deref(), &config.data)?;
    if config.database_url.is_none() {
        files::create_directory(&config.data)?;
    }
    let store = Store::open(&config.url(), Clock::System).await?;
    let keys = Keys::load(&store, &master).await?;
    let settings = settings::settle(&store, &config.settings()?).await?;
    tiercel_http::seed_defaults(&store).await?;
    Ok(Opened {
        store: Arc::new(store),
        keys,
        settings,
    })
}

impl Opened {
    /// The tenant with its projections in memory.
    pub async fn host(self, access: AccessRules) -> Result<Hosted, Failure> {
        Ok(Hosted::open(self.store, self.keys, self.settings, access).await?)
    }
}
