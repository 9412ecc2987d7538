//! How are memories added?

use openmemory_domain::request::{AddMany, NewMemory, check_names};
use serde_json::Value;

use super::record::{results, tagged_as};
use super::requests;
use crate::http::{ApiError, ApiResult, Body, LargeBody, TenantStore};
use crate::openapi::schemas;

/// Add a memory; `ifExists` decides what happens if its scope already has the text
#[utoipa::path(
    post, path = "/memory/add", tag = "Memories", request_body = requests::NewMemory,
    responses((status = 200, body = schemas::Added, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn add(memories: TenantStore, Body(mut body): Body) -> ApiResult {
    check_dynamics(&mut body)?;
    let added = memories.store.add(NewMemory::read(body)?).await?;
    Ok(tagged_as(&added, &added.memory)?)
}

/// Add 1 to 1000 memories, with a result for each
#[utoipa::path(
    post, path = "/memory/batch", tag = "Memories", request_body = requests::AddBatch,
    responses((status = 200, body = schemas::Results), schemas::Refusals)
)]
pub async fn add_many(memories: TenantStore, body: LargeBody) -> ApiResult {
    let batch = body.read(|body| Ok(AddMany::read(body)?)).await?;
    let added = memories.store.add_many(batch, memories.control()).await?;
    results(added).await
}

/// Checks and discards `salience` and `decay_lambda`. OpenMemory's clients always send both, but here they follow from the
/// sectors.
fn check_dynamics(body: &mut Value) -> Result<(), ApiError> {
    let Value::Object(fields) = body else { return Ok(()) };
    check_names(fields, requests::NewMemory::PROPERTIES)?;
    for (name, max) in [("salience", 1.0), ("decay_lambda", f64::MAX)] {
        let Some(value) = fields.shift_remove(name) else { continue };
        if !value.is_null() && !value.as_f64().is_some_and(|number| (0.0..=max).contains(&number)) {
            return Err(ApiError::invalid(name, "must be a non-negative number, and salience at most 1"));
        }
    }
    Ok(())
}
