//! How is a memory rated? Where there is a language model, it is told the reason of a bad rating after the answer; what it
//! would change waits for a person.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use openmemory_domain::request::FeedbackRequest;
use openmemory_domain::{Feedback, Memory};
use serde_json::json;
use tokio::task::spawn;
use tracing::Instrument;

use super::fields::{Fields, memory_id};
use super::memory::id_error;
use super::record::public_id;
use crate::app_state::AppState;
use crate::facade::{FacadeRequest, FacadeResult};
use crate::http::{ApiError, ApiResult, Body, TenantStore, presented_key};
use crate::openapi::schemas;

/// Rate how useful a memory was; null removes the rating
///
/// The reason of a `NEGATIVE` or `VERY_NEGATIVE` rating is handed to the server's language model, if there is one, after the
/// answer. The corrections that it proposes wait in `/learnings`.
#[utoipa::path(
    post, path = "/v1/feedback", tag = "Mem0", request_body = Object,
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn feedback(
    State(app): State<Arc<AppState>>,
    memories: TenantStore,
    headers: HeaderMap,
    Body(body): Body,
) -> ApiResult {
    let mut fields = Fields::read(body)?;
    let id = memory_id("memory_id", fields.take("memory_id"))?;
    let name = fields.string("feedback")?;
    let feedback = name.map(|name| Feedback::read("feedback", &name.to_uppercase())).transpose()?;
    let reason = fields.string("feedback_reason")?;
    fields.done()?;
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 1024) {
        return Err(ApiError::invalid("feedback_reason", "has at most 1024 characters"));
    }
    let memory = memories.store.feedback(FeedbackRequest { id, feedback, reason }).await.map_err(id_error)?;
    if memories.store.can_learn() {
        hand_over(&app, &memory, presented_key(&headers).map(str::to_owned));
    }
    let body = json!({
        "message": "Feedback recorded",
        "id": public_id(&memory.version.id),
        "memory_id": public_id(&memory.version.id),
        "feedback": memory.dynamics.feedback.map(Feedback::name),
        "feedback_reason": memory.dynamics.feedback_reason,
    });
    Ok(Json(body).into_response())
}

/// Has the language model look at a memory that somebody says is wrong. Its failure is no failure of the feedback.
fn hand_over(app: &AppState, memory: &Memory, key: Option<String>) {
    let dynamics = &memory.dynamics;
    let is_bad = matches!(dynamics.feedback, Some(Feedback::Negative | Feedback::VeryNegative));
    let (Some(reason), Some(facade)) = (dynamics.feedback_reason.clone().filter(|_| is_bad), app.facade.clone()) else {
        return;
    };
    let mut body = json!({ "memories": [memory.version.id], "feedback": reason, "reason": reason, "mode": "review" });
    for (name, value) in memory.version.scope.fields() {
        body[name] = value.into();
    }
    let asking = async move {
        if let Some(FacadeResult::Error(error)) = facade(FacadeRequest { call: "consolidate", key, body }).await {
            tracing::warn!(code = error.code, "feedback was not handed to the language model");
        }
    };
    spawn(asking.in_current_span());
}
