//! Tells the service manager when the server is ready and when it stops, as `sd_notify(3)` has it.

use std::ffi::OsString;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Everything is loaded and requests are answered.
pub const READY: &str = "READY=1";
/// Told to stop; finishing what is under way.
pub const STOPPING: &str = "STOPPING=1";

/// Tells it; without a manager that wants to know, nothing happens.
pub fn tell(manager: Option<&OsString>, state: &str) {
    let Some(name) = manager.map(|name| name.as_bytes()) else {
        return;
    };
    // A leading `@` stands for a name that is no file.
    let address = match name.strip_prefix(b"@") {
        Some(rest) => SocketAddr::from_abstract_name(rest),
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name)),
    };
    let sent = UnixDatagram::unbound().and_then(|socket| {
        let address = address?;
        socket.send_to_addr(state.as_bytes(), &address)
    });
    if let Err(error) = sent {
        tracing::warn!(error = %error, "the service manager could not be told");
    }
}
