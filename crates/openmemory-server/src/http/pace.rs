//! Does a body arrive fast enough? A large body may take hours, as long as the client keeps a minimum rate.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use super::ApiError;

/// Minimum rate of a client, averaged over the window.
const MIN_BYTES_PER_SECOND: u64 = 16 << 10;

/// A body that must keep the minimum rate.
pub struct Paced {
    body: Body,
    /// The longest time without enough bytes.
    window: Duration,
    waited: Duration,
    received: u64,
}

impl Paced {
    pub fn new(body: Body, window: Duration) -> Self {
        Self { body, window, waited: Duration::ZERO, received: 0 }
    }

    /// The next bytes; none at the end. Only time spent waiting here counts, not the processing of the bytes.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let started = Instant::now();
        let frame = timeout(self.window.saturating_sub(self.waited), self.body.frame()).await;
        let frame = match frame.map_err(|_| ApiError::TimedOut)? {
            None => return Ok(None),
            Some(frame) => frame.map_err(|_| ApiError::invalid("body", "ended too early"))?,
        };
        let bytes = frame.into_data().unwrap_or_default();
        self.waited += started.elapsed();
        self.received += bytes.len() as u64;
        if self.received >= MIN_BYTES_PER_SECOND * self.window.as_secs() {
            (self.waited, self.received) = (Duration::ZERO, 0);
        }
        Ok(Some(bytes))
    }

    pub fn into_inner(self) -> Body {
        self.body
    }
}
