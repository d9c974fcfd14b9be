//! Everything a dashboard shows: the counts, the book, the journal, the pool, jobs, the process.

use super::exposition::{self, Exposition};
use crate::instance::Instance;
use crate::tenant::Hosted;
use std::time::Duration;
use tiercel_persistence::vitals::{self, Vitals};

/// How long the database may take: a dashboard is most wanted when it does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// All metrics of this process as text.
pub async fn gather(instance: &Instance, hosted: &Hosted) -> String {
    let vitals = tokio::time::timeout(PATIENCE, vitals::read(&hosted.store)).await;
    let vitals = vitals.ok().and_then(Result::ok);
    let mut out = Exposition::default();
    out.family("tiercel_build_info", "gauge", "The version that runs");
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    out.sample("tiercel_build_info", &version, 1);
    instance.metrics.show(&mut out);
    show_gate(instance, &mut out);
    show_book(hosted, &mut out);
    show_pool(hosted, &mut out);
    let up = u8::from(vitals.is_some());
    let name = "tiercel_database_up";
    out.gauge(
        name,
        "Whether the database answered this page within 2 s",
        up,
    );
    if let Some(vitals) = vitals {
        show_vitals(&vitals, &mut out);
    }
    show_process(&mut out);
    out.text()
}

fn show_gate(instance: &Instance, out: &mut Exposition) {
    let crowd = instance.gate.crowd();
    let name = "tiercel_requests_shed_total";
    out.family(
        name,
        "counter",
        "Requests refused unread because of too much at once",
    );
    out.sample(name, &[("reason", "requests")], crowd.refused_requests);
    out.sample(name, &[("reason", "bodies")], crowd.refused_bytes);
    for (name, help, value) in [
        (
            "tiercel_requests_active",
            "Requests that are being worked on",
            crowd.requests,
        ),
        (
            "tiercel_requests_active_limit",
            "As many are worked on at once",
            crowd.most_requests,
        ),
        (
            "tiercel_bodies_bytes",
            "Bytes of bodies that are held",
            crowd.bytes,
        ),
        (
            "tiercel_bodies_bytes_limit",
            "As many are held at once",
            crowd.most_bytes,
        ),
    ] {
        out.gauge(name, help, value);
    }
    let draining = u8::from(instance.is_draining());
    out.gauge(
        "tiercel_draining",
        "Whether the process is about to end",
        draining,
    );
}

fn show_book(hosted: &Hosted, out: &mut Exposition) {
    let (customers, products) = hosted.book.snapshot().size();
    let name = "tiercel_book_entries";
    out.family(name, "gauge", "What the decision book holds in memory");
    out.sample(name, &[("kind", "customers")], customers);
    out.sample(name, &[("kind", "products")], products);
    let (position, current_at) = hosted.followed.told();
    let name = "tiercel_book_position";
    out.gauge(
        name,
        "The position of the journal that the book has taken over",
        position,
    );
    let age = hosted.now().timestamp_micros().saturating_sub(current_at);
    let age = exposition::seconds(u64::try_from(age).unwrap_or(0));
    let name = "tiercel_book_age_seconds";
    out.gauge(
        name,
        "Since the book was last known to hold the whole journal",
        age,
    );
}

fn show_pool(hosted: &Hosted, out: &mut Exposition) {
    let pool = vitals::pool(&hosted.store);
    let name = "tiercel_database_connections";
    out.family(name, "gauge", "Connections to the database");
    out.sample(
        name,
        &[("state", "used")],
        pool.open.saturating_sub(pool.idle),
    );
    out.sample(name, &[("state", "idle")], pool.idle);
    let name = "tiercel_database_connections_limit";
    out.gauge(name, "As many connections are opened at most", pool.most);
}

fn show_vitals(vitals: &Vitals, out: &mut Exposition) {
    let name = "tiercel_journal_position";
    out.gauge(name, "The end of the numbered journal", vitals.position);
    let name = "tiercel_journal_unnumbered";
    out.gauge(
        name,
        "Committed writes that have no number yet",
        vitals.unnumbered,
    );
    let lag = vitals.waited.num_microseconds().unwrap_or(i64::MAX);
    let lag = exposition::seconds(u64::try_from(lag).unwrap_or(0));
    let name = "tiercel_journal_lag_seconds";
    out.gauge(name, "How long the oldest of them has waited", lag);
    let name = "tiercel_jobs";
    out.family(name, "gauge", "Jobs by kind and state");
    for count in &vitals.jobs {
        let labels = [
            ("kind", count.kind.as_str()),
            ("state", count.state.as_str()),
        ];
        out.sample(name, &labels, count.jobs);
    }
}

/// What the kernel tells of this process, under the names that dashboards know.
fn show_process(out: &mut Exposition) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    if let Some(kibibytes) = resident {
        let name = "process_resident_memory_bytes";
        out.gauge(name, "Memory in use", kibibytes.saturating_mul(1024));
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        out.gauge("process_open_fds", "Open files and sockets", files.count());
    }
}
