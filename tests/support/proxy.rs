//! A way to a server that can be cut, or made to say nothing, and mended again.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const OPEN: u8 = 0;
const HANGING: u8 = 1;
const CUT: u8 = 2;

/// Passes connections on to a port of this machine.
pub struct Proxy {
    port: u16,
    way: Arc<Way>,
}

#[derive(Default)]
struct Way {
    state: AtomicU8,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = Arc::new(Way::default());
        let passing = Arc::clone(&way);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                passing.join(client, target);
            }
        });
        Self { port, way }
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Connections stay and say nothing any more.
    pub fn hang(&self) {
        self.way.state.store(HANGING, Ordering::SeqCst);
    }

    /// Connections end, new ones are refused.
    pub fn cut(&self) {
        self.way.state.store(CUT, Ordering::SeqCst);
        for stream in self.way.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// New connections pass again.
    pub fn mend(&self) {
        self.way.state.store(OPEN, Ordering::SeqCst);
    }
}

impl Way {
    fn join(self: &Arc<Self>, client: TcpStream, target: u16) {
        if self.state.load(Ordering::SeqCst) == CUT {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else {
            return;
        };
        let both = [(&client, &server), (&server, &client)];
        for (from, to) in both {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let way = Arc::clone(self);
            std::thread::spawn(move || way.pass(from, to));
        }
        self.streams.lock().unwrap().extend([client, server]);
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            while self.state.load(Ordering::SeqCst) == HANGING {
                std::thread::sleep(Duration::from_millis(20));
            }
            if to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    }
}
