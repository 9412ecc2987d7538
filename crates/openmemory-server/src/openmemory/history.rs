//! How did a memory become what it is, and how does it go back?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{History, Restore};
use serde_json::{Map, Value, json};

use super::record::tagged;
use crate::http::{Answer, ApiError, Body, Id, IfMatch, Params, TenantStore};
use crate::openapi::schemas;

/// A memory's versions, newest first, with what each changed
#[utoipa::path(
    get, path = "/memory/{id}/history", tag = "Memories", params(schemas::IdPath, schemas::HistoryQuery),
    responses((status = 200, body = schemas::Versions), schemas::Refusals)
)]
pub async fn history(memories: TenantStore, Id(id): Id, mut params: Params) -> Answer {
    let mut request = Map::from_iter([("id".to_owned(), Value::from(id))]);
    if let Some(limit) = params.whole("limit", 1, 1000)? {
        request.insert("limit".into(), limit.into());
    }
    if let Some(before) = params.whole("before", 1, 1 << 53)? {
        request.insert("before".into(), before.into());
    }
    params.done()?;
    let history = History::read(request.into())?;
    let versions = memories.scan(|store, control| async move { store.history(history, control).await }).await?;
    Ok(Json(json!({ "versions": versions })).into_response())
}

/// Bring back an earlier version, as a new one
#[utoipa::path(
    post, path = "/memory/{id}/restore", tag = "Memories", params(schemas::IdPath, schemas::IfMatchHeader),
    request_body = schemas::RestoreRequest,
    responses((status = 200, body = schemas::Memory, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn restore(memories: TenantStore, Id(id): Id, if_match: IfMatch, Body(body): Body) -> Answer {
    let Value::Object(mut request) = body else { return Err(ApiError::invalid("body", "must be an object")) };
    if_match.join(&mut request)?;
    if request.insert("id".into(), id.into()).is_some() {
        return Err(ApiError::invalid("id", "is in the path, and not in the body"));
    }
    let restore = Restore::read(request.into())?;
    let restored = memories.store.restore(restore).await.map_err(|error| if_match.told(error))?;
    Ok(tagged(&restored)?)
}
