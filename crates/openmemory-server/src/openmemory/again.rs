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
use crate::http::{ApiError, ApiResult, Body, answered_first, prefers_async, presented_key};
use crate::openapi::schemas;

/// Merge and retire similar memories, or correct those that somebody says are wrong
///
/// The server's language model proposes, with the checks of `/memory/learn`. Changes wait for `/learnings/{id}/decide` unless
/// `mode` is `apply`. `learning` is null if no memories are similar, and nobody was asked. With `Prefer: respond-async` the
/// answer comes first, as for `/memory/learn`.
#[utoipa::path(
    post, path = "/memory/consolidate", tag = "Learning", request_body = requests::ConsolidateRequest,
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: answer before the model is asked")),
    responses(
        (status = 200, body = schemas::Consolidated),
        (status = 202, body = schemas::Consolidated, headers(("Location" = String))),
        schemas::Refusals
    )
)]
pub async fn consolidate(State(app): State<Arc<AppState>>, headers: HeaderMap, Body(mut body): Body) -> ApiResult {
    Consolidate::check(&body)?;
    if prefers_async(&headers) {
        body["wait"] = false.into();
    }
    let value = call(&app, "consolidate", &headers, body).await?;
    Ok(match value.pointer("/learning/status") == Some(&"pending".into()) {
        true => answered_first(format!("/learnings/{}", value["learning"]["id"].as_str().unwrap_or_default()), value),
        false => Json(value).into_response(),
    })
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
    Ok(Json(call(&app, "relearn", &headers, body).await?).into_response())
}

async fn call(app: &AppState, call: &'static str, headers: &HeaderMap, body: Value) -> Result<Value, ApiError> {
    let facade = app.facade.as_ref().ok_or(ApiError::NoRoute)?;
    let key = presented_key(headers).map(str::to_owned);
    match facade(FacadeRequest { call, key, body }).await.ok_or(ApiError::Panicked)? {
        FacadeResult::Ok(value) => Ok(value),
        FacadeResult::Error(error) => Err(ApiError::Facade(Box::new(error))),
    }
}
