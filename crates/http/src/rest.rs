//! The rest of a chunked body that nobody reads: its connection ends with the answer.
//!
//! The framework would read such a rest to its end, which need not come: whoever goes on sending
//! holds the connection, as fast or as slow as it likes. It ends a connection whose body is still
//! being waited for when the answer has been sent, so the answer holds on to the body.

use crate::connections::Busy;
use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::web::Bytes;
use futures_util::{Stream, stream};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What may be left of a chunked body.
pub struct Rest {
    _payload: Rc<RefCell<Payload>>,
}

impl Rest {
    /// Keeps a hand on the body of a request; `None` where its length was told, because then the
    /// framework ends the connection itself.
    pub fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !request.chunked().unwrap_or(true) {
            return None;
        }
        let kept = Rc::new(RefCell::new(request.take_payload()));
        let read = Rc::clone(&kept);
        let stream = stream::poll_fn(move |context| {
            let mut payload = read.borrow_mut();
            Pin::new(&mut *payload).poll_next(context)
        });
        let payload = Box::pin(stream);
        request.set_payload(Payload::Stream { payload });
        Some(Self { _payload: kept })
    }
}

/// An answer that holds on to the rest of the body it answers, and to its connection.
pub struct Holding {
    pub body: BoxBody,
    pub _rest: Option<Rest>,
    pub _busy: Option<Busy>,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
