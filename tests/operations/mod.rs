//! Running it: metrics, logs, traces, limits, check-ups, copies, the service manager.

mod backup;
mod doctor;
mod logs;
mod memory;
mod metrics;
mod service;
mod shedding;
mod stopping;
