//! How is a memory reinforced and rated, and which waypoints does it have?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{ById, FeedbackRequest, Reinforce};
use serde_json::json;

use super::record::{record, tagged};
use super::requests;
use crate::http::{ApiResult, Body, Id, TenantStore};
use crate::openapi::schemas;

/// Reinforce a memory: raise its salience
#[utoipa::path(
    post, path = "/memory/reinforce", tag = "Memories", request_body = requests::ReinforceRequest,
    responses((status = 200, body = schemas::Reinforced), schemas::Refusals)
)]
pub async fn reinforce(memories: TenantStore, Body(body): Body) -> ApiResult {
    let memory = memories.store.reinforce(Reinforce::read(body)?).await?;
    Ok(Json(json!({ "ok": true, "memory": record(&memory)? })).into_response())
}

/// Rate how useful a memory was; null removes the rating
#[utoipa::path(
    post, path = "/memory/{id}/feedback", tag = "Memories", params(schemas::IdPath),
    request_body = requests::FeedbackBody,
    responses((status = 200, body = schemas::Memory, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn feedback(memories: TenantStore, id: Id, Body(body): Body) -> ApiResult {
    let feedback = FeedbackRequest::read(id.join(body)?.into())?;
    let memory = memories.store.feedback(feedback).await?;
    Ok(tagged(&memory)?)
}

/// List a memory's waypoints to other memories, strongest first
#[utoipa::path(
    get, path = "/memory/{id}/waypoints", tag = "Memories", params(schemas::IdPath),
    responses((status = 200, body = schemas::Waypoints), schemas::Refusals)
)]
pub async fn waypoints(memories: TenantStore, Id(id): Id) -> ApiResult {
    let by_id = ById::read(json!({ "id": id }))?;
    let links = memories.read(|store| async move { store.waypoints(by_id).await }).await?;
    Ok(Json(json!({ "waypoints": links })).into_response())
}
