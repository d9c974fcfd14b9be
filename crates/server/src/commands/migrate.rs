//! `migrate`: brings the schema up to this binary, or prints what that would run.

use crate::config::Config;
use crate::failure::Failure;
use crate::files;
use crate::output;
use tiercel_persistence::{Clock, Store, migrate};

pub async fn run(config: &Config, dry_run: bool) -> Result<(), Failure> {
    let absent = config.database_url.is_none() && !config.data.join("tiercel.db").exists();
    let url = match (absent, dry_run) {
        // A dry run writes nothing, not even an empty file.
        (true, true) => "sqlite::memory:".to_owned(),
        (true, false) => {
            files::create_directory(&config.data)?;
            config.url()
        }
        (false, _) => config.url(),
    };
    let store = Store::connect(&url, Clock::System).await?;
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
