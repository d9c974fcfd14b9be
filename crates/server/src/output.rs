//! Data goes to stdout, everything else to stderr.

use std::io::Write;

/// Prints one line of data; a closed pipe ends the command quietly.
pub fn line(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout(), "{}", text.as_ref());
}

/// Tells the person at the terminal something that is not data.
pub fn note(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", text.as_ref());
}
