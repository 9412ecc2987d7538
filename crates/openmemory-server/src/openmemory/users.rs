//! How are all memories of a user listed and deleted?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::filter;
use serde_json::json;

use super::list::ListParams;
use super::requests;
use crate::http::{ApiResult, Id, Query, TenantStore};
use crate::openapi::schemas;

/// List a user's memories, newest first
#[utoipa::path(
    get, path = "/users/{user_id}/memories", tag = "Users", params(schemas::UserPath, requests::PageQuery),
    responses((status = 200, body = schemas::Items), schemas::Refusals)
)]
pub async fn list(memories: TenantStore, Id(user): Id, query: Query<requests::PageQuery>) -> ApiResult {
    let list = ListParams::read(query, Some(user))?;
    let page = memories.scan(|store, control| list.run(store, control)).await?;
    Ok(Json(page).into_response())
}

/// Delete all memories of a user
#[utoipa::path(
    delete, path = "/users/{user_id}/memories", tag = "Users", params(schemas::UserPath),
    responses((status = 200, body = schemas::UserDeleted), schemas::Refusals)
)]
pub async fn delete(memories: TenantStore, Id(user): Id) -> ApiResult {
    let filter = filter::parse(&json!({ "user_id": { "in": [user] } }))?;
    let outcome = memories.delete_matching(Some(filter)).await?;
    Ok(Json(json!({ "ok": true, "deleted": outcome.deleted })).into_response())
}
