//! How does long work tell how far it is? To a client that accepts JSON lines: a line now and then, and the answer or the
//! refusal as the last one. Others get the answer alone.

use openmemory_rules::contract::Control;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use openmemory_rules::Error;
use serde_json::{Value, json};
use tokio::task::spawn;
use tracing::Instrument;

use super::{Answer, ApiError, CancelOnDisconnect, note, stream_body};

pub const JSON_LINES: &str = "application/jsonl";

/// How a request wants to follow long work.
pub struct Progress {
    lines: bool,
    /// Trips when the client has gone.
    control: Arc<Control>,
}

impl Progress {
    pub async fn follow<F>(self, work: impl FnOnce(Arc<Control>) -> F) -> Answer
    where
        F: Future<Output = Result<Value, Error>> + Send + 'static,
    {
        if !self.lines {
            return Ok(Json(work(self.control).await?).into_response());
        }
        let (pieces, taken) = stream_body();
        // Weak, since the body holds the control: it ends when the work has let go of the pieces.
        let reports = pieces.downgrade();
        let control = Arc::new(Control::new(move |done, total| {
            // One that finds no room is left out: the next one says more.
            let report = || Ok(line(&json!({ "done": done, "total": total })));
            let _ = reports.upgrade().map(|pieces| pieces.try_send(report()));
        }));
        let work = work(Arc::clone(&control));
        let finish = async move {
            let last = work.await.unwrap_or_else(|error| {
                let told = ApiError::from(error).told();
                note(&told);
                told.body()
            });
            let _ = pieces.send(Ok(line(&last))).await;
        };
        spawn(finish.in_current_span());
        let kind = [(header::CONTENT_TYPE, JSON_LINES)];
        Ok((StatusCode::OK, kind, taken.into_body(CancelOnDisconnect(control))).into_response())
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
