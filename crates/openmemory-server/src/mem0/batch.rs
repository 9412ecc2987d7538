//! How are many memories changed or deleted in one request? All or none of a batch.

use std::sync::Arc;

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{Get, Item, Update, UpdateMany};
use openmemory_domain::{ErrorCode, MemoryId, filter, limits};
use openmemory_rules::contract::MemoryStore;
use serde_json::{Value, json};

use super::fields::{ENTITIES, Fields, exactly, memory_id};
use super::memory::{patch, unknown, update_of};
use super::requests;
use crate::http::{ApiError, ApiResult, Body, LargeBody, Query, TenantStore};
use crate::openapi::schemas;

/// Change 1 to 1000 memories, all or none
#[utoipa::path(
    put, path = "/v1/batch", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn update(memories: TenantStore, body: LargeBody) -> ApiResult {
    let items = body.read(updates).await?;
    let done = memories.store.update_many(UpdateMany { items, atomic: true }, memories.control()).await?;
    let count = done.len();
    // Of the items' errors the one that made the others fail is told.
    let mut refused = done.into_iter().filter_map(Result::err).map(|refused| refused.error);
    if let Some(error) = refused.find(|error| error.code() != ErrorCode::Aborted) {
        return Err(unknown(error));
    }
    Ok(Json(json!({ "message": format!("Successfully updated {count} memories") })).into_response())
}

fn updates(body: Value) -> Result<Vec<Item<Update>>, ApiError> {
    let mut items = Vec::new();
    for (i, item) in items_of(body)?.into_iter().enumerate() {
        let place = |failure| at(&format!("memories[{i}]"), failure);
        let mut fields = Fields::read(item).map_err(place)?;
        let id = memory_id("memory_id", fields.take("memory_id")).map_err(place)?;
        let patch = patch(fields).map_err(place)?;
        if patch.is_empty() {
            // One of the clients leaves metadata out of a batch; to answer that it is done would be a lie.
            let why = "changes nothing; give text or metadata (the JavaScript client sends no metadata in a batch)";
            return Err(ApiError::invalid(&format!("memories[{i}]"), why));
        }
        items.push(Ok(update_of(id, patch)));
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
        let place = |failure| at(&format!("memories[{i}]"), failure);
        let id = match item {
            Value::String(id) => memory_id("memory_id", Some(id.into())),
            item => Fields::read(item).and_then(named),
        };
        ids.push(id.map_err(place)?);
    }
    let asked = ids.clone();
    // Looked for first, so that a wrong id among them leaves the others as they are.
    let look = |store: Arc<dyn MemoryStore>| async move {
        for id in asked {
            store.get(Get { id, version: None, at: None }).await?;
        }
        Ok(())
    };
    memories.read(look).await.map_err(unknown)?;
    let count = ids.len();
    memories.store.delete_many(ids.into_iter().map(Ok::<MemoryId, _>).collect()).await?;
    Ok(Json(json!({ "message": format!("Successfully deleted {count} memories") })).into_response())
}

/// The id that an item of a deletion names, and nothing else.
fn named(mut fields: Fields) -> Result<MemoryId, ApiError> {
    let id = memory_id("memory_id", fields.take("memory_id"))?;
    fields.done()?;
    Ok(id)
}

/// Delete all memories of a user, agent, app or run; `*` means any, and all four `*` mean everything
#[utoipa::path(
    delete, path = "/v1/memories", tag = "Mem0", params(requests::EntityQuery),
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete_all(memories: TenantStore, mut query: Query<requests::EntityQuery>) -> ApiResult {
    let named: Vec<(&str, String)> = ENTITIES.into_iter().filter_map(|name| Some((name, query.text(name)?))).collect();
    if named.is_empty() {
        let why = "is missing: give at least one of user_id, agent_id, app_id and run_id; \"*\" means any";
        return Err(ApiError::invalid("user_id", why));
    }
    if let Some((name, _)) = named.iter().find(|(_, value)| value.is_empty()) {
        return Err(ApiError::invalid(name, "must not be empty; \"*\" means any"));
    }
    let filter = if named.len() == ENTITIES.len() && named.iter().all(|(_, value)| value == "*") {
        None
    } else {
        let parts: Vec<Value> = named.into_iter().map(|(name, value)| one_or_any(name, value)).collect();
        Some(filter::parse(&json!({ "AND": parts }))?)
    };
    let gone = memories.delete_matching(filter).await?;
    Ok(Json(json!({ "message": "Memories deleted successfully!", "deleted": gone.deleted })).into_response())
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
            Err(ApiError::invalid("memories", &format!("has {count} items, and a batch has at most {}", limits::BATCH)))
        }
        _ => Ok(items),
    }
}

/// A refusal of an item names the item.
fn at(place: &str, failure: ApiError) -> ApiError {
    match failure {
        ApiError::Engine(openmemory_rules::Error::Invalid(mut invalid)) => {
            invalid.field = format!("{place}.{}", invalid.field);
            ApiError::from(invalid)
        }
        other => other,
    }
}
