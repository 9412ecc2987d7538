//! How are changes of several kinds made in one request?

use openmemory_domain::request::Operations;

use super::record::results;
use super::requests;
use crate::http::{ApiResult, LargeBody, TenantStore};
use crate::openapi::schemas;

/// Add, change, retire, restore and delete memories in one commit: all or none
///
/// Operations apply in order. If one is refused, its result has the error, the others are `ABORTED`, and nothing changes.
#[utoipa::path(
    post, path = "/memory/operations", tag = "Memories", request_body = requests::OperationsRequest,
    responses((status = 200, body = schemas::OperationResults), schemas::Refusals)
)]
pub async fn apply(memories: TenantStore, body: LargeBody) -> ApiResult {
    let operations = body.read(|body| Ok(Operations::read(body)?)).await?;
    let applied = memories.store.apply_operations(operations, memories.control()).await?;
    results(applied).await
}
