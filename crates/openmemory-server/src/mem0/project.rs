//! Which settings does a project have? What its model is told besides the rules.

use axum::Json;
use axum::extract::Extension;
use axum::response::IntoResponse;
use openmemory_domain::limits;
use openmemory_rules::Error;
use openmemory_rules::contract::MemoryStore;
use serde_json::{Value, json};

use super::fields::Fields;
use super::learn::categories;
use crate::http::{ApiError, ApiResult, Body, TenantStore};
use crate::keys::Caller;
use crate::openapi::schemas;

/// Of which a model chooses for what it adds.
const CATEGORIES: &str = "custom_categories";
const DOCUMENT: &str = "mem0/project";
/// What the model is told.
const INSTRUCTIONS: [&str; 2] = ["custom_instructions", "agent_custom_instructions"];
/// What only people read.
const TEXTS: [&str; 2] = ["name", "description"];

/// Read the project's settings
#[utoipa::path(
    get, path = "/api/v1/orgs/organizations/{org}/projects/{project}", tag = "Mem0", params(schemas::ProjectPath),
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn project(Extension(caller): Extension<Caller>, memories: TenantStore) -> ApiResult {
    let settings = memories.read(|store| async move { store.document(DOCUMENT.into()).await }).await?;
    let setting = |name: &str| settings.as_ref().and_then(|settings| settings.get(name)).cloned();
    let tenant = caller.tenant.as_str();
    let body = json!({
        "project_id": tenant,
        "name": setting("name").unwrap_or_else(|| tenant.into()),
        "description": setting("description").unwrap_or_else(|| "OpenMemory".into()),
        "custom_instructions": setting("custom_instructions"),
        "agent_custom_instructions": setting("agent_custom_instructions"),
        "custom_categories": setting(CATEGORIES),
        "multilingual": false,
        "decay": true,
        "version": null,
    });
    Ok(Json(body).into_response())
}

/// Change the project's settings: `custom_instructions`, `agent_custom_instructions` and `custom_categories` steer what is learnt
/// from adds
///
/// Without a language model nothing is learnt, and these three are refused.
#[utoipa::path(
    patch, path = "/api/v1/orgs/organizations/{org}/projects/{project}", tag = "Mem0", params(schemas::ProjectPath),
    request_body = Object, responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn update_project(memories: TenantStore, Body(body): Body) -> ApiResult {
    let mut fields = Fields::read(body)?;
    let mut settings = memories.store.document(DOCUMENT.into()).await?.unwrap_or_else(|| json!({}));
    for name in INSTRUCTIONS.into_iter().chain(TEXTS) {
        let Some(value) = fields.raw(name) else { continue };
        let text = value.as_str();
        if !value.is_null() && text.is_none() {
            return Err(ApiError::invalid(name, "must be a string or null"));
        }
        if text.is_some_and(|text| text.chars().count() > limits::INSTRUCTIONS_CHARACTERS) {
            return Err(ApiError::invalid(name, "has at most 4000 characters"));
        }
        if INSTRUCTIONS.contains(&name) {
            needs_model(&memories, name)?;
        }
        settings[name] = value;
    }
    if let Some(given) = fields.raw(CATEGORIES) {
        needs_model(&memories, CATEGORIES)?;
        if !given.is_null() {
            categories(&given)?;
        }
        settings[CATEGORIES] = given;
    }
    for name in ["multilingual", "decay", "memory_depth", "enable_graph"] {
        if fields.raw(name).is_some() {
            return Err(ApiError::Unsupported(format!("{name}: is no setting of this server; leave it out")));
        }
    }
    fields.done()?;
    memories.store.put_documents(vec![(DOCUMENT.into(), Some(settings))]).await?;
    Ok(Json(json!({ "message": "Project updated successfully" })).into_response())
}

fn needs_model(memories: &TenantStore, name: &str) -> Result<(), ApiError> {
    if memories.store.can_learn() {
        return Ok(());
    }
    Err(ApiError::Unsupported(format!("{name}: needs a language model, which this server does not have")))
}

/// Gives an add the project's instructions and categories where it has none of its own.
pub async fn steer(store: &dyn MemoryStore, body: &mut Value) -> Result<(), Error> {
    let Some(settings) = store.document(DOCUMENT.into()).await? else { return Ok(()) };
    for name in INSTRUCTIONS.into_iter().chain([CATEGORIES]) {
        let given = body.get(name).is_some_and(|given| !given.is_null());
        let set = settings.get(name).filter(|set| !set.is_null() && *set != "" && *set != &json!([]));
        if let (false, Some(set), Some(fields)) = (given, set, body.as_object_mut()) {
            fields.insert(name.into(), set.clone());
        }
    }
    Ok(())
}
