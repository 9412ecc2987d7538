//! How is a memory rated?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::Feedback;
use openmemory_domain::request::FeedbackRequest;
use serde_json::json;

use super::fields::{Fields, memory_id};
use super::memory::id_error;
use super::record::public_id;
use crate::http::{ApiError, ApiResult, Body, TenantStore};
use crate::openapi::schemas;

/// Rate how useful a memory was; null removes the rating
#[utoipa::path(
    post, path = "/v1/feedback", tag = "Mem0", request_body = Object,
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn feedback(memories: TenantStore, Body(body): Body) -> ApiResult {
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
    let body = json!({
        "message": "Feedback recorded",
        "id": public_id(&memory.version.id),
        "memory_id": public_id(&memory.version.id),
        "feedback": memory.dynamics.feedback.map(Feedback::name),
        "feedback_reason": memory.dynamics.feedback_reason,
    });
    Ok(Json(body).into_response())
}
