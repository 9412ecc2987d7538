//! How are many memories deleted in one request?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::DeleteMany;

use super::record::results;
use super::requests;
use crate::http::{ApiResult, LargeBody, TenantStore};
use crate::openapi::schemas;

/// Delete memories by id, by filter, or all
///
/// With `ids`, the response has a result for each; with filters or `all`, the number of deleted memories and their ids. An
/// empty filter never means all.
#[utoipa::path(
    post, path = "/memory/delete", tag = "Memories", request_body = requests::Selection,
    responses((status = 200, body = schemas::Deletion), schemas::Refusals)
)]
pub async fn delete_many(memories: TenantStore, body: LargeBody) -> ApiResult {
    Ok(match body.read(|body| Ok(DeleteMany::read(body)?)).await? {
        DeleteMany::Ids(ids) => return results(memories.store.delete_many(ids).await?).await,
        DeleteMany::Matching(filter) => Json(memories.delete_matching(Some(filter)).await?).into_response(),
        DeleteMany::All => Json(memories.delete_matching(None).await?).into_response(),
    })
}
