//! How is one memory read, changed and deleted?

use std::sync::Arc;

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::learning::KeptMessage;
use openmemory_domain::request::{Delete, Get, History, Sources, Update};
use openmemory_domain::valid_time::{PointInTime, ValidityPatch};
use openmemory_domain::{Content, Event, MemoryId, Patch, Provenance, Setting};
use openmemory_rules::Error;
use openmemory_rules::contract::{MemoryVersion, SourceText};
use serde_json::{Map, Value, json};

use super::fields::{Fields, end_of_day};
use super::record::{categories, public_id, record, scope};
use super::requests;
use crate::http::{ApiError, ApiResult, Body, Id, Query, TenantStore};
use crate::openapi::schemas;

/// Read a memory
#[utoipa::path(
    get, path = "/v1/memories/{memory_id}", tag = "Mem0", params(schemas::Mem0IdPath),
    responses((status = 200, body = schemas::Mem0Memory), schemas::Mem0Refusals)
)]
pub async fn get(memories: TenantStore, Id(id): Id) -> ApiResult {
    let get = Get { id: MemoryId::read("memory_id", &id)?, version: None, point: PointInTime::default() };
    let memory = memories.read(|store| async move { store.get(get).await }).await.map_err(id_error)?;
    Ok(Json(record(&memory)).into_response())
}

/// Change a memory's text, metadata, timestamp or expiration date
#[utoipa::path(
    put, path = "/v1/memories/{memory_id}", tag = "Mem0", params(schemas::Mem0IdPath), request_body = Object,
    responses((status = 200, body = schemas::Mem0Memory), schemas::Mem0Refusals)
)]
pub async fn update(memories: TenantStore, Id(id): Id, Body(body): Body) -> ApiResult {
    let patch = patch(Fields::read(body)?)?;
    if patch.is_empty() {
        let why = "changes nothing; give text, metadata, timestamp or expiration_date";
        return Err(ApiError::invalid("body", why));
    }
    let update = to_update(MemoryId::read("memory_id", &id)?, patch);
    let updated = memories.store.update(update).await.map_err(id_error)?;
    Ok(Json(record(&updated)).into_response())
}

/// Permanently delete a memory
#[utoipa::path(
    delete, path = "/v1/memories/{memory_id}", tag = "Mem0", params(schemas::Mem0IdPath, requests::DeleteQuery),
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete(memories: TenantStore, Id(id): Id, query: Query<requests::DeleteQuery>) -> ApiResult {
    let cascade = query.fields.get("delete_linked").is_some_and(|linked| linked == true);
    let delete = Delete::from(MemoryId::read("memory_id", &id)?);
    memories.store.delete(delete).await.map_err(id_error)?;
    let mut body = json!({ "message": "Memory deleted successfully!" });
    if cascade {
        // No memory is derived from another one here, so nothing else is deleted.
        body["cascade_count"] = 0.into();
    }
    Ok(Json(body).into_response())
}

/// List a memory's versions, oldest first
#[utoipa::path(
    get, path = "/v1/memories/{memory_id}/history", tag = "Mem0", params(schemas::Mem0IdPath),
    responses((status = 200, body = Vec<Object>), schemas::Mem0Refusals)
)]
pub async fn history(memories: TenantStore, Id(id): Id) -> ApiResult {
    let id = MemoryId::read("memory_id", &id)?;
    let versions = memories
        .scan(|store, control| async move {
            let mut versions: Vec<MemoryVersion> = Vec::new();
            loop {
                let before = versions.last().map(|version| version.version.number);
                let history = History { id: id.clone(), limit: 1000, before };
                let history = store.history(history, Arc::clone(&control)).await?;
                let last = history.len() < 1000;
                versions.extend(history);
                if last {
                    versions.reverse();
                    return Ok(versions);
                }
            }
        })
        .await
        .map_err(id_error)?;
    let sources = sources(&memories, &versions).await?;
    let before = std::iter::once(None).chain(versions.iter().map(|version| Some(version.content.as_str())));
    let entries: Vec<Value> =
        versions.iter().zip(before).map(|(version, before)| entry(version, before, &sources)).collect();
    Ok(Json(entries).into_response())
}

/// The messages that the versions rest on.
async fn sources(memories: &TenantStore, versions: &[MemoryVersion]) -> Result<Vec<SourceText>, ApiError> {
    let Some(version) = versions.first() else { return Ok(Vec::new()) };
    let request = Sources { id: version.version.id.clone(), version: None };
    memories.read(|store| async move { store.sources(request).await }).await.map_err(id_error)
}

/// Reads a patch from a body.
pub fn patch(mut fields: Fields) -> Result<Patch, ApiError> {
    let expires_at = match fields.raw("expiration_date") {
        None => None,
        Some(Value::Null) => Some(Setting::Clear),
        Some(date) => Some(Setting::Set(end_of_day("expiration_date", &date)?)),
    };
    let patch = Patch {
        content: fields.string("text")?.map(|text| Content::read("text", text)).transpose()?,
        tags: None,
        metadata: fields.object("metadata")?,
        expires_at,
        created_at: fields.timestamp("timestamp")?,
        validity: ValidityPatch::default(),
    };
    fields.done()?;
    Ok(patch)
}

pub fn to_update(id: MemoryId, patch: Patch) -> Update {
    Update { id, patch, if_version: None, provenance: Provenance { event: Event::Update, actor: None, reason: None } }
}

/// Reports an unknown id that is not a UUID as invalid, as the clients expect.
pub fn id_error(error: Error) -> ApiError {
    match &error {
        Error::NotFound { id, tombstone: None } if id.uuid().is_none() => {
            ApiError::invalid("memory_id", "is neither a UUID nor the id of an existing memory")
        }
        _ => error.into(),
    }
}

fn message(kept: &KeptMessage) -> Value {
    json!({ "role": kept.message.role.name(), "content": kept.message.content })
}

fn entry(version: &MemoryVersion, before: Option<&str>, sources: &[SourceText]) -> Value {
    let MemoryVersion { version, content, .. } = version;
    let id = public_id(&version.id);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.into(), value);
    put("id", format!("{id}-{}", version.number).into());
    put("memory_id", id.into());
    let said = sources.iter().filter(|source| source.source.version == version.number);
    let mut input: Vec<Value> = said.filter_map(|source| source.text.as_ref()).map(message).collect();
    if input.is_empty() {
        input.push(json!({ "role": "user", "content": content }));
    }
    put("input", input.into());
    put("old_memory", before.into());
    put("new_memory", content.as_str().into());
    scope(version, &mut put);
    put("categories", categories(version));
    let event = match version.provenance.event {
        Event::Add => "ADD",
        // It leaves searches and lists.
        Event::Retire => "DELETE",
        Event::Update | Event::Restore { .. } => "UPDATE",
    };
    put("event", event.into());
    put("metadata", version.metadata.fields().into());
    put("version", version.number.into());
    put("created_at", version.created_at.to_string().into());
    put("updated_at", version.updated_at.to_string().into());
    Value::Object(fields)
}
