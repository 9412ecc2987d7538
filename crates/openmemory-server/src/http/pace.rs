//! Does a body come fast enough? A client may take hours over a large one, but not for every few bytes.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use super::ApiError;

/// Bytes a second that a client sends at least, on average over the time for which it may send nothing.
const SLOWEST: u64 = 16 << 10;

/// A body that is read for as long as it keeps pace.
pub struct Paced {
    body: Body,
    patience: Duration,
    waited: Duration,
    received: u64,
}

impl Paced {
    pub fn new(body: Body, patience: Duration) -> Self {
        Self { body, patience, waited: Duration::ZERO, received: 0 }
    }

    /// The next bytes; none at the end. Only the time spent here counts, and not what is done with the bytes.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let began = Instant::now();
        let frame = timeout(self.patience.saturating_sub(self.waited), self.body.frame()).await;
        let frame = match frame.map_err(|_| ApiError::TimedOut)? {
            None => return Ok(None),
            Some(frame) => frame.map_err(|_| ApiError::invalid("body", "ended too early"))?,
        };
        let bytes = frame.into_data().unwrap_or_default();
        self.waited += began.elapsed();
        self.received += bytes.len() as u64;
        if self.received >= SLOWEST * self.patience.as_secs() {
            (self.waited, self.received) = (Duration::ZERO, 0);
        }
        Ok(Some(bytes))
    }

    pub fn into_inner(self) -> Body {
        self.body
    }
}
