//! What needs a language model or the hosted service, and is refused? Clearly, instead of pretending.

use crate::http::ApiError;
use crate::openapi::schemas;

fn refused(what: &str) -> ApiError {
    ApiError::Unsupported(format!("{what}: this server keeps memories as they are given and has no language model"))
}

/// Refused: settings steer a language model
#[utoipa::path(
    patch,
    path = "/api/v1/orgs/organizations/{org}/projects/{project}",
    tag = "Mem0",
    params(schemas::ProjectPath),
    responses(schemas::Mem0Refusals)
)]
pub async fn update_project() -> ApiError {
    refused("project settings are not supported")
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v1/exports", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn exports() -> ApiError {
    refused("structured exports are not supported")
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v1/exports/get", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn export() -> ApiError {
    refused("structured exports are not supported")
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v1/summary", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn summary() -> ApiError {
    refused("summaries are not supported")
}

/// Refused
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/projects/{project}",
    tag = "Mem0",
    params(schemas::WebhookPath),
    responses(schemas::Mem0Refusals)
)]
pub async fn webhooks() -> ApiError {
    ApiError::Unsupported("webhooks are not supported".into())
}

/// Refused
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/projects/{project}",
    tag = "Mem0",
    params(schemas::WebhookPath),
    responses(schemas::Mem0Refusals)
)]
pub async fn create_webhook() -> ApiError {
    ApiError::Unsupported("webhooks are not supported".into())
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v2/profiles/jobs", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn jobs() -> ApiError {
    refused("profiles are not supported")
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v2/profiles/settings", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn profile_settings() -> ApiError {
    refused("profiles are not supported")
}
