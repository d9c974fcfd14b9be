//! `backup` and `restore`: a copy of the embedded database, made while it is written to and proved
//! before it takes the place of another.

use crate::config::Config;
use crate::failure::Failure;
use crate::files;
use crate::output;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tiercel_persistence::crypto::{self, Sha256};
use tiercel_persistence::keys::{self, Keys};
use tiercel_persistence::{Clock, Store, backup, journal, migrate, mint};

const ELSEWHERE: &str =
    "PostgreSQL is backed up with pg_dump and restored with pg_restore: see docs/operators.md";

/// Writes the state of this moment to a new file, or to a file named after the moment in a
/// directory. The master key is not in it.
pub async fn write(config: &Config, target: &Path, json: bool) -> Result<(), Failure> {
    let live = embedded(config)?;
    if !live.exists() {
        let detail = format!("{} holds no database", config.data.display());
        return Err(Failure::new(detail));
    }
    let store = Store::connect(&config.url(), Clock::System).await?;
    let file = if target.is_dir() {
        let moment = store.clock().now().format("%Y%m%dT%H%M%SZ");
        target.join(format!("tiercel-{moment}.db"))
    } else {
        target.to_owned()
    };
    let draft = Draft::beside(&file)?;
    backup::write(&store, draft.path()).await?;
    store.close().await?;
    let (bytes, hash) = draft.publish(&file)?;
    if json {
        let line = serde_json::json!({"file": file, "bytes": bytes, "sha256": hash});
        output::line(line.to_string());
    } else {
        output::line(format!("{}  {bytes} bytes  sha256 {hash}", file.display()));
    }
    output::note("keep master.key too, and apart from this file: together they open everything");
    Ok(())
}

/// How a copy takes the place of what is there.
#[derive(Debug, Clone, Copy)]
pub struct Restoring {
    /// Put an existing database aside.
    pub replace: bool,
    /// Walk the whole journal before.
    pub verify: bool,
}

/// Puts a copy in place. It is proved first; what was there is put aside, not deleted.
pub async fn restore(config: &Config, source: &Path, how: Restoring) -> Result<(), Failure> {
    let live = embedded(config)?;
    if live.exists() && !how.replace {
        let detail = format!("{} exists: put it aside with --replace", live.display());
        return Err(Failure::new(detail));
    }
    files::create_directory(&config.data)?;
    let draft = Draft::beside(&live)?;
    draft.fill_from(source)?;
    let entries = prove(config, source, &draft, how.verify).await?;
    if live.exists() {
        refuse_in_use(config).await?;
    }
    let aside = put_aside(&live)?;
    draft.publish(&live)?;
    if let Some(aside) = aside {
        output::note(format!("what was there is now {}", aside.display()));
    }
    let proved = entries.map_or_else(String::new, |entries| {
        format!(", and its journal of {entries} entries holds")
    });
    output::line(format!(
        "{} is whole{proved}; it is now {}",
        source.display(),
        live.display()
    ));
    Ok(())
}

fn embedded(config: &Config) -> Result<PathBuf, Failure> {
    match config.database_url {
        None => Ok(config.data.join("tiercel.db")),
        Some(_) => Err(Failure::usage(ELSEWHERE)),
    }
}

/// Whether the copy is whole and ours; with `verify`, how many entries its journal has.
async fn prove(
    config: &Config,
    source: &Path,
    draft: &Draft,
    verify: bool,
) -> Result<Option<i64>, Failure> {
    let named = |why: String| Failure::new(format!("{}: {why}", source.display()));
    let url = format!("sqlite://{}?mode=rw", draft.path().display());
    let store = Store::connect_alone(&url, Clock::System).await;
    let store = store.map_err(|error| named(error.to_string()))?;
    let damage = backup::damage(&store).await;
    let damage = damage.map_err(|error| named(error.to_string()))?;
    if !damage.is_empty() {
        return Err(named(format!("damaged: {}", damage.join("; "))));
    }
    if !migrate::is_begun(&store).await? {
        return Err(named("holds no database of this program".to_owned()));
    }
    migrate::pending(&store).await?;
    let entries = if verify {
        Some(
            walk(config, &store)
                .await
                .map_err(|error| named(error.to_string()))?,
        )
    } else {
        None
    };
    if !backup::fold(&store).await? {
        return Err(named("cannot be closed".to_owned()));
    }
    store.close().await?;
    Ok(entries)
}

