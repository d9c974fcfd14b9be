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
    if config.database_url.is_none() && !config.data.join("tiercel.db").exists() {
        return Err(Failure::new(format!(
            "{} holds no database",
            config.data.display()
        )));
    }
    open(config).await
}

/// Connects and migrates; makes the embedded database where there is none.
pub async fn open(config: &Config) -> Result<Opened, Failure> {
    let master = files::master_key(config.master_key.as_deref(), &config.data)?;
    if config.database_url.is_none() {
        files::create_directory(&config.data)?;
    }
    let store = Store::open(&config.url(), Clock::System).await?;
    let keys = Keys::load(&store, &master).await?;
    let settings = settings::settle(&store, &wanted(config)?).await?;
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

fn wanted(config: &Config) -> Result<Settings, Failure> {
    let base_currency = config
        .base_currency
        .parse()
        .map_err(|error| Failure::usage(format!("base_currency: {error}")))?;
    if config.zone.parse::<chrono_tz::Tz>().is_err() {
        return Err(Failure::usage(format!(
            "zone: `{}` is not an IANA time zone",
            config.zone
        )));
    }
    let region = &config.default_region;
    if region.len() != 2 || !region.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Failure::usage(format!(
            "default_region: `{region}` is not an ISO 3166-1 code"
        )));
    }
    Ok(Settings {
        base_currency,
        zone: config.zone.clone(),
        default_region: region.clone(),
    })
}
