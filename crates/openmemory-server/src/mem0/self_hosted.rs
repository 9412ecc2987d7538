//! What do programs send that speak to Mem0's own server? The older requests, without a version in the path, and answers with
//! `results`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::json;

use super::add::add_older;
use super::list::list_all;
use super::search::search_older;
use super::{batch, memory, requests};
use crate::app_state::AppState;
use crate::http::{ApiError, ApiResult, Body, Id, LargeBody, Query, TenantStore};
use crate::openapi::schemas;

/// Learn from messages, or store them verbatim, as Mem0's own server does
#[utoipa::path(
    post, path = "/memories", tag = "Mem0", request_body = Object,
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn add(State(app): State<Arc<AppState>>, memories: TenantStore, body: LargeBody) -> ApiResult {
    add_older(&app, &memories, body, true).await
}

/// List memories of a user, agent, app or run, as Mem0's own server does
#[utoipa::path(
    get, path = "/memories", tag = "Mem0", params(requests::Mem0ListQuery),
    responses((status = 200, body = schemas::Mem0Results), schemas::Mem0Refusals)
)]
pub async fn list(memories: TenantStore, query: Query<requests::Mem0ListQuery>) -> ApiResult {
    list_all(memories, query).await
}

/// Permanently delete the memories of a user, agent, app or run, as Mem0's own server does
#[utoipa::path(
    delete, path = "/memories", tag = "Mem0", params(requests::EntityQuery),
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete_all(memories: TenantStore, query: Query<requests::EntityQuery>) -> ApiResult {
    batch::delete_all(memories, query).await
}

/// Search memories by meaning, as Mem0's own server does
#[utoipa::path(
    post, path = "/search", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::Mem0Results), schemas::Mem0Refusals)
)]
pub async fn search(memories: TenantStore, Body(body): Body) -> ApiResult {
    search_older(memories, body, true).await
}

/// Read a memory, as Mem0's own server does
#[utoipa::path(
    get, path = "/memories/{memory_id}", tag = "Mem0", params(schemas::Mem0IdPath),
    responses((status = 200, body = schemas::Mem0Memory), schemas::Mem0Refusals)
)]
pub async fn get(memories: TenantStore, id: Id) -> ApiResult {
    memory::get(memories, id).await
}

/// Change a memory, as Mem0's own server does
#[utoipa::path(
    put, path = "/memories/{memory_id}", tag = "Mem0", params(schemas::Mem0IdPath), request_body = Object,
    responses((status = 200, body = schemas::Mem0Memory), schemas::Mem0Refusals)
)]
pub async fn update(memories: TenantStore, id: Id, body: Body) -> ApiResult {
    memory::update(memories, id, body).await
}

/// Permanently delete a memory, as Mem0's own server does
#[utoipa::path(
    delete, path = "/memories/{memory_id}", tag = "Mem0", params(schemas::Mem0IdPath, requests::DeleteQuery),
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete(memories: TenantStore, id: Id, query: Query<requests::DeleteQuery>) -> ApiResult {
    memory::delete(memories, id, query).await
}

/// List a memory's versions, as Mem0's own server does
#[utoipa::path(
    get, path = "/memories/{memory_id}/history", tag = "Mem0", params(schemas::Mem0IdPath),
    responses((status = 200, body = Vec<Object>), schemas::Mem0Refusals)
)]
pub async fn history(memories: TenantStore, id: Id) -> ApiResult {
    memory::history(memories, id).await
}

/// Permanently delete all memories of the tenant, as Mem0's own server does
#[utoipa::path(
    post, path = "/reset", tag = "Mem0",
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn reset(memories: TenantStore) -> ApiResult {
    memories.delete_matching(None).await?;
    Ok(Json(json!({ "message": "All memories reset" })).into_response())
}

/// Not supported: the store and the models are options of the server
#[utoipa::path(post, path = "/configure", tag = "Mem0", responses(schemas::Mem0Refusals))]
pub async fn configure() -> ApiError {
    ApiError::Unsupported("the store and the models are options of this server, not of a request".into())
}
