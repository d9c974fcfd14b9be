//! `audit verify` and `audit head`: is the journal what was written?

use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use std::path::Path;
use tiercel_persistence::journal::{self, Head};

/// Walks the whole chain; fails where anything was edited, removed, reordered or cut off.
pub async fn verify(opened: &Opened, head: Option<&Path>, json: bool) -> Result<(), Failure> {
    // What was just written may still wait for its number.
    while journal::sequence(&opened.store, &opened.keys.sealing).await? > 0 {}
    let exported = head.map(read_head).transpose()?;
    let verdict = journal::verify(&opened.store, &opened.keys, exported.as_ref()).await?;
    if json {
        let line = serde_json::json!({
            "entries": verdict.entries,
            "unnumbered": verdict.unnumbered,
            "faults": verdict.faults,
        });
        output::line(line.to_string());
    } else {
        output::line(format!(
            "{} entries, {} not numbered yet",
            verdict.entries, verdict.unnumbered
        ));
    }
    if verdict.faults.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the journal does not hold:\n  {}",
        verdict.faults.join("\n  ")
    )))
}

/// Prints the sealed head, to be kept where the database's administrator cannot change it.
pub async fn print_head(opened: &Opened) -> Result<(), Failure> {
    while journal::sequence(&opened.store, &opened.keys.sealing).await? > 0 {}
    let head = journal::head(&*opened.store).await?;
    let line = serde_json::json!({
        "position": head.position,
        "chain_hash": head.chain_hash,
        "key": head.key.map(|key| key.to_string()),
        "seal": head.seal,
    });
    output::line(line.to_string());
    Ok(())
}

fn read_head(path: &Path) -> Result<Head, Failure> {
    let named = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| named(error.to_string()))?;
    let text_of = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let position = value["position"]
        .as_i64()
        .ok_or_else(|| named("no `position`".into()))?;
    Ok(Head {
        position,
        chain_hash: text_of("chain_hash"),
        key: text_of("key").parse().ok(),
        seal: text_of("seal"),
    })
}
