//! Files of the data directory: readable by their owner alone, written whole or not at all.

use crate::failure::Failure;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use tiercel_persistence::keys::MasterKey;
use tiercel_persistence::{crypto, mint};

/// Makes the data directory, for its owner alone: it holds names and keys.
pub fn create_directory(data: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|error| Failure::new(format!("{}: {error}", data.display())))
}

/// The master key: from the configuration, else from `master.key` in the data directory, which is
/// made on first use.
pub fn master_key(configured: Option<&str>, data: &Path) -> Result<MasterKey, Failure> {
    if let Some(text) = configured {
        return configured_key(text);
    }
    let path = data.join("master.key");
    if !path.exists() {
        create_directory(data)?;
        let fresh = crypto::hex(&mint::secret::<32>()?);
        // Another process may make it at the same time: the first one wins, both use it.
        create_private(&path, fresh.as_bytes())?;
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    parse(text.trim()).ok_or_else(|| Failure::new(format!("{}: damaged key", path.display())))
}

/// The same where none is made: for commands that only look.
pub fn existing_master_key(configured: Option<&str>, data: &Path) -> Result<MasterKey, Failure> {
    let path = data.join("master.key");
    if configured.is_none() && !path.exists() {
        let detail = format!("{}: there is no master key", path.display());
        return Err(Failure::new(detail));
    }
    master_key(configured, data)
}

/// The master key as the configuration spells it.
pub fn configured_key(text: &str) -> Result<MasterKey, Failure> {
    parse(text).ok_or_else(|| Failure::usage("master_key: 64 hex digits are needed"))
}

fn parse(text: &str) -> Option<MasterKey> {
    let mut key = [0_u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(MasterKey::new(key))
}

/// Writes a file with mode 0600 that did not exist; true where this call made it.
pub fn create_private(path: &Path, content: &[u8]) -> Result<bool, Failure> {
    let named = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let draft = path.with_extension(format!("draft-{}", crypto::hex(&mint::secret::<6>()?)));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(named)?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .map_err(named)?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft).map_err(named)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(named(error)),
    }
}
