//! Who hears of changes, and what? Each tenant has its webhooks; a project is a tenant here.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use openmemory_domain::request::Watch;
use openmemory_domain::{Clock, SystemClock};
use openmemory_rules::Error;
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::fields::Fields;
use super::record::{categories, public_id, scope};
use crate::app_state::AppState;
use crate::http::{ApiError, ApiResult, Body, TenantStore};
use crate::openapi::schemas;
use crate::webhooks::{self, Event, EventType, Position, Webhook};

/// Of one tenant; each reads all changes.
const MOST: usize = 16;
const NAME_CHARACTERS: usize = 256;
const URL_CHARACTERS: usize = 2048;
const NAMES: [&str; 4] = ["memory_add", "memory_update", "memory_delete", "memory_categorize"];

/// List webhooks
#[utoipa::path(
    get, path = "/api/v1/webhooks/projects/{project}", tag = "Mem0", params(schemas::WebhookProjectPath),
    responses((status = 200, body = Vec<schemas::Mem0Webhook>), schemas::Mem0Refusals)
)]
pub async fn list(memories: TenantStore, Path(project): Path<String>) -> ApiResult {
    of_tenant(&memories, &project)?;
    let found = memories
        .read(|store| async move {
            let mut found = Vec::new();
            for id in webhooks::all(&*store).await? {
                let position = webhooks::read_position(&*store, &id).await?;
                found.extend(webhooks::read(&*store, &id).await?.map(|webhook| (id, webhook, position)));
            }
            Ok(found)
        })
        .await?;
    let records: Vec<Value> =
        found.iter().map(|(id, webhook, position)| record(&memories, id, webhook, position)).collect();
    Ok(Json(records).into_response())
}

/// Make a webhook: each change of a memory is sent to its address
///
/// The answer alone has the `secret` that signatures are made with. Only loopback addresses, and those that the server was
/// started with, are sent to.
#[utoipa::path(
    post, path = "/api/v1/webhooks/projects/{project}", tag = "Mem0", params(schemas::WebhookProjectPath),
    request_body = Object, responses((status = 201, body = schemas::Mem0Webhook), schemas::Mem0Refusals)
)]
pub async fn create(
    State(app): State<Arc<AppState>>,
    memories: TenantStore,
    Path(project): Path<String>,
    Body(body): Body,
) -> ApiResult {
    of_tenant(&memories, &project)?;
    if !app.webhooks.can_send() {
        return Err(ApiError::Unsupported("webhooks: the program around this server sends none".into()));
    }
    let mut fields = Fields::read(body)?;
    let now = SystemClock.now().to_string();
    let webhook = Webhook {
        name: given(name(&mut fields)?, "name")?,
        url: given(url(&mut fields)?, "url")?,
        event_types: given(event_types(&mut fields)?, "event_types")?,
        is_active: fields.flag("is_active")?.unwrap_or(true),
        secret: webhooks::new_secret()?,
        created_at: now.clone(),
        updated_at: now.clone(),
    };
    fields.done()?;
    let store = &*memories.store;
    if webhooks::all(store).await?.len() >= MOST {
        return Err(ApiError::Unsupported(format!("webhooks: there are {MOST} already; delete one first")));
    }
    let id = webhooks::new_id()?;
    // From here on.
    let cursor = store.watch(Watch { filter: None, since: None })?.cursor();
    let position = Position { cursor, changed_at: Some(now), ..Position::default() };
    let documents = vec![
        (webhooks::name(&id), Some(document(&webhook)?)),
        (webhooks::position_name(&id), Some(document(&position)?)),
    ];
    store.put_documents(documents).await?;
    app.webhooks.changed(&memories.tenant, &id);
    let mut record = record(&memories, &id, &webhook, &position);
    record["secret"] = webhook.secret.into();
    Ok((StatusCode::CREATED, Json(record)).into_response())
}

/// Change a webhook; `is_active: true` goes on with one that its receiver has ended
#[utoipa::path(
    put, path = "/api/v1/webhooks/{webhook}", tag = "Mem0", params(schemas::WebhookPath),
    request_body = Object, responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn update(
    State(app): State<Arc<AppState>>,
    memories: TenantStore,
    Path(id): Path<String>,
    Body(body): Body,
) -> ApiResult {
    let store = &*memories.store;
    let mut webhook = webhooks::read(store, &id).await?.ok_or(ApiError::NoWebhook)?;
    let mut fields = Fields::read(body)?;
    webhook.name = name(&mut fields)?.unwrap_or(webhook.name);
    webhook.url = url(&mut fields)?.unwrap_or(webhook.url);
    webhook.event_types = event_types(&mut fields)?.unwrap_or(webhook.event_types);
    webhook.is_active = fields.flag("is_active")?.unwrap_or(webhook.is_active);
    webhook.updated_at = SystemClock.now().to_string();
    fields.done()?;
    store.put_documents(vec![(webhooks::name(&id), Some(document(&webhook)?))]).await?;
    app.webhooks.changed(&memories.tenant, &id);
    Ok(Json(json!({ "message": "Webhook updated successfully" })).into_response())
}

