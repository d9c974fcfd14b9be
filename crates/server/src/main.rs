//! The `tiercel` binary.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the command line does not load it yet")
)]
mod demo;

fn main() {}
