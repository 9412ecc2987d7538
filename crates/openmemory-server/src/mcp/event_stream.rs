//! How are messages sent before an answer? As server-sent events, of which the answer is the last.

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, spawn};
use tracing::Instrument;

use super::call::McpAnswer;
use crate::http::stream_body;

/// Messages that may wait for the host; it misses those that come while there are more.
pub const EVENTS: usize = 16;

/// The messages of an answer that is still worked on. If the host hangs up, the answer is dropped.
pub fn event_stream(first: String, mut received: mpsc::Receiver<String>, mut answer: McpAnswer) -> Response {
    let (sender, stream) = stream_body();
    let work = async move {
        let _ = sender.send(Ok(event(&first))).await;
        let answered = loop {
            tokio::select! {
                biased;
                Some(message) = received.recv() => {
                    let _ = sender.send(Ok(event(&message))).await;
                }
                answered = &mut answer => break answered,
            }
        };
        // Nothing is answered to a request that was cancelled, and by a program that has ended.
        if let Some(last) = answered.ok().and_then(|answered| answered.body) {
            let _ = sender.send(Ok(event(&last))).await;
        }
    };
    let work = spawn(work.in_current_span());
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")];
    (headers, [("x-accel-buffering", "no")], stream.into_body(EndOnDisconnect(work.abort_handle()))).into_response()
}

/// JSON text has no line breaks.
fn event(message: &str) -> Bytes {
    format!("event: message\ndata: {message}\n\n").into()
}

struct EndOnDisconnect(AbortHandle);

impl Drop for EndOnDisconnect {
    fn drop(&mut self) {
        self.0.abort();
    }
}
