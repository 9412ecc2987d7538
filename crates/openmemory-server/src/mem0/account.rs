//! What do clients request at startup? Their identity and their project.

use axum::Json;
use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::keys::Caller;
use crate::openapi::schemas;

/// Check the key; `project_id` in the response is the key's tenant
#[utoipa::path(get, path = "/v1/ping", tag = "Mem0", responses((status = 200, body = Object), schemas::Mem0Refusals))]
pub async fn ping(Extension(caller): Extension<Caller>) -> Response {
    // With an email address here, the clients would report their users to Mem0's telemetry.
    let body = json!({
        "status": "ok",
        "org_id": "openmemory",
        "project_id": caller.tenant.as_str(),
        "user_email": null,
    });
    Json(body).into_response()
}

/// Read a user's profile; this server creates none
#[utoipa::path(
    get, path = "/v2/entities/user/{user}/profile", tag = "Mem0", params(schemas::EntityPath),
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn profile() -> Response {
    Json(json!({ "status": "not_enabled" })).into_response()
}

/// Read the profile settings; profiles are disabled
#[utoipa::path(
    get, path = "/v2/profiles/settings", tag = "Mem0",
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn profile_settings() -> Response {
    Json(json!({ "enabled": false })).into_response()
}
