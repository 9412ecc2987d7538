//! How is a refusal told? By a status and a body that never changes for a failure; what a stranger must not see stays in
//! the log.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use openmemory_domain::{ErrorCode, Invalid};
use openmemory_rules::Error;
use serde_json::{Map, Value, json};

/// Seconds after which a store that has failed may be open again. Opening takes less, and is tried by each request.
const TIME_TO_HEAL: u64 = 1;

pub type Answer = Result<Response, ApiError>;

#[derive(Debug, Clone)]
pub enum ApiError {
    Engine(Error),
    /// `If-Match` named another version.
    Precondition(Error),
    /// `If-Match` had an ETag that never matches.
    WeakEtag,
    Unauthorized,
    Forbidden(&'static str),
    /// Seconds to wait.
    RateLimited(u64),
    /// Bytes that a body may have.
    TooLarge(u64),
    TimedOut,
    TooManyWatches,
    /// As many requests of the tenant are under way as may be.
    Busy,
    /// A store, be it another tenant's, has failed and is not open again.
    NotReady,
    NoRoute,
    NoMethod,
    /// A write was repeated with a key that stands for another one.
    OtherRequest,
    /// What needs a language model, which this server does not have.
    Unsupported(String),
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
            Self::NoRoute => ErrorCode::NotFound,
            Self::NoMethod | Self::OtherRequest | Self::Unsupported(_) => ErrorCode::InvalidArgument,
            Self::Panicked => ErrorCode::Internal,
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Precondition(_) | Self::WeakEtag => StatusCode::PRECONDITION_FAILED,
            Self::NoMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Engine(error) if is_of_upload(error) => StatusCode::BAD_REQUEST,
            _ => status_of(self.code()),
        }
    }

    /// Seconds.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited(seconds) => Some(*seconds),
            Self::NotReady | Self::Engine(Error::StoreFailed) => Some(TIME_TO_HEAL),
            _ => None,
        }
    }

    /// What a stranger may read: nothing of files, models or faults.
    fn message(&self) -> String {
        match self {
            Self::Engine(error) | Self::Precondition(error) => public_message(error),
            Self::WeakEtag => {
                "If-Match: a weak ETag (W/…) never matches; proxies that compress answers make ETags weak, \
                               so send the version in quotes, without W/"
                    .into()
            }
            Self::Unauthorized => {
                "a key is needed: in the header X-API-Key, or as Authorization: Bearer or Token".into()
            }
            Self::Forbidden(why) => (*why).into(),
            Self::RateLimited(seconds) => format!("too many requests; try again in {seconds} s"),
            Self::TooLarge(limit) => format!("the body has at most {limit} bytes"),
            Self::TimedOut => "the request took too long; a write may still be applied".into(),
            Self::TooManyWatches => "too many watches are open; try again later".into(),
            Self::Busy => "too many requests of the key's tenant are under way; try again later".into(),
            Self::NotReady => "a store of the server has failed and is not open again yet; try again later".into(),
            Self::NoRoute => "there is no such route; GET /openapi.json lists all".into(),
            Self::NoMethod => "the route does not take this method; the header Allow lists those that it takes".into(),
            Self::OtherRequest => "the Idempotency-Key belongs to another request".into(),
            Self::Unsupported(why) => why.clone(),
            Self::Panicked => "an internal fault; the server's log says more".into(),
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Engine(error) | Self::Precondition(error) => error.field(),
            Self::TooLarge(_) => Some("body"),
            Self::OtherRequest => Some("Idempotency-Key"),
            Self::WeakEtag => Some("If-Match"),
            _ => None,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Engine(error) | Self::Precondition(error) => {
                let public = is_of_upload(error) || status_of(error.code()) != StatusCode::INTERNAL_SERVER_ERROR;
                error.details().filter(|_| public)
            }
            _ => None,
        }
    }

    fn retryable(&self) -> bool {
        match self {
            Self::Engine(error) | Self::Precondition(error) => error.retryable(),
            _ => self.code().retryable(),
        }
    }

    /// What only the log may say.
    fn hidden(&self) -> Option<String> {
        match self {
            Self::Engine(error) | Self::Precondition(error) if is_hidden(error) => Some(error.to_string()),
            // What it said may name a text; the process's own output has it.
            Self::Panicked => Some("a handler panicked".into()),
            _ => None,
        }
    }

    pub fn told(&self) -> ErrorBody {
        ErrorBody {
            status: self.status(),
            code: self.code(),
            message: self.message(),
            field: self.field().map(str::to_owned),
            details: self.details(),
            retryable: self.retryable(),
            hidden: self.hidden().map(Arc::from),
        }
    }
}

/// A refusal as it is told; a response that refuses carries it, so that each protocol can word it.
#[derive(Debug, Clone)]
pub struct ErrorBody {
    pub status: StatusCode,
    pub code: ErrorCode,
    pub message: String,
    pub field: Option<String>,
    pub details: Option<Value>,
    /// Whether the same request can succeed later.
    pub retryable: bool,
    pub hidden: Option<Arc<str>>,
}

impl ErrorBody {
    pub fn body(&self) -> Value {
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
        let told = self.told();
        let mut response = (told.status, Json(told.body())).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if matches!(self, Self::Unauthorized) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(told);
        response
    }
}

/// An item's error in a batch's answer, with nothing that a stranger must not see.
pub fn fields_of(error: &Error) -> Value {
    let mut fields = error.to_json();
    if is_hidden(error) {
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

/// Whether the engine's own message may name files, models or faults.
fn is_hidden(error: &Error) -> bool {
    let code = error.code();
    let fault = status_of(code) == StatusCode::INTERNAL_SERVER_ERROR && !is_of_upload(error);
    fault || matches!(code, ErrorCode::Locked | ErrorCode::Closed)
}

/// Whether the fault lies in lines that the client sent.
fn is_of_upload(error: &Error) -> bool {
    matches!(error, Error::DamagedExport { .. } | Error::ExportVersion { .. })
}

fn public_message(error: &Error) -> String {
    if is_of_upload(error) {
        return error.to_string();
    }
    match error.code() {
        ErrorCode::ModelMismatch => "the store holds vectors of another model; POST /reindex changes over".into(),
        ErrorCode::ModelUnavailable => "the server's embedding model cannot be loaded; its log says why".into(),
        ErrorCode::EmbeddingFailed => {
            "the text could not be embedded, and nothing was changed; the server's log says why".into()
        }
        ErrorCode::Corrupted => "a record fails its checksum; the server's log says more".into(),
        ErrorCode::Locked => "another process has the store open".into(),
        ErrorCode::Closed => "the server is ending".into(),
        _ if is_hidden(error) => "an internal fault; the server's log says more".into(),
        _ => error.to_string(),
    }
}
