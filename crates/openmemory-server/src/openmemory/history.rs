//! Which versions does a memory have, how is one restored, and how is a memory retired?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{History, Restore, Retire};
use serde_json::json;

use super::record::tagged;
use super::requests;
use crate::http::{ApiResult, Body, Id, IfMatch, Query, TenantStore};
use crate::openapi::schemas;

/// List a memory's versions, newest first, with the changes of each
#[utoipa::path(
    get, path = "/memory/{id}/history", tag = "Memories", params(schemas::IdPath, requests::HistoryQuery),
    responses((status = 200, body = schemas::Versions), schemas::Refusals)
)]
pub async fn history(memories: TenantStore, id: Id, query: Query<requests::HistoryQuery>) -> ApiResult {
    let history = History::read(id.with(query).into())?;
    let versions = memories.scan(|store, control| async move { store.history(history, control).await }).await?;
    Ok(Json(json!({ "versions": versions })).into_response())
}

/// Restore an earlier version as a new one
#[utoipa::path(
    post, path = "/memory/{id}/restore", tag = "Memories", params(schemas::IdPath, schemas::IfMatchHeader),
    request_body = requests::RestoreRequest,
    responses((status = 200, body = schemas::Memory, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn restore(memories: TenantStore, id: Id, if_match: IfMatch, Body(body): Body) -> ApiResult {
    let mut request = id.join(body)?;
    if_match.apply(&mut request)?;
    let restore = Restore::read(request.into())?;
    let restored = memories.store.restore(restore).await.map_err(|error| if_match.error(error))?;
    Ok(tagged(&restored)?)
}

/// Record that a memory has ended or was wrong
///
/// It gets a new version with the same content, which lists and searches leave out unless `showRetired` is set.
/// `POST /memory/{id}/restore` takes it back.
#[utoipa::path(
    post, path = "/memory/{id}/retire", tag = "Memories", params(schemas::IdPath, schemas::IfMatchHeader),
    request_body = requests::RetireRequest,
    responses((status = 200, body = schemas::Memory, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn retire(memories: TenantStore, id: Id, if_match: IfMatch, Body(body): Body) -> ApiResult {
    let mut request = id.join(body)?;
    if_match.apply(&mut request)?;
    let retire = Retire::read(request.into())?;
    let retired = memories.store.retire(retire).await.map_err(|error| if_match.error(error))?;
    Ok(tagged(&retired)?)
}
