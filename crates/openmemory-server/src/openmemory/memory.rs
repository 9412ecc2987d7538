//! How is one memory read, changed and deleted?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{Delete, Get, Update};
use openmemory_domain::valid_time::PointInTime;
use openmemory_domain::{Memory, MemoryId};
use openmemory_rules::Error;
use serde_json::json;

use super::record::tagged;
use super::requests;
use crate::http::{ApiResult, Body, Id, IfMatch, Query, TenantStore};
use crate::openapi::schemas;

/// Read a memory: its current or an earlier version
#[utoipa::path(
    get, path = "/memory/{id}", tag = "Memories", params(schemas::IdPath, requests::GetQuery),
    responses((status = 200, body = schemas::Memory, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn get(memories: TenantStore, id: Id, mut query: Query<requests::GetQuery>) -> ApiResult {
    let user = query.text("user_id");
    let get = Get::read(id.with(query).into())?;
    // Finding the version at a given time scans all versions.
    let id = get.id.clone();
    let memory = match get.point.is_now() {
        false => memories.scan(|store, _| async move { store.get(get).await }).await?,
        true => memories.read(|store| async move { store.get(get).await }).await?,
    };
    check_user(&id, &memory, user.as_deref())?;
    Ok(tagged(&memory)?)
}

/// Change a memory's content, tags, metadata, expiry or valid time
///
/// New `content` is embedded again. `tags` replaces the whole array. `metadata` is merged field by field, and `null`
/// removes a field. New content is valid from now on, or from `valid_from`, unless it is a `correction`. Each update adds 1 to `version`. With the `ETag` in `If-Match`, a concurrent change causes 412.
#[utoipa::path(
    patch, path = "/memory/{id}", tag = "Memories", params(schemas::IdPath, schemas::IfMatchHeader),
    request_body = requests::Patch,
    responses((status = 200, body = schemas::Memory, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn update(memories: TenantStore, id: Id, if_match: IfMatch, Body(body): Body) -> ApiResult {
    let mut request = id.join(body)?;
    if_match.apply(&mut request)?;
    let update = Update::read_flat(request.into())?;
    let updated = memories.store.update(update).await.map_err(|error| if_match.error(error))?;
    Ok(tagged(&updated)?)
}

/// Permanently delete a memory and its history
///
/// With the `ETag` in `If-Match`, a concurrent change causes 412. Later requests for the id return `actor` and `reason`.
#[utoipa::path(
    delete, path = "/memory/{id}", tag = "Memories",
    params(schemas::IdPath, schemas::IfMatchHeader, requests::DeleteQuery),
    responses((status = 200, body = schemas::DeletedOne), schemas::Refusals)
)]
pub async fn delete(
    memories: TenantStore,
    id: Id,
    if_match: IfMatch,
    mut query: Query<requests::DeleteQuery>,
) -> ApiResult {
    let user = query.text("user_id");
    let mut request = id.with(query);
    if_match.apply(&mut request)?;
    let delete = Delete::read(request.into())?;
    if user.is_some() {
        let get = Get { id: delete.id.clone(), version: None, point: PointInTime::default() };
        let memory = memories.read(|store| async move { store.get(get).await }).await?;
        check_user(&delete.id, &memory, user.as_deref())?;
    }
    let deleted = memories.store.delete(delete).await.map_err(|error| if_match.error(error))?;
    Ok(Json(json!({ "ok": true, "memory": deleted })).into_response())
}

/// Reports a memory of another user as not found.
fn check_user(id: &MemoryId, memory: &Memory, user: Option<&str>) -> Result<(), Error> {
    if user.is_some() && memory.version.scope.user_id.as_deref() != user {
        return Err(Error::NotFound { id: id.clone(), tombstone: None });
    }
    Ok(())
}
