//! Receives a body: decoded as it comes, no larger than it may be, in no more time than it has.

use crate::gate::{self, Slot};
use crate::instance::Bounds;
use crate::problem::{Kind, Problem};
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use flate2::write::{GzDecoder, ZlibDecoder};
use futures_util::StreamExt;
use std::io::{self, Write};
use std::rc::Rc;

/// The whole body, up to `limit` bytes once it is decoded. While it is on its way the request
/// takes no place from others; what has arrived counts until the request ends.
pub fn receive(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: Option<usize>,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let (bounds, slot) = match gate::of(request) {
        Some((instance, slot)) => (instance.bounds.clone(), Some(slot)),
        None => (Bounds::default(), None),
    };
    let limit = limit.unwrap_or(bounds.body);
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let sink = Sink::of(request, limit);
    let payload = payload.take();
    async move {
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        if let Some(slot) = &slot {
            slot.leave();
        }
        let arrived = tokio::time::timeout(bounds.arrival, collect(payload, sink, slot.as_ref()));
        let arrived = arrived.await.map_err(|_| late())??;
        if let Some(slot) = &slot {
            slot.enter()?;
        }
        Ok(arrived)
    }
}

async fn collect(
    mut payload: Payload,
    mut sink: Sink,
    slot: Option<&Rc<Slot>>,
) -> Result<Bytes, Problem> {
    let mut held = 0;
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| broken())?;
        sink.write(&piece)?;
        let now = sink.held();
        if let Some(slot) = slot {
            slot.hold(now.saturating_sub(held))?;
        }
        held = now;
    }
    sink.finish()
}

pub fn late() -> Problem {
    Problem::new(Kind::Unreadable, "the body took too long to arrive")
}

pub fn broken() -> Problem {
    Problem::new(Kind::Unreadable, "the body did not arrive whole")
}

fn too_large() -> Problem {
    Problem::new(
        Kind::TooLarge,
        "the body is larger than this operation reads",
    )
}

/// A buffer that never grows beyond its limit: what a few bytes stand for may be a thousand times
/// as many.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(piece.len()) > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Undoes the encoding of a body. Others than these were refused before.
enum Sink {
    Plain(Bounded),
    Gzip(Box<GzDecoder<Bounded>>),
    Deflate(Box<ZlibDecoder<Bounded>>),
}

impl Sink {
    fn of(request: &HttpRequest, limit: usize) -> Self {
        let bytes = Vec::new();
        let inner = Bounded { bytes, limit };
        let encoding = request.headers().get(header::CONTENT_ENCODING);
        let encoding = encoding.map_or(&b""[..], |encoding| encoding.as_bytes().trim_ascii());
        if encoding.eq_ignore_ascii_case(b"gzip") {
            Self::Gzip(Box::new(GzDecoder::new(inner)))
        } else if encoding.eq_ignore_ascii_case(b"deflate") {
            Self::Deflate(Box::new(ZlibDecoder::new(inner)))
        } else {
            Self::Plain(inner)
        }
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), Problem> {
        let written = match self {
            Self::Plain(inner) => inner.write_all(piece),
            Self::Gzip(decoder) => decoder.write_all(piece),
            Self::Deflate(decoder) => decoder.write_all(piece),
        };
        written.map_err(|error| fault(&error))
    }

    /// Bytes that are kept so far.
    fn held(&self) -> usize {
        let inner = match self {
            Self::Plain(inner) => inner,
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Deflate(decoder) => decoder.get_ref(),
        };
        inner.bytes.len()
    }

    fn finish(self) -> Result<Bytes, Problem> {
        let inner = match self {
            Self::Plain(inner) => Ok(inner),
            Self::Gzip(decoder) => decoder.finish(),
            Self::Deflate(decoder) => decoder.finish(),
        };
        let inner = inner.map_err(|error| fault(&error))?;
        Ok(Bytes::from(inner.bytes))
    }
}

fn fault(error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return too_large();
    }
    Problem::new(Kind::Unreadable, "the body is not encoded as it says")
}
