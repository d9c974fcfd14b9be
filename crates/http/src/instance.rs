//! This process: what it takes on at once, what it counts, and whether it is ending.

use crate::connections::Connections;
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::traces::Traces;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// What one process takes on, so that no caller can take it from the others.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Requests worked on at the same time.
    pub requests: usize,
    /// Bytes of one JSON body, once it is decoded.
    pub body: usize,
    /// Bytes of all bodies that are held at the same time.
    pub bodies: usize,
    /// How long a body may take to arrive.
    pub arrival: Duration,
    /// How long an answer may take to begin.
    pub answer: Duration,
    /// How long a connection may be used for nothing.
    pub quiet: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            requests: 256,
            body: 4 * 1024 * 1024,
            bodies: 256 * 1024 * 1024,
            arrival: Duration::from_secs(30),
            answer: Duration::from_secs(120),
            quiet: Duration::from_secs(80),
        }
    }
}

/// Which requests leave a line in the log: a line costs as much as a look-up.
#[derive(Debug)]
pub struct Sampling {
    /// One of so many; 0: none.
    pub every: u32,
    /// Whatever takes as long is always told.
    pub slow: Duration,
    seen: AtomicU32,
}

impl Sampling {
    pub const fn new(every: u32, slow: Duration) -> Self {
        Self {
            every,
            slow,
            seen: AtomicU32::new(0),
        }
    }

    /// Whether this request is told: every so many, what failed on our side, and what was slow.
    pub fn takes(&self, status: u16, took: Duration) -> bool {
        if self.every == 0 {
            return false;
        }
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        seen.is_multiple_of(self.every) || status >= 500 || took >= self.slow
    }
}

/// One running server.
pub struct Instance {
    /// Set when the server has been told to stop: it finishes what it has and takes no more.
    pub draining: AtomicBool,
    pub bounds: Bounds,
    pub gate: Arc<Gate>,
    pub connections: Connections,
    pub metrics: Metrics,
    pub sampling: Sampling,
    pub traces: Option<Traces>,
}

impl Instance {
    pub fn new(bounds: Bounds, sampling: Sampling, traces: Option<Traces>) -> Self {
        Self {
            draining: AtomicBool::new(false),
            gate: Arc::new(Gate::new(bounds.requests, bounds.bodies)),
            connections: Connections::new(bounds.quiet),
            metrics: Metrics::of(&crate::app::document()),
            bounds,
            sampling,
            traces,
        }
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_and_slow_requests_are_always_told() {
        let sampling = Sampling::new(3, Duration::from_secs(1));
        let quick = Duration::ZERO;
        let told: Vec<bool> = (0..6).map(|_| sampling.takes(200, quick)).collect();
        assert_eq!(told, [true, false, false, true, false, false]);
        assert!(sampling.takes(200, quick) && sampling.takes(503, quick));
        assert!(sampling.takes(200, Duration::from_secs(2)));
        assert!(!Sampling::new(0, Duration::ZERO).takes(500, quick));
    }
}
