//! Sheds load: what is too much is refused at the door, before anything of it is processed.

use crate::instance::Instance;
use crate::problem::{Kind, Problem};
use actix_web::{HttpMessage, HttpRequest, web};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Asked when everything else is refused, and cheap.
const ALWAYS_OPEN: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Counts what is inside.
#[derive(Debug)]
pub struct Gate {
    requests: Bound,
    bytes: Bound,
}

#[derive(Debug)]
struct Bound {
    most: usize,
    taken: AtomicUsize,
    refused: AtomicU64,
}

impl Bound {
    const fn new(most: usize) -> Self {
        Self {
            most,
            taken: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
        }
    }

    fn take(&self, amount: usize) -> bool {
        let before = self.taken.fetch_add(amount, Ordering::Relaxed);
        let fits = before.saturating_add(amount) <= self.most;
        if !fits {
            self.give_back(amount);
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        fits
    }

    fn give_back(&self, amount: usize) {
        self.taken.fetch_sub(amount, Ordering::Relaxed);
    }
}

/// How full the gate is, for the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    pub requests: usize,
    pub most_requests: usize,
    pub refused_requests: u64,
    pub bytes: usize,
    pub most_bytes: usize,
    pub refused_bytes: u64,
}

impl Gate {
    pub const fn new(requests: usize, bytes: usize) -> Self {
        Self {
            requests: Bound::new(requests),
            bytes: Bound::new(bytes),
        }
    }

    pub fn crowd(&self) -> Crowd {
        let (requests, bytes) = (&self.requests, &self.bytes);
        Crowd {
            requests: requests.taken.load(Ordering::Relaxed),
            most_requests: requests.most,
            refused_requests: requests.refused.load(Ordering::Relaxed),
            bytes: bytes.taken.load(Ordering::Relaxed),
            most_bytes: bytes.most,
            refused_bytes: bytes.refused.load(Ordering::Relaxed),
        }
    }

    /// Lets a request in, or refuses it; nobody waits here.
    pub fn enter(gate: &Arc<Self>, path: &str) -> Result<Rc<Slot>, Problem> {
        let slot = Slot {
            gate: Arc::clone(gate),
            inside: Cell::new(false),
            bytes: Cell::new(0),
        };
        if !ALWAYS_OPEN.contains(&path) {
            slot.enter()?;
        }
        Ok(Rc::new(slot))
    }
}

/// The place of one request; given back when the request ends, however it does.
#[derive(Debug)]
pub struct Slot {
    gate: Arc<Gate>,
    inside: Cell<bool>,
    bytes: Cell<usize>,
}

impl Slot {
    /// Takes a place.
    pub fn enter(&self) -> Result<(), Problem> {
        if !self.inside.get() {
            if !self.gate.requests.take(1) {
                return Err(overloaded(
                    "as many requests are being worked on as this server takes",
                ));
            }
            self.inside.set(true);
        }
        Ok(())
    }

    /// Gives the place back while nothing is worked on, as while a body is still on its way.
    pub fn leave(&self) {
        if self.inside.replace(false) {
            self.gate.requests.give_back(1);
        }
    }

    /// Takes room for a part of a body, kept until the request ends.
    pub fn hold(&self, bytes: usize) -> Result<(), Problem> {
        if !self.gate.bytes.take(bytes) {
            return Err(overloaded(
                "the bodies that are held fill the room that this server has",
            ));
        }
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        Ok(())
    }

    /// The request has ended.
    pub fn end(&self) {
        self.leave();
        self.gate.bytes.give_back(self.bytes.replace(0));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.end();
    }
}

fn overloaded(detail: &str) -> Problem {
    Problem::new(Kind::Overloaded, detail)
}

/// The place of a request and the bounds of its server, for whoever receives its body.
pub fn of(request: &HttpRequest) -> Option<(web::Data<Instance>, Rc<Slot>)> {
    let instance = request.app_data::<web::Data<Instance>>()?.clone();
    let slot = request.extensions().get::<Rc<Slot>>().cloned()?;
    Some((instance, slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_however_a_request_ends() {
        let gate = Arc::new(Gate::new(1, 10));
        let first = Gate::enter(&gate, "/v1/customers").unwrap();
        assert!(Gate::enter(&gate, "/v1/customers").is_err());
        Gate::enter(&gate, "/readyz").unwrap();
        first.leave();
        let second = Gate::enter(&gate, "/v1/customers").unwrap();
        assert!(first.enter().is_err());
        second.hold(8).unwrap();
        assert!(first.hold(3).is_err());
        first.hold(2).unwrap();
        drop(second);
        first.enter().unwrap();
        first.hold(8).unwrap();
        first.end();
        drop(first);
        let crowd = gate.crowd();
        assert_eq!((crowd.requests, crowd.bytes), (0, 0));
        assert_eq!((crowd.refused_requests, crowd.refused_bytes), (2, 1));
    }
}
