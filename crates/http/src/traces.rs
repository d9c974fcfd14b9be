//! Exports traces to a collector: OTLP over HTTP as JSON, in the background, never in the way of a
//! request.

use crate::outbound;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tiercel_persistence::DbError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Spans that may wait; what comes beyond is dropped and counted.
const WAITING: usize = 2_048;
/// Spans of one export.
const BATCH: usize = 512;
/// How long spans wait for others.
const EVERY: Duration = Duration::from_secs(2);

/// One request as a span.
#[derive(Debug, Clone)]
pub struct Span {
    pub trace: String,
    pub id: String,
    pub parent: Option<String>,
    pub request: String,
    pub operation: String,
    pub method: String,
    pub status: u16,
    /// Microseconds since 1970.
    pub started_at: i64,
    pub ended_at: i64,
}

/// Where spans are handed in.
#[derive(Debug, Clone)]
pub struct Traces {
    spans: Sender<Span>,
    dropped: Arc<AtomicU64>,
}

/// The other end: sends what was handed in until nobody can hand in any more.
pub struct Export {
    spans: Receiver<Span>,
    client: reqwest::Client,
    url: String,
}

impl Traces {
    /// For a collector, such as `http://127.0.0.1:4318`.
    pub fn to(endpoint: &str) -> Result<(Self, Export), DbError> {
        let (sender, receiver) = channel(WAITING);
        let traces = Self {
            spans: sender,
            dropped: Arc::default(),
        };
        let export = Export {
            spans: receiver,
            client: outbound::client()?,
            url: format!("{}/v1/traces", endpoint.trim_end_matches('/')),
        };
        Ok((traces, export))
    }

    pub fn hand_in(&self, span: Span) {
        if self.spans.try_send(span).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Export {
    /// Runs until the last [`Traces`] is gone and everything is sent or given up.
    pub async fn run(mut self) {
        loop {
            let mut batch = Vec::new();
            let Some(first) = self.spans.recv().await else {
                return;
            };
            batch.push(first);
            let more = async {
                while batch.len() < BATCH {
                    let Some(span) = self.spans.recv().await else {
                        return;
                    };
                    batch.push(span);
                }
            };
            let _ = tokio::time::timeout(EVERY, more).await;
            if let Err(why) = send(&self.client, &self.url, &batch).await {
                tracing::warn!(error = %why, spans = batch.len(), "traces could not be exported");
            }
        }
    }
}

async fn send(client: &reqwest::Client, url: &str, spans: &[Span]) -> Result<(), reqwest::Error> {
    let request = client.post(url);
    let request = request.header("content-type", "application/json");
    let answer = request.body(document(spans).to_string()).send().await?;
    answer.error_for_status().map(drop)
}

/// `ExportTraceServiceRequest`, in the JSON encoding of OTLP 1.
fn document(spans: &[Span]) -> Value {
    let resource = [
        text("service.name", "tiercel"),
        text("service.version", env!("CARGO_PKG_VERSION")),
    ];
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{
            "scope": {"name": "tiercel"},
            "spans": spans.iter().map(shown).collect::<Vec<_>>(),
        }],
    }]})
}

fn shown(span: &Span) -> Value {
    /// `SPAN_KIND_SERVER`.
    const SERVER: u8 = 2;
    /// `STATUS_CODE_ERROR` for what failed on our side, else `STATUS_CODE_UNSET`.
    const FAILED: u8 = 2;
    let nanos = |micros: i64| micros.saturating_mul(1_000).to_string();
    json!({
        "traceId": span.trace,
        "spanId": span.id,
        "parentSpanId": span.parent.as_deref().unwrap_or_default(),
        "name": span.operation,
        "kind": SERVER,
        "startTimeUnixNano": nanos(span.started_at),
        "endTimeUnixNano": nanos(span.ended_at),
        "attributes": [
            text("http.request.method", &span.method),
            {"key": "http.response.status_code", "value": {"intValue": span.status.to_string()}},
            text("request.id", &span.request),
        ],
        "status": {"code": if span.status >= 500 { FAILED } else { 0 }},
    })
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}
