//! What the terminal shows.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what these commands are for"
)]

/// A line of the result.
pub fn line(text: impl std::fmt::Display) {
    println!("{text}");
}

/// Something said beside the result.
pub fn note(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// A ratio beside what it is meant to be.
pub fn against(ratio: f64, aim: f64, at_least: bool) -> String {
    let met = if at_least { ratio >= aim } else { ratio <= aim };
    let word = if met { "met" } else { "MISSED" };
    let sign = if at_least { "≥" } else { "≤" };
    format!("{ratio:.2} (aim {sign} {aim}: {word})")
}
