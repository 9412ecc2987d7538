//! Which routes concern the store as a whole?

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use openmemory_domain::Sector;
use serde_json::json;

use crate::app_state::AppState;
use crate::http::{ApiError, ApiResult, Progress, TenantStore};
use crate::openapi::schemas;

/// List the sectors, how each decays, and how many memories of the tenant it has
#[utoipa::path(get, path = "/sectors", tag = "Store", responses((status = 200, body = schemas::Sectors), schemas::Refusals))]
pub async fn sectors(memories: TenantStore) -> ApiResult {
    let stats = memories.scan(|store, control| async move { store.sector_stats(control).await }).await?;
    let config = |sector: Sector| (sector.name(), json!({ "decay_lambda": sector.decay_per_day() }));
    let configs: BTreeMap<_, _> = Sector::ALL.map(config).into();
    Ok(Json(json!({ "sectors": Sector::ALL.map(Sector::name), "configs": configs, "stats": stats })).into_response())
}

/// Count the tenant's memories and the bytes they take
#[utoipa::path(get, path = "/stats", tag = "Store", responses((status = 200, body = schemas::Stats), schemas::Refusals))]
pub async fn stats(memories: TenantStore) -> ApiResult {
    Ok(Json(memories.read(|store| async move { store.stats().await }).await?).into_response())
}

/// Wait until the index and the model are loaded and all open stores accept writes
///
/// Returns 503 while a store of any tenant has failed and has not been reopened.
#[utoipa::path(get, path = "/ready", tag = "Store", responses((status = 200, body = schemas::Done), schemas::Refusals))]
pub async fn ready(State(app): State<Arc<AppState>>, memories: TenantStore) -> ApiResult {
    memories.store.ready().await?;
    if !app.stores.all_write() {
        return Err(ApiError::NotReady);
    }
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Wait until all acknowledged writes are on disk; only needed with `durability: interval`
#[utoipa::path(post, path = "/flush", tag = "Store", responses((status = 200, body = schemas::Done), schemas::Refusals))]
pub async fn flush(memories: TenantStore) -> ApiResult {
    memories.read(|store| async move { store.flush().await }).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Remove deleted memories and obsolete data from the files
#[utoipa::path(post, path = "/compact", tag = "Store", responses((status = 200, body = schemas::Compacted), schemas::Refusals))]
pub async fn compact(memories: TenantStore) -> ApiResult {
    Ok(Json(memories.scan(|store, _| async move { store.compact().await }).await?).into_response())
}

/// Embed all memories again with the server's model; after an interruption, a new request continues
///
/// With `Accept: application/jsonl` it reports progress, as `POST /import` does.
#[utoipa::path(post, path = "/reindex", tag = "Store", responses((status = 200, body = schemas::Reindexed), schemas::Refusals))]
pub async fn reindex(memories: TenantStore, progress: Progress) -> ApiResult {
    progress.follow(|control| async move { Ok(json!(memories.store.reindex(control).await?)) }).await
}

/// Request counts and durations for Prometheus; a server with keys requires a metrics key
#[utoipa::path(
    get, path = "/metrics", tag = "Server",
    responses((status = 200, body = String, content_type = "application/openmetrics-text"), schemas::Refusals)
)]
pub async fn metrics(State(app): State<Arc<AppState>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (kind, app.metrics.text()).into_response()
}
