//! Erases a customer: every personal word goes, facts and sums stay.

use crate::error::DbError;
use crate::refused::Refused;
use crate::sql;
use crate::store::{Store, sealed::Sealed};
use crate::write::{Change, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Value};
use std::collections::BTreeSet;
use tiercel_domain::ids::CustomerId;
use uuid::Uuid;

/// Tables that hold nothing but personal data, by customer.
const PERSONAL: [&str; 7] = [
    "customer_personal",
    "contact_personal",
    "phone",
    "fact_note",
    "customer_key",
    "tier_override_reason",
    "price_approval_reason",
];

/// Free words about a customer in rows that stay: why credit was given, changed or released, and reminders were
/// set.
const REASONS: [&str; 5] = [
    "UPDATE credit_limit_change SET reason = '' WHERE reason <> '' AND account_id IN \
     (SELECT account_id FROM credit_account WHERE customer_id = $1)",
    "UPDATE credit_override SET reason = '' WHERE account_id IN \
     (SELECT account_id FROM credit_account WHERE customer_id = $1)",
    "UPDATE credit_hold SET release_reason = '' WHERE release_reason IS NOT NULL \
     AND customer_id = $1",
    "UPDATE credit_dunning_set SET reason = '' WHERE reason <> '' AND customer_id = $1",
    "UPDATE credit_limit_proposal SET reason = '' WHERE reason IS NOT NULL AND customer_id = $1",
];

/// Shorter words stand in too many rows that are about somebody else.
const TELLING: usize = 3;

/// Erases a customer. False where it was erased before.
///
/// Names, addresses, numbers and notes are deleted in all versions, and with the customer's key
/// every answer that is sealed under it. External ids stay: they are other systems' keys.
/// After the commit, call [`scrub`].
pub async fn erase(tx: &Tx, id: CustomerId) -> Result<bool, Refused> {
    let only = BTreeSet::from([id]);
    tx.touch(&only).await?;
    let state = super::state(tx, &only).await?.remove(&id);
    let state = state.ok_or(Refused::Unknown("customer"))?;
    if state.erased_at.is_some() {
        return Ok(false);
    }
    let customer = Uuid::from_u128(id.bits());
    for word in telling_words(tx, customer).await? {
        forget_rejections(tx, &word).await?;
    }
    for table in PERSONAL {
        let text = format!("DELETE FROM {table} WHERE customer_id = $1");
        sql::run(tx, &text, vec![customer.into()]).await?;
    }
    for text in REASONS {
        sql::run(tx, text, vec![customer.into()]).await?;
    }
    let text = "DELETE FROM idempotency WHERE sealed_for = $1";
    sql::run(tx, text, vec![customer.into()]).await?;
    let text = "UPDATE customer_state SET erased_at = $1, profile_version = profile_version + 1 \
                WHERE customer_id = $2";
    sql::run(tx, text, vec![tx.micros().into(), customer.into()]).await?;
    tx.note(Change {
        entity: "customer",
        id: id.to_string(),
        version: state.profile_version.saturating_add(1),
        what: "erased",
        customer: Some(id),
        content: None,
        detail: Vec::new(),
    });
    Ok(true)
}

/// Everything by which the customer could be recognised in a row of an import.
async fn telling_words(tx: &Tx, customer: Uuid) -> Result<BTreeSet<String>, DbError> {
    let text = "SELECT name AS word FROM customer_personal WHERE customer_id = $1 \
                UNION SELECT email FROM customer_personal WHERE customer_id = $1 \
                UNION SELECT name FROM contact_personal WHERE customer_id = $1 \
                UNION SELECT email FROM contact_personal WHERE customer_id = $1 \
                UNION SELECT raw FROM phone WHERE customer_id = $1";
    let mut words = BTreeSet::new();
    for row in sql::rows(tx, text, vec![customer.into()]).await? {
        let word: Option<String> = row.try_get("", "word")?;
        let word = word.filter(|word| word.chars().count() >= TELLING);
        words.extend(word.into_iter().flat_map(spellings));
    }
    Ok(words)
}

/// A word as it is, as CSV quotes it, and as JSON escapes it.
fn spellings(word: String) -> [String; 3] {
    let json = serde_json::Value::from(word.as_str()).to_string();
    let inner = json.trim_matches('"').to_owned();
    [word.replace('"', "\"\""), inner, word]
}

async fn forget_rejections(tx: &Tx, word: &str) -> Result<(), DbError> {
    let contains = match tx.backend() {
        DbBackend::Postgres => "strpos",
        _ => "instr",
    };
    let text = format!(
        "DELETE FROM import_rejection WHERE {contains}(cells, $1) > 0 OR {contains}(reasons, $1) > 0"
    );
    sql::run(tx, &text, vec![Value::from(word)]).await?;
    Ok(())
}

/// Takes personal data that a committed write deleted out of the files too: out of SQLite's log, whose pages
/// hold earlier contents, or out of PostgreSQL's dead rows. What readers still hold is left to
/// the engine; that is logged, for the erasure itself is done.
pub async fn scrub(store: &Store) -> Result<(), DbError> {
    if store.is_postgres() {
        // Statistics hold samples of what was there.
        let text = "VACUUM (ANALYZE) customer_personal, contact_personal, phone, fact_note, \
                    customer_key, tier_override_reason, price_approval_reason, \
                    credit_limit_change, credit_override, credit_hold, credit_dunning_set, \
                    credit_limit_proposal, idempotency, import_rejection, import_spool";
        if let Err(error) = store.db.execute_unprepared(text).await {
            tracing::warn!(error = %error, "dead rows of erased personal data await the next vacuum");
        }
        return Ok(());
    }
    // A checkpoint is cut short while somebody reads; readers are brief.
    for _ in 0..50_u8 {
        let rows = sql::rows(store, "PRAGMA wal_checkpoint(TRUNCATE)", Vec::new()).await?;
        let busy: i64 = rows.first().map_or(Ok(0), |row| row.try_get_by_index(0))?;
        if busy == 0 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    tracing::warn!(
        "the log still holds pages of erased personal data; the next checkpoint ends it"
    );
    Ok(())
}
