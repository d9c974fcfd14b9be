//! What repeats: each time is carried out once, by whichever instance comes first.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::Tx;
use chrono::{DateTime, Utc};

/// Until when the times of a schedule have been carried out; none before its first look.
pub async fn done_until(
    source: &impl Source,
    name: &str,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let text = "SELECT done_until FROM schedule_mark WHERE name = $1";
    let rows = sql::rows(source, text, vec![name.into()]).await?;
    let micros = rows.first().map(|row| row.try_get::<i64>("", "done_until"));
    Ok(micros.transpose()?.map(from_micros))
}

/// Takes the times from a mark on until now; false where another instance did.
pub async fn take(tx: &Tx, name: &str, from: Option<DateTime<Utc>>) -> Result<bool, DbError> {
    let taken = match from {
        None => {
            let text = "INSERT INTO schedule_mark (name, done_until) VALUES ($1, $2) \
                        ON CONFLICT (name) DO NOTHING";
            sql::run(tx, text, vec![name.into(), tx.micros().into()]).await?
        }
        Some(from) => {
            let text = "UPDATE schedule_mark SET done_until = $1 WHERE name = $2 \
                        AND done_until = $3";
            let from = from.timestamp_micros();
            sql::run(tx, text, vec![tx.micros().into(), name.into(), from.into()]).await?
        }
    };
    Ok(taken == 1)
}
