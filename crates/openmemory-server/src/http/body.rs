//! Is the body complete, within its limits, and JSON? It is read before the handler runs.

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
use tokio::time::timeout;

use super::ApiError;
use crate::app_state::AppState;
use crate::blocking::blocking;
use crate::keys::Caller;

/// Bytes of a rejected body that are read and discarded.
const MAX_DRAINED_BYTES: usize = 256 << 20;
/// Largest body, in bytes, that is parsed on an async worker thread. The runtime has two of them.
pub(super) const INLINE_BYTES: usize = 64 << 10;
/// Smallest budget, in bytes of memory, for the parsed values of a body. The largest valid memory fits into it.
const MIN_VALUE_BYTES: usize = 16 << 20;

/// Bytes of memory that the parsed values of a body may take.
#[derive(Debug, Clone, Copy)]
struct ValueBudget(usize);

/// Reads the body into memory for the handler. A body over the limit is discarded.
pub async fn buffer(State(app): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/import" || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let limit = if is_batch(&request) { app.limits.batch_bytes } else { app.limits.body_bytes };
    let (mut parts, mut body) = request.into_parts();
    let declared =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        drain(&app, body).await;
        return ApiError::TooLarge(limit as u64).into_response();
    }
    // Reserve the largest possible size before receiving anything: a request that holds part of its quota and waits for
    // the rest could deadlock with another one.
    let mut permit = match parts.extensions.get::<Caller>() {
        Some(caller) => app.permits.bodies.acquire(caller, kib(declared.unwrap_or(limit))).await,
        None => None,
    };
    let received = timeout(app.limits.receive(), Limited::new(&mut body, limit).collect()).await;
    let bytes = match received {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            drop(permit);
            drain(&app, body).await;
            return ApiError::TooLarge(limit as u64).into_response();
        }
        Ok(Err(_)) => return ApiError::invalid("body", "ended too early").into_response(),
        Err(_) => return ApiError::TimedOut.into_response(),
    };
    if let Some(permit) = &mut permit {
        permit.shrink(kib(bytes.len()));
    }
    parts.extensions.insert(ValueBudget((2 * limit).max(MIN_VALUE_BYTES)));
    next.run(Request::from_parts(parts, bytes.into())).await
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX)
}

/// Reads and discards a rejected body. A client whose connection is reset while it sends never reads the error.
pub(super) async fn drain(app: &AppState, mut body: AxumBody) {
    let discard = async {
        let mut drained = 0;
        while drained < MAX_DRAINED_BYTES
            && let Some(Ok(frame)) = body.frame().await
        {
            drained += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    let _ = timeout(app.limits.receive(), discard).await;
}

fn is_batch(request: &Request) -> bool {
    let path = request.uri().path();
    *request.method() != Method::GET
        && (path.ends_with("/batch") || path == "/memory/delete" || path == "/memory/learn" || path.starts_with("/v"))
}

/// The body as JSON.
pub struct Body(pub Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        LargeBody::from_request(request, state).await?.read(Ok).await.map(Self)
    }
}

/// A body with many items, whose parsing may take long enough to block a worker thread.
pub struct LargeBody {
    bytes: Bytes,
    value_budget: usize,
}

impl LargeBody {
    /// Parses the body and converts it with `read`. A long body is parsed on a blocking thread.
    pub async fn read<T: Send + 'static>(
        self,
        read: impl FnOnce(Value) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let Self { bytes, value_budget } = self;
        let inline = bytes.len() <= INLINE_BYTES;
        let read = move || read(value(&bytes, value_budget)?);
        if inline { read() } else { blocking(move || Ok(read())).await? }
    }
}

impl<S: Send + Sync> FromRequest<S> for LargeBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let value_budget = request.extensions().get().map_or(MIN_VALUE_BYTES, |budget: &ValueBudget| budget.0);
        let body = request.into_body().collect().await;
        let bytes = body.map_err(|_| ApiError::invalid("body", "ended too early"))?.to_bytes();
        Ok(Self { bytes, value_budget })
    }
}

fn value(bytes: &[u8], value_budget: usize) -> Result<Value, ApiError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::invalid("body", "is missing; send a JSON object"));
    }
    json::read(bytes, value_budget).map_err(|unreadable| match unreadable {
        // The parser's message contains a line and a column, and nothing internal.
        Unreadable::Syntax(error) => ApiError::invalid("body", &format!("is not JSON: {error}")),
        Unreadable::TooManyValues => {
            Invalid::limit("body", "has too many values; split it into several requests").into()
        }
    })
}
