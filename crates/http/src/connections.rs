//! Connections between their requests: one that is used for nothing for too long is ended.
//!
//! The framework times the head of the first request of a connection and the silence after each,
//! but stops the clock at the first byte of a later head, which might then take for ever.

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How often everybody is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// All connections of a server.
#[derive(Debug)]
pub struct Connections {
    began: Instant,
    /// How long one may be used for nothing.
    patience: Duration,
    all: Mutex<Vec<Weak<Connection>>>,
}

/// One connection, for as long as the framework has it.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
    began: Instant,
    /// Answers that are being made or sent.
    busy: AtomicUsize,
    /// When the last one ended, in milliseconds since the server began.
    quiet_since: AtomicU64,
}

/// Held while an answer is made and sent.
#[derive(Debug)]
pub struct Busy(Arc<Connection>);

impl Connections {
    pub fn new(patience: Duration) -> Self {
        Self {
            began: Instant::now(),
            patience,
            all: Mutex::default(),
        }
    }

    /// Takes note of a connection; the socket is another handle on it.
    pub fn open(&self, socket: TcpStream) -> Arc<Connection> {
        let connection = Arc::new(Connection {
            socket,
            began: self.began,
            busy: AtomicUsize::new(0),
            quiet_since: AtomicU64::new(millis(self.began)),
        });
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::downgrade(&connection));
        connection
    }

    /// Ends what was used for nothing for too long, for ever.
    pub async fn run(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            self.end_quiet();
        }
    }

    fn end_quiet(&self) {
        let now = millis(self.began);
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|connection| {
            let Some(connection) = connection.upgrade() else {
                return false;
            };
            let quiet = now.saturating_sub(connection.quiet_since.load(Ordering::Relaxed));
            if connection.busy.load(Ordering::Relaxed) > 0 || quiet < patience {
                return true;
            }
            // The framework sees the end of it and lets go.
            let _ = connection.socket.shutdown(Shutdown::Both);
            false
        });
    }
}

impl Busy {
    pub fn on(connection: &Arc<Connection>) -> Self {
        connection.busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connection))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let now = millis(self.0.began);
        self.0.quiet_since.store(now, Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;

    #[test]
    fn only_what_is_quiet_is_ended() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Connections::new(Duration::from_millis(50));
        let mut callers: Vec<TcpStream> = (0..2)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        let kept: Vec<_> = (0..2)
            .map(|_| connections.open(listener.accept().unwrap().0))
            .collect();
        let busy = Busy::on(&kept[0]);
        std::thread::sleep(Duration::from_millis(60));
        connections.end_quiet();
        let mut byte = [0];
        assert_eq!(callers[1].read(&mut byte).unwrap(), 0, "it is ended");
        let soon = Some(Duration::from_millis(20));
        callers[0].set_read_timeout(soon).unwrap();
        assert!(callers[0].read(&mut byte).is_err(), "it goes on");
        drop(busy);
        std::thread::sleep(Duration::from_millis(60));
        connections.end_quiet();
        assert_eq!(callers[0].read(&mut byte).unwrap(), 0, "it is ended too");
    }
}
