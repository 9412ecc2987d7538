//! How do use and opinion mark a memory, and what is it linked to?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{ById, FeedbackRequest, Reinforce};
use serde_json::{Value, json};

use super::record::{record, tagged};
use crate::http::{Answer, ApiError, Body, Id, TenantStore};
use crate::openapi::schemas;

/// Make a memory more salient
#[utoipa::path(
    post, path = "/memory/reinforce", tag = "Memories", request_body = schemas::ReinforceRequest,
    responses((status = 200, body = schemas::Reinforced), schemas::Refusals)
)]
pub async fn reinforce(memories: TenantStore, Body(body): Body) -> Answer {
    let memory = memories.store.reinforce(Reinforce::read(body)?).await?;
    Ok(Json(json!({ "ok": true, "memory": record(&memory)? })).into_response())
}

/// Say how useful a memory was; null takes it back
#[utoipa::path(
    post, path = "/memory/{id}/feedback", tag = "Memories", params(schemas::IdPath),
    request_body = schemas::FeedbackBody,
    responses((status = 200, body = schemas::Memory, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn feedback(memories: TenantStore, Id(id): Id, Body(body): Body) -> Answer {
    let Value::Object(mut request) = body else { return Err(ApiError::invalid("body", "must be an object")) };
    if request.insert("id".into(), id.into()).is_some() {
        return Err(ApiError::invalid("id", "is in the path, and not in the body"));
    }
    let memory = memories.store.feedback(FeedbackRequest::read(request.into())?).await?;
    Ok(tagged(&memory)?)
}

/// A memory's links to others, strongest first
#[utoipa::path(
    get, path = "/memory/{id}/waypoints", tag = "Memories", params(schemas::IdPath),
    responses((status = 200, body = schemas::Waypoints), schemas::Refusals)
)]
pub async fn waypoints(memories: TenantStore, Id(id): Id) -> Answer {
    let by_id = ById::read(json!({ "id": id }))?;
    let links = memories.read(|store| async move { store.waypoints(by_id).await }).await?;
    Ok(Json(json!({ "waypoints": links })).into_response())
}