/// Delete a webhook
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{webhook}", tag = "Mem0", params(schemas::WebhookPath),
    responses((status = 200, body = schemas::Mem0Message), schemas::Mem0Refusals)
)]
pub async fn delete(State(app): State<Arc<AppState>>, memories: TenantStore, Path(id): Path<String>) -> ApiResult {
    let store = &*memories.store;
    webhooks::read(store, &id).await?.ok_or(ApiError::NoWebhook)?;
    store.put_documents(vec![(webhooks::name(&id), None), (webhooks::position_name(&id), None)]).await?;
    app.webhooks.deleted(&memories.tenant, &id);
    Ok(Json(json!({ "message": "Webhook deleted successfully" })).into_response())
}

/// What a receiver reads.
pub fn payload(event: &Event) -> Value {
    let id = public_id(&event.id);
    let mut details = Map::new();
    let mut put = |name: &str, value: Value| details.insert(name.into(), value);
    if event.kind == EventType::Categorize {
        put("event", "CATEGORIZE".into());
        put("memory_id", id.into());
        put("categories", event.version.as_ref().map_or(Value::Null, |version| categories(&version.0)));
    } else {
        let name = match event.kind {
            EventType::Add => "ADD",
            EventType::Update => "UPDATE",
            _ => "DELETE",
        };
        put("id", id.into());
        put("data", json!({ "memory": event.version.as_ref().map(|version| &version.1) }));
        put("event", name.into());
    }
    if let Some(version) = &event.version {
        scope(&version.0, &mut put);
    }
    put("version", event.number.into());
    put("timestamp", event.at.to_string().into());
    json!({ "event_details": details })
}

fn of_tenant(memories: &TenantStore, project: &str) -> Result<(), ApiError> {
    if memories.tenant.as_str() == project {
        return Ok(());
    }
    Err(ApiError::Forbidden("the key is not one of this project; GET /v1/ping/ says which is"))
}

fn record(memories: &TenantStore, id: &str, webhook: &Webhook, position: &Position) -> Value {
    json!({
        "webhook_id": id,
        "name": webhook.name,
        "url": webhook.url,
        "event_types": webhook.event_types,
        "owner": memories.tenant.as_str(),
        "project": memories.tenant.as_str(),
        "is_active": webhook.is_active,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
        "last_delivered_at": position.delivered_at,
        "last_error": position.last_error,
    })
}

fn document<T: serde::Serialize>(value: &T) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|_| Error::Internal("a webhook is no JSON"))
}

fn given<T>(value: Option<T>, name: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::invalid(name, "is required"))
}

fn name(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    let name = fields.string("name")?;
    match &name {
        Some(text) if text.is_empty() || text.chars().count() > NAME_CHARACTERS => {
            Err(ApiError::invalid("name", "must have 1 to 256 characters"))
        }
        _ => Ok(name),
    }
}

/// Where it leads is looked at when something is sent: what a name means changes.
fn url(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    let Some(url) = fields.string("url")? else { return Ok(None) };
    let is_http = ["http://", "https://"].iter().any(|scheme| url.to_ascii_lowercase().starts_with(scheme));
    if !is_http || url.chars().count() > URL_CHARACTERS || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(ApiError::invalid("url", "must be an http or https address of at most 2048 characters"));
    }
    let authority = url.split(['/', '?', '#', '\\']).nth(2).unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return Err(ApiError::invalid("url", "must name a host, and no user or password"));
    }
    Ok(Some(url))
}

fn event_types(fields: &mut Fields) -> Result<Option<Vec<EventType>>, ApiError> {
    let Some(given) = fields.array("event_types")? else { return Ok(None) };
    let mut types = Vec::new();
    for (i, name) in given.into_iter().enumerate() {
        let kind: EventType = serde_json::from_value(name).map_err(|_| {
            ApiError::invalid(&format!("event_types[{i}]"), &format!("must be one of {}", NAMES.join(", ")))
        })?;
        if !types.contains(&kind) {
            types.push(kind);
        }
    }
    if types.is_empty() { Err(ApiError::invalid("event_types", "must not be empty")) } else { Ok(Some(types)) }
}
