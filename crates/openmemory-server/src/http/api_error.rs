//! How does a request fail? With a status and a body that stay the same for each kind of failure. Details that clients
//! must not see go to the log only.

use std::sync::Arc;

use crate::facade::FacadeError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use openmemory_domain::{ErrorCode, Invalid};
use openmemory_rules::Error;
use serde_json::{Map, Value, json};

/// `Retry-After` for a failed store, in seconds. Every request tries to reopen the store, which takes less time.
const STORE_RETRY_SECONDS: u64 = 1;

pub type ApiResult = Result<Response, ApiError>;

#[derive(Debug, Clone)]
pub enum ApiError {
    Engine(Error),
    /// `If-Match` names another version than the current one.
    Precondition(Error),
    /// `If-Match` has a weak ETag, which never matches.
    WeakEtag,
    Unauthorized,
    Forbidden(&'static str),
    /// Seconds to wait.
    RateLimited(u64),
    /// The limit in bytes.
    TooLarge(u64),
    TimedOut,
    TooManyWatches,
    /// The tenant has reached its limit of concurrent requests.
    Busy,
    /// A store of any tenant has failed and has not been reopened.
    NotReady,
    NoRoute,
    NoMethod,
    NoWebhook,
    /// Its id, as it was asked for.
    NoEvent(String),
    /// The `Idempotency-Key` was used for a different request.
    OtherRequest,
    /// The feature needs a language model or the hosted service.
    Unsupported(String),
    /// As the program around the server tells it.
    Facade(Box<FacadeError>),
    Panicked,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Invalid> for ApiError {
    fn from(mut invalid: Invalid) -> Self {
        if invalid.field.is_empty() {
            invalid.field = "body".into();
        }
        Self::Engine(invalid.into())
    }
}

impl ApiError {
    pub fn invalid(field: &str, problem: &str) -> Self {
        Invalid::argument(field, problem).into()
    }

    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Engine(error) | Self::Precondition(error) => error.code(),
            Self::WeakEtag => ErrorCode::VersionConflict,
            Self::Unauthorized => ErrorCode::Unauthorized,
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::RateLimited(_) => ErrorCode::RateLimited,
            Self::TooLarge(_) => ErrorCode::LimitExceeded,
            Self::TimedOut => ErrorCode::Timeout,
            Self::TooManyWatches | Self::Busy | Self::NotReady => ErrorCode::Unavailable,
            Self::NoRoute | Self::NoWebhook | Self::NoEvent(_) => ErrorCode::NotFound,
            Self::NoMethod | Self::OtherRequest | Self::Unsupported(_) => ErrorCode::InvalidArgument,
            Self::Facade(error) => {
                let known = ErrorCode::ALL.into_iter().find(|code| code.as_str() == error.code);
                known.unwrap_or(ErrorCode::Internal)
            }
            Self::Panicked => ErrorCode::Internal,
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Precondition(_) | Self::WeakEtag => StatusCode::PRECONDITION_FAILED,
            Self::NoMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Engine(error) if is_upload_error(error) => StatusCode::BAD_REQUEST,
            _ => status_of(self.code()),
        }
    }

    /// Seconds.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited(seconds) => Some(*seconds),
            Self::NotReady | Self::Engine(Error::StoreFailed) => Some(STORE_RETRY_SECONDS),
            _ => None,
        }
    }

    /// The message for the client, without file names, model names or internal causes.
    fn message(&self) -> String {
        match self {
            Self::Engine(error) | Self::Precondition(error) => public_message(error),
            Self::WeakEtag => {
                "If-Match: a weak ETag (W/…) never matches; proxies that compress responses make ETags weak, \
                               so send the version in quotes, without W/"
                    .into()
            }
            Self::Unauthorized => {
                "an API key is required; send it as X-API-Key, or as Authorization: Bearer or Token".into()
            }
            Self::Forbidden(why) => (*why).into(),
            Self::RateLimited(seconds) => format!("too many requests; retry after {seconds} s"),
            Self::TooLarge(limit) => format!("the body exceeds the limit of {limit} bytes"),
            Self::TimedOut => "the request timed out; a write may still be applied".into(),
            Self::TooManyWatches => "too many watches are open; retry later".into(),
            Self::Busy => "the tenant has too many concurrent requests; retry later".into(),
            Self::NotReady => "a store has failed and has not been reopened yet; retry later".into(),
            Self::NoRoute => "there is no such route; GET /openapi.json lists all routes".into(),
            Self::NoWebhook => "there is no such webhook; list them to see which there are".into(),
            Self::NoEvent(id) => format!("there is no event {id}; GET /v1/events/ lists those there are"),
            Self::NoMethod => {
                "the route does not support this method; the Allow header lists the supported ones".into()
            }
            Self::OtherRequest => "the Idempotency-Key was already used for a different request".into(),
            Self::Unsupported(why) => why.clone(),
            Self::Facade(error) => error.message.clone(),
            Self::Panicked => "internal error; see the server's log".into(),
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Engine(error) | Self::Precondition(error) => error.field(),
            Self::Facade(error) => error.field.as_deref(),
            Self::TooLarge(_) => Some("body"),
            Self::OtherRequest => Some("Idempotency-Key"),
            Self::WeakEtag => Some("If-Match"),
            _ => None,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Engine(error) | Self::Precondition(error) => {
                let public = is_upload_error(error) || status_of(error.code()) != StatusCode::INTERNAL_SERVER_ERROR;
                error.details().filter(|_| public)
            }
            Self::Facade(error) => error.details.clone(),
            Self::NoEvent(id) => Some(json!({ "id": id })),
            _ => None,
        }
    }

    fn retryable(&self) -> bool {
        match self {
            Self::Engine(error) | Self::Precondition(error) => error.retryable(),
            Self::Facade(error) => error.retryable,
            _ => self.code().retryable(),
        }
    }

    /// The cause, for the log only.
    fn internal_cause(&self) -> Option<String> {
        match self {
            Self::Engine(error) | Self::Precondition(error) if is_internal(error) => Some(error.to_string()),
            // The panic message may contain a memory's text. The process's standard error has it.
            Self::Panicked => Some("a handler panicked".into()),
            _ => None,
        }
    }

    pub fn error_body(&self) -> ErrorBody {
        ErrorBody {
            status: self.status(),
            code: self.code(),
            message: self.message(),
            field: self.field().map(str::to_owned),
            details: self.details(),
            retryable: self.retryable(),
            internal_cause: self.internal_cause().map(Arc::from),
        }
    }
}

