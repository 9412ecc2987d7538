//! How does a memory come to be?

use openmemory_domain::request::{AddMany, NewMemory, check_names};
use serde_json::Value;

use super::record::{results, tagged_as};
use super::requests;
use crate::http::{ApiError, ApiResult, Body, LargeBody, TenantStore};
use crate::openapi::schemas;

/// Store a text, unless `ifExists` says otherwise and its scope has it
#[utoipa::path(
    post, path = "/memory/add", tag = "Memories", request_body = requests::NewMemory,
    responses((status = 200, body = schemas::Added, headers(("ETag" = String))), schemas::Refusals)
)]
pub async fn add(memories: TenantStore, Body(mut body): Body) -> ApiResult {
    check_dynamics(&mut body)?;
    let added = memories.store.add(NewMemory::read(body)?).await?;
    Ok(tagged_as(&added, &added.memory)?)
}

/// Store 1 to 1000 texts, each with a result of its own
#[utoipa::path(
    post, path = "/memory/batch", tag = "Memories", request_body = requests::AddBatch,
    responses((status = 200, body = schemas::Results), schemas::Refusals)
)]
pub async fn add_many(memories: TenantStore, body: LargeBody) -> ApiResult {
    let batch = body.read(|body| Ok(AddMany::read(body)?)).await?;
    let done = memories.store.add_many(batch, memories.control()).await?;
    results(done).await
}

/// OpenMemory's clients always send both. Here they follow from the sectors, so that they are checked and nothing else.
fn check_dynamics(body: &mut Value) -> Result<(), ApiError> {
    let Value::Object(fields) = body else { return Ok(()) };
    check_names(fields, requests::NewMemory::PROPERTIES)?;
    for (name, most) in [("salience", 1.0), ("decay_lambda", f64::MAX)] {
        let Some(value) = fields.shift_remove(name) else { continue };
        if !value.is_null() && !value.as_f64().is_some_and(|number| (0.0..=most).contains(&number)) {
            return Err(ApiError::invalid(name, "must be a number that is not negative, and salience at most 1"));
        }
    }
    Ok(())
}
