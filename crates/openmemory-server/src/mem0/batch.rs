//! How are many memories changed or deleted in one request? A batch applies completely or not at all.

use std::sync::Arc;

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{Get, Item, Update, UpdateMany};
use openmemory_domain::valid_time::PointInTime;
use openmemory_domain::{ErrorCode, MemoryId, filter, limits};
use openmemory_rules::contract::MemoryStore;
use serde_json::{Value, json};

use super::fields::{ENTITIES, Fields, exactly, memory_id};
use super::memory::{id_error, patch, to_update};
use super::requests;
use crate::http::{ApiError, ApiResult, Body, LargeBody, Query, TenantStore};
use crate::openapi::schemas;

/// Change 1 to 1000 memories, all or none of them
#[utoipa::path(
    put, path = "/v1/batch", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn update(memories: TenantStore, body: LargeBody) -> ApiResult {
    let items = body.read(updates).await?;
    let updated = memories.store.update_many(UpdateMany { items, atomic: true }, memories.control()).await?;
    let count = updated.len();
    // Report the error that aborted the batch, not the `ABORTED` of the other items.
    let mut errors = updated.into_iter().filter_map(Result::err).map(|failed| failed.error);
    if let Some(error) = errors.find(|error| error.code() != ErrorCode::Aborted) {
        return Err(id_error(error));
    }
    Ok(Json(json!({ "message": format!("Successfully updated {count} memories") })).into_response())
}

fn updates(body: Value) -> Result<Vec<Item<Update>>, ApiError> {
    let mut items = Vec::new();
    for (i, item) in items_of(body)?.into_iter().enumerate() {
        let in_item = |error| prefix_field(&format!("memories[{i}]"), error);
        let mut fields = Fields::read(item).map_err(in_item)?;
        let id = memory_id("memory_id", fields.take("memory_id")).map_err(in_item)?;
        let patch = patch(fields).map_err(in_item)?;
        if patch.is_empty() {
            // The JavaScript client drops metadata from batches. Reporting success would hide that nothing changed.
            let why = "changes nothing; give text or metadata (the JavaScript client sends no metadata in a batch)";
            return Err(ApiError::invalid(&format!("memories[{i}]"), why));
        }
        items.push(Ok(to_update(id, patch)));
    }
    Ok(items)
}

/// Delete 1 to 1000 memories
#[utoipa::path(
    delete, path = "/v1/batch", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete(memories: TenantStore, Body(body): Body) -> ApiResult {
    let mut ids = Vec::new();
    for (i, item) in items_of(body)?.into_iter().enumerate() {
        let in_item = |error| prefix_field(&format!("memories[{i}]"), error);
        let id = match item {
            Value::String(id) => memory_id("memory_id", Some(id.into())),
            item => Fields::read(item).and_then(read_id),
        };
        ids.push(id.map_err(in_item)?);
    }
    let checked = ids.clone();
    // Check that all ids exist first, so that an unknown id leaves the other memories in place.
    let check = |store: Arc<dyn MemoryStore>| async move {
        for id in checked {
            store.get(Get { id, version: None, point: PointInTime::default() }).await?;
        }
        Ok(())
    };
    memories.read(check).await.map_err(id_error)?;
    let count = ids.len();
    memories.store.delete_many(ids.into_iter().map(Ok::<MemoryId, _>).collect()).await?;
    Ok(Json(json!({ "message": format!("Successfully deleted {count} memories") })).into_response())
}

/// Reads the id of an item, and rejects other fields.
fn read_id(mut fields: Fields) -> Result<MemoryId, ApiError> {
    let id = memory_id("memory_id", fields.take("memory_id"))?;
    fields.done()?;
    Ok(id)
}

/// Delete all memories of a user, agent, app or run; `*` matches any, and all four as `*` delete everything
#[utoipa::path(
    delete, path = "/v1/memories", tag = "Mem0", params(requests::EntityQuery),
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete_all(memories: TenantStore, mut query: Query<requests::EntityQuery>) -> ApiResult {
    let entities: Vec<(&str, String)> =
        ENTITIES.into_iter().filter_map(|name| Some((name, query.text(name)?))).collect();
    if entities.is_empty() {
        let why = "is missing: give at least one of user_id, agent_id, app_id and run_id; \"*\" matches any";
        return Err(ApiError::invalid("user_id", why));
    }
    if let Some((name, _)) = entities.iter().find(|(_, value)| value.is_empty()) {
        return Err(ApiError::invalid(name, "must not be empty; \"*\" matches any"));
    }
    let filter = if entities.len() == ENTITIES.len() && entities.iter().all(|(_, value)| value == "*") {
        None
    } else {
        let parts: Vec<Value> = entities.into_iter().map(|(name, value)| one_or_any(name, value)).collect();
        Some(filter::parse(&json!({ "AND": parts }))?)
    };
    let outcome = memories.delete_matching(filter).await?;
    Ok(Json(json!({ "message": "Memories deleted successfully!", "deleted": outcome.deleted })).into_response())
}

fn one_or_any(name: &str, value: String) -> Value {
    if value == "*" { json!({ name: { "exists": true } }) } else { exactly(name, value.into()) }
}

fn items_of(body: Value) -> Result<Vec<Value>, ApiError> {
    let mut fields = Fields::read(body)?;
    let items = fields.array("memories")?.unwrap_or_default();
    fields.done()?;
    match items.len() {
        0 => Err(ApiError::invalid("memories", "must have at least one item")),
        count if count > limits::BATCH => {
            Err(ApiError::invalid("memories", &format!("has {count} items; the limit is {}", limits::BATCH)))
        }
        _ => Ok(items),
    }
}

/// Prefixes the field of an item's error with the path of the item.
fn prefix_field(item: &str, error: ApiError) -> ApiError {
    match error {
        ApiError::Engine(openmemory_rules::Error::Invalid(mut invalid)) => {
            invalid.field = format!("{item}.{}", invalid.field);
            ApiError::from(invalid)
        }
        other => other,
    }
}