/// An error as it is sent. Error responses carry it as an extension, so that each protocol can format it.
#[derive(Debug, Clone)]
pub struct ErrorBody {
    pub status: StatusCode,
    pub code: ErrorCode,
    pub message: String,
    pub field: Option<String>,
    pub details: Option<Value>,
    /// Whether the same request can succeed later without a change.
    pub retryable: bool,
    /// For the log only.
    pub internal_cause: Option<Arc<str>>,
}

impl ErrorBody {
    pub fn to_json(&self) -> Value {
        let mut body = Map::new();
        let err = if self.status == StatusCode::BAD_REQUEST && self.code != ErrorCode::MissingId {
            "invalid"
        } else {
            self.code.err()
        };
        body.insert("err".into(), err.into());
        if self.code == ErrorCode::VersionConflict
            && let Some(version) = self.details.as_ref().and_then(|details| details.get("version"))
        {
            body.insert("version".into(), version.clone());
        }
        body.insert("code".into(), self.code.as_str().into());
        body.insert("message".into(), self.message.clone().into());
        if let Some(field) = &self.field {
            body.insert("field".into(), field.clone().into());
        }
        if let Some(details) = &self.details {
            body.insert("details".into(), details.clone());
        }
        body.insert("retryable".into(), self.retryable.into());
        Value::Object(body)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = self.error_body();
        let mut response = (error.status, Json(error.to_json())).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if matches!(self, Self::Unauthorized) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(error);
        response
    }
}

/// The error of one item of a batch, without internal causes.
pub fn public_error(error: &Error) -> Value {
    let mut fields = error.to_json();
    if is_internal(error) {
        fields = json!({
            "code": error.code(),
            "message": public_message(error),
            "retryable": error.retryable(),
        });
    }
    fields
}

fn status_of(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Whether the engine's message may contain file names, model names or internal causes.
fn is_internal(error: &Error) -> bool {
    let code = error.code();
    let internal = status_of(code) == StatusCode::INTERNAL_SERVER_ERROR && !is_upload_error(error);
    internal || matches!(code, ErrorCode::Locked | ErrorCode::Closed)
}

/// Whether the error is in lines that the client uploaded.
fn is_upload_error(error: &Error) -> bool {
    matches!(error, Error::DamagedExport { .. } | Error::ExportVersion { .. })
}

fn public_message(error: &Error) -> String {
    if is_upload_error(error) {
        return error.to_string();
    }
    match error.code() {
        ErrorCode::ModelMismatch => "the store was embedded with another model; POST /reindex embeds it again".into(),
        ErrorCode::ModelUnavailable => "the embedding model cannot be loaded; see the server's log".into(),
        ErrorCode::EmbeddingFailed => {
            "the text could not be embedded, and nothing was changed; see the server's log".into()
        }
        ErrorCode::LanguageModelFailed => {
            "the language model gave no usable answer, and no memory was changed; see the server's log".into()
        }
        ErrorCode::Corrupted => "a record fails its checksum; see the server's log".into(),
        ErrorCode::Locked => "another process has the store open".into(),
        ErrorCode::Closed => "the server is shutting down".into(),
        _ if is_internal(error) => "internal error; see the server's log".into(),
        _ => error.to_string(),
    }
}
