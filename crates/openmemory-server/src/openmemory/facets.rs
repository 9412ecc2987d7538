//! Which values does a field have?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::Facets;

use super::requests;
use crate::http::{ApiResult, Body, TenantStore};
use crate::openapi::schemas;

/// Count the memories of each user, agent, app, run, tag, sector or value of a metadata field
#[utoipa::path(
    post, path = "/memory/facets", tag = "Memories", request_body = requests::FacetsRequest,
    responses((status = 200, body = schemas::Faceted), schemas::Refusals)
)]
pub async fn facets(memories: TenantStore, Body(body): Body) -> ApiResult {
    let request = Facets::read(body)?;
    let faceted = memories.scan(|store, control| async move { store.facets(request, control).await }).await?;
    Ok(Json(faceted).into_response())
}
