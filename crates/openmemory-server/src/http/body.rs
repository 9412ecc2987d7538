//! Is the body whole, small enough, and JSON? It is read before anything else is done.

use std::sync::Arc;

use axum::body::{Body as AxumBody, Bytes, HttpBody};
use axum::extract::{FromRequest, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use openmemory_domain::Invalid;
use openmemory_domain::json::{self, Unreadable};
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::ApiError;
use crate::app_state::AppState;
use crate::keys::Caller;

/// Bytes of a refused body that are read and thrown away.
const PATIENCE_BYTES: usize = 256 << 20;
/// Bytes of a body that is read by the threads that serve everybody; they are two.
pub(super) const SMALL: usize = 64 << 10;
/// Bytes that the values of any body may take in memory: the largest memory with the richest metadata takes less.
const LEAST_VALUES: usize = 16 << 20;

/// Bytes that the values of a request's body may take.
#[derive(Debug, Clone, Copy)]
struct MostValues(usize);

/// Reads the body, so that handlers find it in memory. Of one that is too long nothing is kept.
pub async fn buffer(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/import" || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let limit = if takes_many(&request) { app.limits.batch_bytes } else { app.limits.body_bytes };
    let (mut parts, mut body) = request.into_parts();
    let told = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|length| length > limit) {
        let_pass(&app, body).await;
        return ApiError::TooLarge(limit as u64).into_response();
    }
    // Room for the longest that it can be, before any of it is received: who already holds a part never waits for more.
    let mut room = match parts.extensions.get::<Caller>() {
        Some(caller) => app.places.bodies.acquire(caller, kib(told.unwrap_or(limit))).await,
        None => None,
    };
    let received = timeout(app.limits.receive(), Limited::new(&mut body, limit).collect()).await;
    let bytes = match received {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            drop(room);
            let_pass(&app, body).await;
            return ApiError::TooLarge(limit as u64).into_response();
        }
        Ok(Err(_)) => return ApiError::invalid("body", "ended too early").into_response(),
        Err(_) => return ApiError::TimedOut.into_response(),
    };
    if let Some(room) = &mut room {
        room.shrink(kib(bytes.len()));
    }
    parts.extensions.insert(MostValues((2 * limit).max(LEAST_VALUES)));
    next.run(Request::from_parts(parts, bytes.into())).await
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX)
}

/// Reads a body that is refused and throws it away: a client that is cut off while it sends never reads why.
pub(super) async fn let_pass(app: &AppState, mut body: AxumBody) {
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
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        LargeBody::from_request(request, state).await?.read(Ok).await.map(Self)
    }
}

/// A body that holds many items; reading it takes long enough to keep others waiting.
pub struct LargeBody {
    bytes: Bytes,
    most_values: usize,
}

impl LargeBody {
    /// What `read` makes of the JSON. A long body is read on a thread that may block.
    pub async fn read<T: Send + 'static>(
        self,
        read: impl FnOnce(Value) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let Self { bytes, most_values } = self;
        let small = bytes.len() <= SMALL;
        let read = move || read(value(&bytes, most_values)?);
        if small { read() } else { spawn_blocking(read).await.unwrap_or(Err(ApiError::Panicked)) }
    }
}

impl<S: Send + Sync> FromRequest<S> for LargeBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let most_values = request.extensions().get().map_or(LEAST_VALUES, |most: &MostValues| most.0);
        let body = request.into_body().collect().await;
        let bytes = body.map_err(|_| ApiError::invalid("body", "ended too early"))?.to_bytes();
        Ok(Self { bytes, most_values })
    }
}

fn value(bytes: &[u8], most_values: usize) -> Result<Value, ApiError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::invalid("body", "is missing; send a JSON object"));
    }
    json::read(bytes, most_values).map_err(|unreadable| match unreadable {
        // The parser's message names the place in the text, and nothing of ours.
        Unreadable::Syntax(error) => ApiError::invalid("body", &format!("is not JSON: {error}")),
        Unreadable::TooManyValues => Invalid::limit("body", "holds too many values; send fewer at once").into(),
    })
}
