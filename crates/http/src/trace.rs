//! How a request is known: by an id of its own, and by the trace that its caller told.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The marks of one request.
#[derive(Debug, Clone)]
pub struct Mark {
    pub request: String,
    /// Absent where the caller told none, or one that cannot be read.
    pub caller: Option<TraceParent>,
}

impl Mark {
    /// Reads the caller's marks; a request id is made where the caller sent none that is plain.
    pub fn of(request: &ServiceRequest) -> Self {
        let headers = request.headers();
        let parent = headers.get(TRACEPARENT).and_then(|it| it.to_str().ok());
        Self {
            request: headers.get(REQUEST_ID).and_then(given).unwrap_or_else(mint),
            caller: parent.and_then(TraceParent::read),
        }
    }

    pub fn trace(&self) -> Option<&str> {
        self.caller.as_ref().map(|caller| caller.trace.as_str())
    }

    pub fn parent(&self) -> Option<&str> {
        self.caller.as_ref().map(|caller| caller.span.as_str())
    }
}

/// An id that the caller sent, where it is short and plain.
fn given(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

fn mint() -> String {
    tiercel_persistence::mint::secret::<12>().map_or_else(
        |_| "none".to_owned(),
        |bytes| tiercel_persistence::crypto::hex(&bytes),
    )
}

/// The trace of a caller, as W3C Trace Context spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent {
    pub trace: String,
    pub span: String,
    /// Whether the caller records it.
    pub sampled: bool,
}

impl TraceParent {
    /// Reads `traceparent`; anything that is not to the letter is as if it were not there.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace) = (parts.next()?, parts.next()?);
        let (span, flags) = (parts.next()?, parts.next()?);
        // A later version may say more; this one may not.
        let more = parts.next().is_some();
        let readable = is_hex(version, 2)
            && version != "ff"
            && (version != "00" || !more)
            && is_hex(trace, 32)
            && is_hex(span, 16)
            && is_hex(flags, 2);
        let told = |id: &str| id.bytes().any(|byte| byte != b'0');
        let flags = u8::from_str_radix(flags, 16).ok()?;
        (readable && told(trace) && told(span)).then(|| Self {
            trace: trace.to_owned(),
            span: span.to_owned(),
            sampled: flags & 1 == 1,
        })
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == length && text.bytes().all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_to_the_letter() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let read = TraceParent::read(&format!("00-{trace}-{span}-01")).unwrap();
        assert_eq!((read.trace.as_str(), read.span.as_str()), (trace, span));
        assert!(read.sampled);
        let later = TraceParent::read(&format!("cc-{trace}-{span}-00-more"));
        assert!(!later.unwrap().sampled);
        let zeros = "0".repeat(32);
        for text in [
            "",
            "00",
            &format!("00-{trace}-{span}"),
            &format!("00-{trace}-{span}-01-more"),
            &format!("ff-{trace}-{span}-01"),
            &format!("00-{zeros}-{span}-01"),
            &format!("00-{trace}-0000000000000000-01"),
            &format!("00-{}-{span}-01", trace.to_uppercase()),
            &format!("00-{trace}-{span}-0g"),
            &format!("00-{trace}\r\n-{span}-01"),
            &format!("00-{trace}é-{span}-01"),
        ] {
            assert_eq!(TraceParent::read(text), None, "{text}");
        }
    }
}