/// Walks the journal of the copy, on the schema of this binary.
async fn walk(config: &Config, store: &Store) -> Result<i64, Failure> {
    let master = files::existing_master_key(config.master_key.as_deref(), &config.data)?;
    migrate::apply(store).await?;
    if keys::opened(store, &master).await?.0 == 0 {
        return Err(Failure::new("the master key opens none of its keys"));
    }
    let keys = Keys::load(store, &master).await?;
    while journal::sequence(store, &keys.sealing).await? > 0 {}
    let verdict = journal::verify(store, &keys, None).await?;
    if verdict.faults.is_empty() {
        return Ok(verdict.entries);
    }
    let faults = verdict.faults.join("; ");
    Err(Failure::new(format!("the journal does not hold: {faults}")))
}

/// A server would go on writing to a file that has been moved.
async fn refuse_in_use(config: &Config) -> Result<(), Failure> {
    // One that is too damaged to be opened is used by nobody.
    let Ok(store) = Store::connect_alone(&config.url(), Clock::System).await else {
        return Ok(());
    };
    let free = backup::fold(&store).await;
    store.close().await?;
    match free {
        Ok(false) => Err(Failure::new(
            "the database is in use: stop the server first",
        )),
        Ok(true) | Err(_) => Ok(()),
    }
}

/// Renames the database; a log without its database, as a crash may leave it, goes with it: beside
/// another database it would be taken for that one's.
fn put_aside(live: &Path) -> Result<Option<PathBuf>, Failure> {
    let suffix = format!("replaced-{}", crypto::hex(&mint::secret::<6>()?));
    let mut aside = None;
    for part in ["", "-wal", "-shm"] {
        let from = with_suffix(live, part);
        if from.exists() {
            let to = with_suffix(live, &format!(".{suffix}{part}"));
            fs::rename(&from, &to).map_err(|error| named(&from, &error))?;
            aside = aside.or(Some(to));
        }
    }
    Ok(aside)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn named(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

/// A file that only its owner reads, gone unless it is published.
struct Draft(PathBuf);

impl Draft {
    fn beside(target: &Path) -> Result<Self, Failure> {
        let suffix = format!(".draft-{}", crypto::hex(&mint::secret::<6>()?));
        let draft = Self(with_suffix(target, &suffix));
        let mut options = OpenOptions::new();
        let made = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft.0);
        made.map_err(|error| named(&draft.0, &error))?;
        Ok(draft)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn fill_from(&self, source: &Path) -> Result<(), Failure> {
        let mut from = File::open(source).map_err(|error| named(source, &error))?;
        let mut to = OpenOptions::new().write(true).open(&self.0)?;
        std::io::copy(&mut from, &mut to).map_err(|error| named(source, &error))?;
        Ok(to.sync_all()?)
    }

    /// Puts it in place, whole and for good, where nothing is yet.
    fn publish(self, target: &Path) -> Result<(u64, String), Failure> {
        let mut file = File::open(&self.0)?;
        file.sync_all()?;
        let (mut digest, mut bytes, mut piece) = (Sha256::default(), 0_u64, vec![0; 1024 * 1024]);
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            digest.update(&piece[..read]);
            bytes = bytes.saturating_add(read as u64);
        }
        fs::hard_link(&self.0, target).map_err(|error| named(target, &error))?;
        let parent = target
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok((bytes, digest.finish()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for part in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(with_suffix(&self.0, part));
        }
    }
}
