//! How does a client have the store look again at what it has? The facade does it, as a client of this server with the key of the
//! request, so that tenants and limits hold.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use openmemory_domain::request::{Consolidate, Relearn};
use serde_json::Value;
use std::sync::Arc;

use super::requests;
use crate::app_state::AppState;
use crate::facade::{FacadeRequest, FacadeResult};
use crate::http::{ApiError, ApiResult, Body, presented_key};
use crate::openapi::schemas;

/// Merge and retire similar memories, or correct those that somebody says are wrong
///
/// The server's language model proposes, with the checks of `/memory/learn`. Changes wait for `/learnings/{id}/decide` unless
/// `mode` is `apply`. `learning` is null if no memories are similar, and nobody was asked.
#[utoipa::path(
    post, path = "/memory/consolidate", tag = "Learning", request_body = requests::ConsolidateRequest,
    responses((status = 200, body = schemas::Consolidated), schemas::Refusals)
)]
pub async fn consolidate(State(app): State<Arc<AppState>>, headers: HeaderMap, Body(body): Body) -> ApiResult {
    Consolidate::check(&body)?;
    call(&app, "consolidate", &headers, body).await
}

/// Learn once more from the kept messages of a scope
///
/// Memories keep their ids. What was learnt already, with the same model and instructions, asks nobody again, so a request whose
/// connection was lost can be repeated.
#[utoipa::path(
    post, path = "/memory/relearn", tag = "Learning", request_body = requests::RelearnRequest,
    responses((status = 200, body = schemas::Relearnt), schemas::Refusals)
)]
pub async fn relearn(State(app): State<Arc<AppState>>, headers: HeaderMap, Body(body): Body) -> ApiResult {
    Relearn::check(&body)?;
    call(&app, "relearn", &headers, body).await
}

async fn call(app: &AppState, call: &'static str, headers: &HeaderMap, body: Value) -> ApiResult {
    let facade = app.facade.as_ref().ok_or(ApiError::NoRoute)?;
    let key = presented_key(headers).map(str::to_owned);
    match facade(FacadeRequest { call, key, body }).await.ok_or(ApiError::Panicked)? {
        FacadeResult::Ok(value) => Ok(Json(value).into_response()),
        FacadeResult::Error(error) => Err(ApiError::Facade(Box::new(error))),
    }
}
