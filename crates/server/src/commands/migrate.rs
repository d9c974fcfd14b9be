//! `migrate`: brings the schema up to this binary, or prints what that would run.

use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use tiercel_persistence::{Clock, Store, migrate};

pub async fn run(config: &Config, dry_run: bool) -> Result<(), Failure> {
    if config.database_url.is_none() {
        std::fs::create_dir_all(&config.data)?;
    }
    let store = Store::connect(&config.url(), Clock::System).await?;
    let pending = migrate::pending(&store).await?;
    if !dry_run {
        migrate::apply(&store).await?;
    }
    for (name, statements) in &pending {
        if dry_run {
            output::line(format!("-- {name}"));
            for statement in statements {
                output::line(format!("{statement};"));
            }
        } else {
            output::note(format!("applied {name}"));
        }
    }
    if pending.is_empty() {
        output::note("the schema is up to date");
    }
    Ok(())
}
