//! How is the expiry of many memories changed without versions?

use openmemory_domain::request::Touch;

use super::record::results;
use super::requests;
use crate::http::{ApiResult, LargeBody, TenantStore};
use crate::openapi::schemas;

/// Change when memories expire, in one commit and without making versions
#[utoipa::path(
    post, path = "/memory/touch", tag = "Memories", request_body = requests::TouchRequest,
    responses((status = 200, body = schemas::Results), schemas::Refusals)
)]
pub async fn touch(memories: TenantStore, body: LargeBody) -> ApiResult {
    let touch = body.read(|body| Ok(Touch::read(body)?)).await?;
    results(memories.store.touch(touch).await?).await
}
