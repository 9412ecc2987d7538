//! How does a caller get memories as text for a prompt?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::ContextRequest;
use openmemory_rules::context::{ContextMemory, block};
use openmemory_rules::contract::Hit;
use serde_json::json;

use super::record::with_protocol_fields;
use super::requests;
use crate::http::{ApiResult, Body, TenantStore};
use crate::openapi::schemas;

/// Write the memories that answer a question as a block for a prompt
///
/// Dated lines within a budget, each with what its memory replaced. No memory can leave its line or close the block.
#[utoipa::path(
    post, path = "/memory/context", tag = "Memories", request_body = requests::Context,
    responses((status = 200, body = schemas::ContextBlock), schemas::Refusals)
)]
pub async fn context(memories: TenantStore, Body(body): Body) -> ApiResult {
    let ContextRequest { search, tokens, order } = ContextRequest::read(body)?;
    let write = move |hits: &[Hit]| {
        let block = block(hits.to_vec(), tokens, order);
        let record = |memory: &ContextMemory| with_protocol_fields(memory, &memory.hit.memory);
        let memories = block.memories.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "text": block.text, "memories": memories, "tokens": block.tokens, "omitted": block.omitted }))
    };
    Ok(Json(memories.search(search, write).await?).into_response())
}
