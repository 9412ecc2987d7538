//! How does a long operation report progress? A client that accepts JSON lines gets progress lines, and the result or the
//! error as the last line. Other clients get only the result.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use openmemory_rules::Error;
use openmemory_rules::contract::Control;
use serde_json::{Value, json};
use tokio::task::spawn;
use tracing::Instrument;

use super::{ApiError, ApiResult, CancelOnDisconnect, log_late_error, stream_body};

pub const JSON_LINES: &str = "application/jsonl";

/// Whether a client wants progress lines.
pub struct Progress {
    lines: bool,
    /// Cancelled when the client disconnects.
    control: Arc<Control>,
}

impl Progress {
    pub async fn follow<F>(self, work: impl FnOnce(Arc<Control>) -> F) -> ApiResult
    where
        F: Future<Output = Result<Value, Error>> + Send + 'static,
    {
        if !self.lines {
            return Ok(Json(work(self.control).await?).into_response());
        }
        let (sender, stream) = stream_body();
        // A weak sender: the body owns the control, so a strong one here would keep the stream open forever.
        let reports = sender.downgrade();
        let control = Arc::new(Control::new(move |done, total| {
            // If the queue is full, skip this report: the next one supersedes it.
            let report = || Ok(line(&json!({ "done": done, "total": total })));
            let _ = reports.upgrade().map(|sender| sender.try_send(report()));
        }));
        let work = work(Arc::clone(&control));
        let finish = async move {
            let last = work.await.unwrap_or_else(|error| {
                let body = ApiError::from(error).error_body();
                log_late_error(&body);
                body.to_json()
            });
            let _ = sender.send(Ok(line(&last))).await;
        };
        spawn(finish.in_current_span());
        let kind = [(header::CONTENT_TYPE, JSON_LINES)];
        Ok((StatusCode::OK, kind, stream.into_body(CancelOnDisconnect(control))).into_response())
    }
}

impl<S: Sync> FromRequestParts<S> for Progress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let accepts = parts.headers.get_all(header::ACCEPT).iter();
        let lines = accepts.filter_map(|value| value.to_str().ok()).any(|value| value.contains(JSON_LINES));
        let control = parts.extensions.get::<Arc<Control>>().cloned().unwrap_or_default();
        Ok(Self { lines, control })
    }
}

fn line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}
