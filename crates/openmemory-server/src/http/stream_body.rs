//! How is a response sent while it is being produced? In chunks, as fast as the client reads them.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use openmemory_rules::Error;
use tokio::sync::mpsc;

/// Chunks that may wait for the client.
const QUEUE_DEPTH: usize = 4;

/// Sends chunks. An error aborts the response, so that clients notice that it is incomplete.
pub type ChunkSender = mpsc::Sender<Result<Bytes, Error>>;

/// Receives chunks.
pub struct ChunkStream {
    chunks: mpsc::Receiver<Result<Bytes, Error>>,
    first: Option<Bytes>,
}

pub fn stream_body() -> (ChunkSender, ChunkStream) {
    let (sender, chunks) = mpsc::channel(QUEUE_DEPTH);
    (sender, ChunkStream { chunks, first: None })
}

impl ChunkStream {
    /// Waits for the first chunk. An error before it can still be sent as an error response.
    pub async fn wait_for_first(mut self) -> Result<Self, Error> {
        self.first = self.chunks.recv().await.transpose()?;
        Ok(self)
    }

    /// The response body. It drops `guard` when it has been sent or the client disconnects.
    pub fn into_body(self, guard: impl Send + Unpin + 'static) -> Body {
        Body::new(StreamedBody { stream: self, _guard: guard })
    }
}

struct StreamedBody<G> {
    stream: ChunkStream,
    _guard: G,
}

impl<G: Send + Unpin + 'static> HttpBody for StreamedBody<G> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(first) = self.stream.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        self.stream.chunks.poll_recv(context).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}
