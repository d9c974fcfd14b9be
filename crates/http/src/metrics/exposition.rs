//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write};

/// The media type of [`Exposition::text`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A document in the making.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// Begins a family of samples.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }

    /// One sample of the family begun last.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            self.0.push(if at == 0 { '{' } else { ',' });
            let _ = write!(self.0, "{label}=\"{}\"", escaped(text));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    /// A family of one sample without labels.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    pub fn text(self) -> String {
        self.0
    }
}

/// Microseconds as seconds, exactly.
pub fn seconds(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out() {
        let mut out = Exposition::default();
        out.sample("a", &[("b", "x\"} 1\nc\\"), ("d", "")], 7);
        assert_eq!(out.text(), "a{b=\"x\\\"} 1\\nc\\\\\",d=\"\"} 7\n");
    }

    #[test]
    fn microseconds_are_seconds() {
        let told = [0, 1, 100, 1_000_000, 10_000_000, 61_500_000].map(seconds);
        assert_eq!(told, ["0", "0.000001", "0.0001", "1", "10", "61.5"]);
    }
}
