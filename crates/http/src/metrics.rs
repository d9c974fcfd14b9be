//! Counts what operations answer and how long they take, in atomics of a closed list: counting
//! costs a request some nanoseconds and no lock.
//!
//! | shown as | `metrics/exposition.rs`: the text format of Prometheus         |
//! | gathered | `metrics/gather.rs`: beside the counts, how the rest fares     |
//! | asked    | `metrics/endpoint.rs`: who may read it                         |

mod endpoint;
mod exposition;
mod gather;

pub use endpoint::{read_alone, read_metrics};

use exposition::Exposition;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the buckets of time, in microseconds.
const BUCKETS: [u64; 15] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000,
];

/// Every status that this server answers with.
const STATUSES: [u16; 22] = [
    200, 201, 202, 204, 302, 304, 307, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 428,
    429, 500, 503,
];

/// Answers outside of the contract: the documentation, unknown paths, what never reached a handler.
const OTHER: &str = "other";

/// The counts of one process.
#[derive(Debug)]
pub struct Metrics {
    /// Places in `meters`, by operation id.
    places: HashMap<String, usize>,
    meters: Vec<Meter>,
}

#[derive(Debug)]
struct Meter {
    operation: String,
    /// By status; the last one is any other.
    answered: [AtomicU64; STATUSES.len() + 1],
    /// By bucket; the last one is without end.
    took: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
}

impl Meter {
    fn new(operation: &str) -> Self {
        Self {
            operation: operation.to_owned(),
            answered: [const { AtomicU64::new(0) }; STATUSES.len() + 1],
            took: [const { AtomicU64::new(0) }; BUCKETS.len() + 1],
            micros: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// One meter for every operation of the contract.
    pub fn of(contract: &Value) -> Self {
        let paths = contract["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(_, item)| item.as_object().into_iter().flatten());
        let names = operations.filter_map(|(_, operation)| operation["operationId"].as_str());
        let meters: Vec<Meter> = names.chain([OTHER]).map(Meter::new).collect();
        let places = meters.iter().enumerate();
        Self {
            places: places
                .map(|(place, meter)| (meter.operation.clone(), place))
                .collect(),
            meters,
        }
    }

    /// Counts one answer; the operation is the name of its handler.
    pub fn count(&self, operation: Option<&str>, status: u16, took: Duration) {
        let place = operation.and_then(|name| self.places.get(name).copied());
        let last = self.meters.len().saturating_sub(1);
        let Some(meter) = self.meters.get(place.unwrap_or(last)) else {
            return;
        };
        let at = STATUSES.iter().position(|known| *known == status);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.partition_point(|end| *end < micros);
        meter.answered[at.unwrap_or(STATUSES.len())].fetch_add(1, Ordering::Relaxed);
        meter.took[bucket].fetch_add(1, Ordering::Relaxed);
        meter.micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn show(&self, out: &mut Exposition) {
        out.family(
            "tiercel_requests_total",
            "counter",
            "Requests answered, by operation and status",
        );
        for meter in &self.meters {
            for (at, count) in meter.answered.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count == 0 {
                    continue;
                }
                let status = STATUSES.get(at).map_or(OTHER.to_owned(), u16::to_string);
                let labels = [
                    ("operation", meter.operation.as_str()),
                    ("status", status.as_str()),
                ];
                out.sample("tiercel_requests_total", &labels, count);
            }
        }
        let name = "tiercel_request_duration_seconds";
        out.family(
            name,
            "histogram",
            "Time until the answer began, by operation",
        );
        for meter in &self.meters {
            let counts: Vec<u64> = meter
                .took
                .iter()
                .map(|it| it.load(Ordering::Relaxed))
                .collect();
            let all: u64 = counts.iter().sum();
            if all == 0 {
                continue;
            }
            let operation = ("operation", meter.operation.as_str());
            let mut upto = 0_u64;
            for (end, count) in BUCKETS.iter().zip(&counts) {
                upto = upto.saturating_add(*count);
                let end = exposition::seconds(*end);
                out.sample(&format!("{name}_bucket"), &[operation, ("le", &end)], upto);
            }
            out.sample(&format!("{name}_bucket"), &[operation, ("le", "+Inf")], all);
            let sum = exposition::seconds(meter.micros.load(Ordering::Relaxed));
            out.sample(&format!("{name}_sum"), &[operation], sum);
            out.sample(&format!("{name}_count"), &[operation], all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_counted_by_operation_status_and_time() {
        let contract = json!({"paths": {"/a": {"get": {"operationId": "read_a"}}}});
        let metrics = Metrics::of(&contract);
        metrics.count(Some("read_a"), 200, Duration::from_micros(100));
        metrics.count(Some("read_a"), 200, Duration::from_micros(101));
        metrics.count(Some("read_a"), 599, Duration::from_secs(60));
        metrics.count(Some("unheard_of"), 404, Duration::ZERO);
        metrics.count(None, 404, Duration::ZERO);
        let mut out = Exposition::default();
        metrics.show(&mut out);
        let text = out.text();
        for line in [
            "# TYPE tiercel_requests_total counter",
            "tiercel_requests_total{operation=\"read_a\",status=\"200\"} 2",
            "tiercel_requests_total{operation=\"read_a\",status=\"other\"} 1",
            "tiercel_requests_total{operation=\"other\",status=\"404\"} 2",
            "tiercel_request_duration_seconds_bucket{operation=\"read_a\",le=\"0.0001\"} 1",
            "tiercel_request_duration_seconds_bucket{operation=\"read_a\",le=\"0.00025\"} 2",
            "tiercel_request_duration_seconds_bucket{operation=\"read_a\",le=\"10\"} 2",
            "tiercel_request_duration_seconds_bucket{operation=\"read_a\",le=\"+Inf\"} 3",
            "tiercel_request_duration_seconds_sum{operation=\"read_a\"} 60.000201",
            "tiercel_request_duration_seconds_count{operation=\"read_a\"} 3",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
    }
}
