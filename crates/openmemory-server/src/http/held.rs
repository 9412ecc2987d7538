//! How long is a place taken? Until the answer's last byte has been handed to the system: an answer that nobody reads
//! takes memory all the while.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

/// The response, which keeps `held` until it is sent.
pub fn until_sent(response: Response, held: impl Send + Sync + 'static) -> Response {
    let held: Arc<dyn Send + Sync> = Arc::new(held);
    response.map(|body| Body::new(Held { body, held }))
}

struct Held {
    body: Body,
    held: Arc<dyn Send + Sync>,
}

/// A part of a body; hyper drops it when it is written.
struct Part {
    bytes: Bytes,
    _held: Arc<dyn Send + Sync>,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let held = Arc::clone(&self.held);
        let part = |bytes| Bytes::from_owner(Part { bytes, _held: held });
        Pin::new(&mut self.body)
            .poll_frame(context)
            .map(|frame| frame.map(|frame| frame.map(|frame| frame.map_data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
