//! The load driver: closed loop to find saturation, open loop to see how long callers wait below it.

use crate::failure::{Failure, Outcome};
use crate::histogram::Histogram;
use crate::wire::Connection;
use futures_util::future::try_join_all;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What came of some seconds of load.
#[derive(Debug, Clone, Default)]
pub struct Round {
    pub seconds: f64,
    pub latencies: Histogram,
}

impl Round {
    pub fn per_second(&self) -> f64 {
        self.latencies.total() as f64 / self.seconds
    }
}

/// Every connection sends its next request as soon as it has its answer.
pub async fn closed(
    address: &str,
    requests: &[Vec<u8>],
    connections: usize,
    lasting: Duration,
) -> Outcome<Round> {
    let (next, latencies) = (Cell::new(0_usize), RefCell::new(Histogram::default()));
    let lines = open_all(address, connections).await?;
    let begun = Instant::now();
    let until = begun + lasting;
    let drive = |mut line: Connection| {
        let (next, latencies) = (&next, &latencies);
        async move {
            let mut at = Instant::now();
            while at < until {
                let place = next.replace(next.get() + 1) % requests.len();
                exchange(&mut line, &requests[place]).await?;
                let now = Instant::now();
                latencies.borrow_mut().add(now - at);
                at = now;
            }
            Ok::<_, Failure>(())
        }
    };
    try_join_all(lines.into_iter().map(drive)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Round {
        seconds,
        latencies: latencies.into_inner(),
    })
}

/// Requests come at a rate, whether or not earlier ones are answered. Latency counts from the
/// instant at which a request was due, so nothing is hidden by a driver that waits: coordinated
/// omission does not occur.
pub async fn open(
    address: &str,
    requests: &[Vec<u8>],
    connections: usize,
    per_second: f64,
    lasting: Duration,
) -> Outcome<Round> {
    let latencies = RefCell::new(Histogram::default());
    let lines = open_all(address, connections).await?;
    let begun = Instant::now();
    let until = begun + lasting;
    let drive = |(first, mut line): (usize, Connection)| {
        let latencies = &latencies;
        async move {
            for place in (first..).step_by(connections) {
                let due = begun + Duration::from_secs_f64(place as f64 / per_second);
                if due > until {
                    break;
                }
                sleep_until(due).await;
                exchange(&mut line, &requests[place % requests.len()]).await?;
                latencies.borrow_mut().add(due.elapsed());
            }
            Ok::<_, Failure>(())
        }
    };
    try_join_all(lines.into_iter().enumerate().map(drive)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Round {
        seconds,
        latencies: latencies.into_inner(),
    })
}

async fn open_all(address: &str, connections: usize) -> Outcome<Vec<Connection>> {
    let lines = (0..connections).map(|_| Connection::open(address));
    Ok(try_join_all(lines).await?)
}

async fn exchange(line: &mut Connection, request: &[u8]) -> Outcome<()> {
    let response = line.exchange(request).await?;
    if response.status == 200 {
        return Ok(());
    }
    let text = String::from_utf8_lossy(response.body).into_owned();
    Err(Failure::new(format!("{}: {text}", response.status)))
}
