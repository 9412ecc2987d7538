//! How are many memories changed in one request?

use openmemory_domain::request::UpdateMany;

use super::record::results;
use super::requests;
use crate::http::{ApiResult, LargeBody, TenantStore};
use crate::openapi::schemas;

/// Change 1 to 1000 memories, with a result for each; `atomic` changes all or none
#[utoipa::path(
    patch, path = "/memory/batch", tag = "Memories", request_body = requests::UpdateBatch,
    responses((status = 200, body = schemas::Results), schemas::Refusals)
)]
pub async fn update_many(memories: TenantStore, body: LargeBody) -> ApiResult {
    let batch = body.read(|body| Ok(UpdateMany::read(body)?)).await?;
    let updated = memories.store.update_many(batch, memories.control()).await?;
    results(updated).await
}
