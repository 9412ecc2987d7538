//! What needs a language model or the hosted service, and is refused? Clearly, instead of pretending.

use crate::http::Failure;
use crate::openapi::schemas;

fn refused(what: &str) -> Failure {
    Failure::Unsupported(format!("{what}: this server keeps memories as they are given and has no language model"))
}

/// Refused: settings steer a language model
#[utoipa::path(
    patch,
    path = "/api/v1/orgs/organizations/{org}/projects/{project}",
    tag = "Mem0",
    params(schemas::ProjectPath),
    responses(schemas::Mem0Refusals)
)]
pub async fn update_project() -> Failure {
    refused("project settings are not supported")
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v1/exports", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn exports() -> Failure {
    refused("structured exports are not supported")
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v1/exports/get", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn export() -> Failure {
    refused("structured exports are not supported")
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v1/summary", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn summary() -> Failure {
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
pub async fn webhooks() -> Failure {
    Failure::Unsupported("webhooks are not supported".into())
}

/// Refused
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/projects/{project}",
    tag = "Mem0",
    params(schemas::WebhookPath),
    responses(schemas::Mem0Refusals)
)]
pub async fn create_webhook() -> Failure {
    Failure::Unsupported("webhooks are not supported".into())
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v2/profiles/jobs", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn jobs() -> Failure {
    refused("profiles are not supported")
}

/// Refused: needs a language model
#[utoipa::path(post, path = "/v2/profiles/settings", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn profile_settings() -> Failure {
    refused("profiles are not supported")
}
