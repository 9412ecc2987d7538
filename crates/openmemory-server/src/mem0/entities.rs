//! How are users, agents, apps and runs listed and deleted?

use axum::Json;
use axum::extract::Path;
use axum::response::IntoResponse;
use openmemory_domain::filter;
use openmemory_rules::contract::EntityStats;
use serde_json::{Value, json};

use super::fields::exactly;
use super::requests;
use crate::http::{ApiError, ApiResult, Query, TenantStore};
use crate::openapi::schemas;

const KINDS: [(&str, &str); 4] = [("user", "user_id"), ("agent", "agent_id"), ("app", "app_id"), ("run", "run_id")];

/// List users, agents, apps and runs that have memories
#[utoipa::path(
    get, path = "/v1/entities", tag = "Mem0", params(requests::EntitiesQuery),
    responses((status = 200, body = schemas::Mem0Page), schemas::Mem0Refusals)
)]
pub async fn list(memories: TenantStore, mut query: Query<requests::EntitiesQuery>) -> ApiResult {
    let page = query.whole("page").unwrap_or(1) as usize;
    let size = query.whole("page_size").unwrap_or(100) as usize;
    let entities = memories.scan(|store, control| async move { store.entities(control).await }).await?;
    let total = |field: &str| entities.iter().filter(|stats| stats.field == field).count();
    let results: Vec<Value> = entities.iter().skip((page - 1).saturating_mul(size)).take(size).map(entity).collect();
    let body = json!({
        "count": entities.len(),
        "next": (page.saturating_mul(size) < entities.len()).then(|| format!("/v1/entities/?page={}&page_size={size}", page + 1)),
        "previous": (page > 1).then(|| format!("/v1/entities/?page={}&page_size={size}", page - 1)),
        "results": results,
        "total_users": total("user_id"),
        "total_agents": total("agent_id"),
        "total_apps": total("app_id"),
        "total_runs": total("run_id"),
    });
    Ok(Json(body).into_response())
}

/// Delete all memories of a user, agent, app or run
#[utoipa::path(
    delete, path = "/v2/entities/{entity}/{name}", tag = "Mem0", params(schemas::EntityPaths),
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete(memories: TenantStore, Path((kind, name)): Path<(String, String)>) -> ApiResult {
    delete_entity(memories, &kind, name).await
}

/// Delete all memories of a user, agent, app or run, on an older path
#[utoipa::path(
    delete, path = "/v1/entities/{entity}/{name}", tag = "Mem0", params(schemas::EntityPaths),
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete_v1(memories: TenantStore, Path((kind, name)): Path<(String, String)>) -> ApiResult {
    delete_entity(memories, &kind, name).await
}

async fn delete_entity(memories: TenantStore, kind: &str, name: String) -> ApiResult {
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    let (_, field) = known.ok_or_else(|| ApiError::invalid("entity", "must be user, agent, app or run"))?;
    let filter = filter::parse(&exactly(field, name.into()))?;
    // An entity without memories counts as deleted: its memories may have been deleted with another of their entities.
    let outcome = memories.delete_matching(Some(filter)).await?;
    Ok(Json(json!({ "message": "Entity deleted successfully!", "deleted": outcome.deleted })).into_response())
}

fn entity(stats: &EntityStats) -> Value {
    let kind = KINDS.iter().find(|(_, field)| *field == stats.field).map_or("user", |(kind, _)| kind);
    json!({
        "id": format!("{kind}:{}", stats.value),
        "name": stats.value,
        "type": kind,
        "created_at": stats.first_created.to_string(),
        "updated_at": stats.last_updated.to_string(),
        "owner": null,
        "total_memories": stats.memories,
        "metadata": null,
    })
}
