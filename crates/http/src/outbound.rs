//! The one way out: a client that follows no redirect and no proxy of the environment.

use std::time::Duration;
use tiercel_persistence::DbError;

/// A client for addresses that the configuration names.
pub fn client() -> Result<reqwest::Client, DbError> {
    // Several parts may try; the first one wins and all are the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(5))
        .build()
        .map_err(|error| DbError::Key(format!("no client for outgoing requests: {error}")))
}
