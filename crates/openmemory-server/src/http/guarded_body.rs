//! How long is a permit held? Until the last byte of the response has been handed to the operating system, because an
//! unread response stays in memory until then.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

/// The response, which drops `guard` once it has been sent.
pub fn hold_until_sent(response: Response, guard: impl Send + Sync + 'static) -> Response {
    let guard: Arc<dyn Send + Sync> = Arc::new(guard);
    response.map(|body| Body::new(GuardedBody { body, guard }))
}

struct GuardedBody {
    body: Body,
    guard: Arc<dyn Send + Sync>,
}

/// A chunk of a body. hyper drops it once it has been written.
struct GuardedChunk {
    bytes: Bytes,
    _guard: Arc<dyn Send + Sync>,
}

impl AsRef<[u8]> for GuardedChunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let guard = Arc::clone(&self.guard);
        let chunk = |bytes| Bytes::from_owner(GuardedChunk { bytes, _guard: guard });
        Pin::new(&mut self.body)
            .poll_frame(context)
            .map(|frame| frame.map(|frame| frame.map(|frame| frame.map_data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
