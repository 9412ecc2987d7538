//! How is a memory rated? Where there is a language model, it is told the reason of a bad rating after the answer, which a
//! kill does not lose; what it would change waits for a person.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use openmemory_domain::learning::LearningId;
use openmemory_domain::request::FeedbackRequest;
use openmemory_domain::{Feedback, Memory};
use serde_json::json;

use super::events::event_id;
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
/// answer, which has an `event_id` then. The corrections that it proposes wait in `/learnings`.
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
    let event_id = match memories.store.can_learn() {
        true => hand_over(&app, &memory, presented_key(&headers).map(str::to_owned)).await,
        false => None,
    };
    let mut body = json!({
        "message": "Feedback recorded",
        "id": public_id(&memory.version.id),
        "memory_id": public_id(&memory.version.id),
        "feedback": memory.dynamics.feedback.map(Feedback::name),
        "feedback_reason": memory.dynamics.feedback_reason,
    });
    if let Some(id) = event_id {
        body["event_id"] = id.into();
    }
    Ok(Json(body).into_response())
}

/// Has the language model look at a memory that somebody says is wrong. The call is kept once this returns, so that the
/// correction is not lost. Its failure is no failure of the feedback.
async fn hand_over(app: &AppState, memory: &Memory, key: Option<String>) -> Option<String> {
    let dynamics = &memory.dynamics;
    let is_bad = matches!(dynamics.feedback, Some(Feedback::Negative | Feedback::VeryNegative));
    let reason = dynamics.feedback_reason.as_ref().filter(|_| is_bad)?;
    let mut body = json!({
        "memories": [memory.version.id], "feedback": reason, "reason": reason, "mode": "review", "wait": false,
    });
    for (name, value) in memory.version.scope.fields() {
        body[name] = value.into();
    }
    match app.facade.as_ref()?(FacadeRequest { call: "consolidate", key, body }).await? {
        FacadeResult::Ok(answer) => {
            let id = LearningId::read("id", answer.pointer("/learning/id")?.as_str()?).ok()?;
            Some(event_id(&id))
        }
        FacadeResult::Error(error) => {
            tracing::warn!(code = error.code, "feedback was not handed to the language model");
            None
        }
    }
}
