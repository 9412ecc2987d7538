//! How is an answer sent that is not there yet as a whole? Piece by piece, as fast as the client takes them.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use openmemory_rules::Error;
use tokio::sync::mpsc;

/// Pieces that wait for the client.
const QUEUE_DEPTH: usize = 4;

/// Where pieces go. A failure cuts the answer off, so that nobody takes it for whole.
pub type ChunkSender = mpsc::Sender<Result<Bytes, Error>>;

/// Pieces as they come.
pub struct ChunkStream {
    pieces: mpsc::Receiver<Result<Bytes, Error>>,
    first: Option<Bytes>,
}

pub fn stream_body() -> (ChunkSender, ChunkStream) {
    let (sender, pieces) = mpsc::channel(QUEUE_DEPTH);
    (sender, ChunkStream { pieces, first: None })
}

impl ChunkStream {
    /// Waits for the first piece: a failure until then can still be told.
    pub async fn begun(mut self) -> Result<Self, Error> {
        self.first = self.pieces.recv().await.transpose()?;
        Ok(self)
    }

    /// A body; `held` lives as long as somebody reads it.
    pub fn into_body(self, held: impl Send + Unpin + 'static) -> Body {
        Body::new(Streamed { taken: self, _held: held })
    }
}

struct Streamed<H> {
    taken: ChunkStream,
    _held: H,
}

impl<H: Send + Unpin + 'static> HttpBody for Streamed<H> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(first) = self.taken.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        self.taken.pieces.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
