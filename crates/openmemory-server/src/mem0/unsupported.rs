//! Which routes are rejected? Those that need a language model or the hosted service. An explicit error is better than a
//! fake success.

use crate::http::ApiError;
use crate::openapi::schemas;

fn needs_model(what: &str) -> ApiError {
    ApiError::Unsupported(format!("{what}: this server stores texts verbatim and has no language model"))
}

/// Not supported: needs a language model
#[utoipa::path(post, path = "/v1/exports", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn exports() -> ApiError {
    needs_model("structured exports are not supported")
}

/// Not supported: needs a language model
#[utoipa::path(post, path = "/v1/exports/get", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn export() -> ApiError {
    needs_model("structured exports are not supported")
}

/// Not supported: needs a language model
#[utoipa::path(post, path = "/v1/summary", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn summary() -> ApiError {
    needs_model("summaries are not supported")
}

/// Not supported: needs a language model
#[utoipa::path(post, path = "/v2/profiles/jobs", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn jobs() -> ApiError {
    needs_model("profiles are not supported")
}

/// Not supported: needs a language model
#[utoipa::path(post, path = "/v2/profiles/settings", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn profile_settings() -> ApiError {
    needs_model("profiles are not supported")
}
