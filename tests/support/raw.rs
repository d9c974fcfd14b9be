//! A connection on which anything can be said, to the letter.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One connection.
pub struct Raw(TcpStream);

impl Raw {
    pub fn connect(address: &str) -> Self {
        Self(TcpStream::connect(address).unwrap())
    }

    /// Sends bytes; the other side may have hung up.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).is_ok()
    }

    /// Everything that comes until the other side hangs up or this long nothing more comes.
    pub fn hear(&mut self, patience: Duration) -> String {
        let mut heard = Vec::new();
        let mut piece = [0; 65_536];
        self.0.set_read_timeout(Some(patience)).unwrap();
        loop {
            match self.0.read(&mut piece) {
                Ok(0) | Err(_) => return String::from_utf8_lossy(&heard).into_owned(),
                Ok(read) => heard.extend_from_slice(&piece[..read]),
            }
        }
    }

    /// What comes until the head and `part` of a body are there.
    pub fn hear_until(&mut self, part: &str, patience: Duration) -> String {
        let began = Instant::now();
        let mut heard = String::new();
        let mut piece = [0; 65_536];
        self.0
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        while began.elapsed() < patience && !heard.contains(part) {
            match self.0.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => heard.push_str(&String::from_utf8_lossy(&piece[..read])),
                Err(error) if is_waiting(&error) => {}
                Err(_) => break,
            }
        }
        heard
    }

    /// Whether the other side hangs up within this time, and after how long.
    pub fn hung_up(&mut self, within: Duration) -> Option<Duration> {
        let began = Instant::now();
        let mut piece = [0; 65_536];
        while began.elapsed() < within {
            let left = within.saturating_sub(began.elapsed());
            self.0
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .unwrap();
            match self.0.read(&mut piece) {
                Ok(0) => return Some(began.elapsed()),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return Some(began.elapsed());
                }
                Err(_) => {}
            }
        }
        None
    }
}

/// Statuses of the answers in what was heard, in order.
pub fn statuses(heard: &str) -> Vec<u16> {
    let heads = heard.split("HTTP/1.1 ").skip(1);
    heads
        .filter_map(|rest| rest.get(..3)?.parse().ok())
        .collect()
}

/// Whether nothing came yet, on a connection that stands.
fn is_waiting(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}
