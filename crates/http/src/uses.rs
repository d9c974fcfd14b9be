//! Remembers when clients were last seen: once a minute, never in the path of a request.

use crate::tenant::Hosted;
use std::time::Duration;
use tiercel_persistence::DbError;

const EVERY: Duration = Duration::from_secs(60);

/// Stores last uses now and then for ever.
pub async fn run(hosted: &Hosted) {
    loop {
        let since = hosted.now().timestamp();
        tokio::time::sleep(EVERY).await;
        if let Err(error) = hosted.verifier.store_uses(&hosted.store, since).await {
            tracing::warn!(error = %error, "last uses of clients could not be stored");
        }
    }
}

/// Stores the uses of the last minute, before the process ends.
pub async fn finish(hosted: &Hosted) -> Result<(), DbError> {
    let since = hosted
        .now()
        .timestamp()
        .saturating_sub(EVERY.as_secs().cast_signed());
    hosted.verifier.store_uses(&hosted.store, since).await
}
