//! Is the body whole, small enough, and JSON? It is read before anything else is done.

use std::sync::Arc;

use axum::body::{Body as AxumBody, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use tokio::time::timeout;

use super::Failure;
use crate::app::App;

/// Bytes of a refused body that are read and thrown away.
const PATIENCE_BYTES: usize = 256 << 20;

/// Reads the body, so that handlers find it in memory. Of one that is too long nothing is kept.
pub async fn buffer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/import" {
        return next.run(request).await;
    }
    let limit = if takes_many(&request) { app.limits.batch_bytes } else { app.limits.body_bytes };
    let (parts, mut body) = request.into_parts();
    let told = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|length| length > limit) {
        let_pass(&app, body).await;
        return Failure::TooLarge(limit as u64).into_response();
    }
    match timeout(app.limits.receive(), Limited::new(&mut body, limit).collect()).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, body.to_bytes().into())).await,
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            let_pass(&app, body).await;
            Failure::TooLarge(limit as u64).into_response()
        }
        Ok(Err(_)) => Failure::invalid("body", "ended too early").into_response(),
        Err(_) => Failure::TimedOut.into_response(),
    }
}

/// Reads a body that is refused and throws it away: a client that is cut off while it sends never reads why.
pub(super) async fn let_pass(app: &App, mut body: AxumBody) {
    let pass = async {
        let mut passed = 0;
        while passed < PATIENCE_BYTES
            && let Some(Ok(frame)) = body.frame().await
        {
            passed += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    let _ = timeout(app.limits.receive(), pass).await;
}

fn takes_many(request: &Request) -> bool {
    let path = request.uri().path();
    *request.method() != Method::GET && (path.ends_with("/batch") || path == "/memory/delete" || path.starts_with("/v"))
}

/// The body as JSON.
pub struct Body(pub Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let body = request.into_body().collect().await;
        let bytes = body.map_err(|_| Failure::invalid("body", "ended too early"))?.to_bytes();
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::invalid("body", "is missing; send a JSON object"));
        }
        let read = serde_json::from_slice(&bytes);
        // The parser's message names the place in the text, and nothing of ours.
        read.map(Self).map_err(|error| Failure::invalid("body", &format!("is not JSON: {error}")))
    }
}
