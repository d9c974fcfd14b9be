//! A load balancer as small as can be: it asks `/readyz` and hands connections to who is ready.

use crate::support::Raw;
use crate::support::raw::statuses;
use std::collections::BTreeSet;
use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often everybody is asked.
const EVERY: Duration = Duration::from_millis(50);

#[derive(Default)]
struct State {
    behind: Mutex<BTreeSet<String>>,
    ready: Mutex<Vec<String>>,
    turn: AtomicUsize,
    ended: AtomicBool,
}

/// Runs until dropped.
pub struct Balancer {
    pub base: String,
    state: Arc<State>,
}

impl Balancer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let asking = Arc::clone(&state);
        thread::spawn(move || ask_around(&asking));
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.ended.load(Ordering::Relaxed) {
                    return;
                }
                let (client, state) = (client.unwrap(), Arc::clone(&accepting));
                thread::spawn(move || hand_over(client, &state));
            }
        });
        Self { base, state }
    }

    /// Takes an instance into turn, as soon as it is ready.
    pub fn announce(&self, address: &str) {
        self.state.behind.lock().unwrap().insert(address.to_owned());
    }

    pub fn is_in_turn(&self, address: &str) -> bool {
        self.state
            .ready
            .lock()
            .unwrap()
            .iter()
            .any(|it| it == address)
    }

    pub fn remove(&self, address: &str) {
        self.state.behind.lock().unwrap().remove(address);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.base.strip_prefix("http://").unwrap());
    }
}

fn ask_around(state: &State) {
    while !state.ended.load(Ordering::Relaxed) {
        let behind = state.behind.lock().unwrap().clone();
        let ready = behind.into_iter().filter(|address| is_ready(address));
        let ready: Vec<String> = ready.collect();
        *state.ready.lock().unwrap() = ready;
        thread::sleep(EVERY);
    }
}

fn is_ready(address: &str) -> bool {
    if TcpStream::connect(address).is_err() {
        return false;
    }
    let mut raw = Raw::connect(address);
    raw.say("GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    statuses(&raw.hear(Duration::from_secs(2))) == [200]
}

fn hand_over(client: TcpStream, state: &State) {
    let turn = state.turn.fetch_add(1, Ordering::Relaxed);
    let ready = state.ready.lock().unwrap().clone();
    let address = &ready[turn % ready.len()];
    let server = TcpStream::connect(address).unwrap();
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
}
