//! How is a refusal described?

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{IntoResponses, ToSchema};

/// A refusal; `err` never changes for a kind of failure
#[derive(ToSchema)]
pub struct Refusal {
    /// The `err` of the code in `x-error-codes`
    pub err: String,
    /// One of `x-error-codes`
    pub code: String,
    pub message: String,
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// With `conflict`: the current version
    #[schema(nullable = false)]
    pub version: Option<i64>,
    #[schema(nullable = false)]
    pub details: Option<BTreeMap<String, Value>>,
    /// Whether the same request can succeed later without a change
    pub retryable: bool,
}

#[derive(IntoResponses)]
pub enum Refusals {
    /// The id is missing, or a field is unknown or wrong
    #[response(status = 400)]
    Invalid(#[to_schema] Refusal),
    /// No key, or an unknown one
    #[response(status = 401)]
    Auth(#[to_schema] Refusal),
    /// The key or the page may not ask this
    #[response(status = 403)]
    Forbidden(#[to_schema] Refusal),
    /// There is no such memory or version
    #[response(status = 404)]
    NotFound(#[to_schema] Refusal),
    /// Another version is current, the id exists, or the memory is immutable
    #[response(status = 409)]
    Conflict(#[to_schema] Refusal),
    /// Another version is current than `If-Match` names
    #[response(status = 412)]
    Precondition(#[to_schema] Refusal),
    /// Over a limit
    #[response(status = 413)]
    Limit(#[to_schema] Refusal),
    /// Too many requests; `Retry-After` says how long to wait
    #[response(status = 429)]
    Rate(#[to_schema] Refusal),
    /// An internal fault
    #[response(status = 500)]
    Internal(#[to_schema] Refusal),
    /// Not now: the server ends, the store is in use elsewhere, or the request took too long
    #[response(status = 503)]
    Unavailable(#[to_schema] Refusal),
}
