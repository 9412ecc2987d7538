//! How are messages stored? Verbatim, one memory each. Extracting facts from them would need a language model.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use openmemory_domain::request::{AddMany, Duplicates, NewMemory};
use openmemory_domain::{Content, Invalid, Metadata, Scope, Tags, Validity};
use serde_json::{Value, json};

use super::fields::{ENTITIES, Fields, end_of_day};
use super::record::public_id;
use crate::app_state::AppState;
use crate::http::{ApiError, ApiResult, LargeBody, TenantStore};
use crate::openapi::schemas;

/// Fields that configure the language model of hosted Mem0.
const MODEL_OPTIONS: [&str; 6] = [
    "custom_categories",
    "custom_instructions",
    "agent_custom_instructions",
    "structured_data_schema",
    "includes",
    "excludes",
];

/// Store messages verbatim; extracting facts (`infer: true`) needs a language model and is rejected
#[utoipa::path(
    post, path = "/v3/memories/add", tag = "Mem0", request_body = Object,
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn add(State(app): State<Arc<AppState>>, memories: TenantStore, body: LargeBody) -> ApiResult {
    let NewMessages { messages, infer_omitted, skipped } = body.read(|body| new_messages(Fields::read(body)?)).await?;
    let results = store(&memories, messages).await?;
    let event = results.first().and_then(|result| result.get("id")).cloned();
    let message = if infer_omitted { VERBATIM } else { "Messages stored verbatim" };
    let mut response = json!({ "message": message, "status": "SUCCEEDED", "event_id": event, "results": results });
    if infer_omitted {
        warn_once(&app);
        response["infer"] = false.into();
    }
    if !skipped.is_empty() {
        response["left_out"] = skipped.into();
    }
    Ok(Json(response).into_response())
}

/// Store messages verbatim, on the older path
#[utoipa::path(
    post, path = "/v1/memories", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn add_v1(State(app): State<Arc<AppState>>, memories: TenantStore, body: LargeBody) -> ApiResult {
    let read = |body| {
        let mut fields = Fields::read(body)?;
        let wrapped = fields.string("output_format")?.as_deref() == Some("v1.1");
        Ok((wrapped, new_messages(fields)?))
    };
    let (wrapped, NewMessages { messages, infer_omitted, .. }) = body.read(read).await?;
    let results = store(&memories, messages).await?;
    if infer_omitted {
        warn_once(&app);
    }
    Ok(if wrapped { Json(json!({ "results": results })) } else { Json(results.into()) }.into_response())
}

async fn store(memories: &TenantStore, messages: Vec<NewMemory>) -> Result<Vec<Value>, ApiError> {
    let items = messages.into_iter().map(Ok).collect();
    let added = memories.store.add_many(AddMany { items, atomic: true }, memories.control()).await?;
    let mut results = Vec::with_capacity(added.len());
    for item in added {
        let memory = item.map_err(|failed| ApiError::from(failed.error))?.memory;
        let (id, text) = (public_id(&memory.version.id), memory.content);
        results.push(json!({ "id": id, "memory": text, "data": { "memory": text }, "event": "ADD" }));
    }
    Ok(results)
}

const VERBATIM: &str = "Messages stored verbatim: this server has no language model to extract facts from them";

/// Warns the operator: a client that omits `infer` expects the hosted service's default, which is true.
fn warn_once(app: &AppState) {
    app.verbatim_warning.call_once(|| tracing::warn!("{VERBATIM}"));
}

/// What a request stores.
struct NewMessages {
    /// A memory for each message other than system messages.
    messages: Vec<NewMemory>,
    /// Whether the request has no `infer`, so that the client may expect extracted facts.
    infer_omitted: bool,
    /// Paths of message parts without text.
    skipped: Vec<String>,
}

fn new_messages(mut fields: Fields) -> Result<NewMessages, ApiError> {
    let infer = fields.flag("infer")?;
    if infer == Some(true) {
        let why = "infer: this server stores messages verbatim and has no language model to extract facts; \
                   pass infer=false";
        return Err(ApiError::Unsupported(why.into()));
    }
    if let Some(name) = MODEL_OPTIONS.into_iter().find(|name| fields.take(name).is_some_and(|value| !is_empty(&value)))
    {
        return Err(ApiError::Unsupported(format!("{name}: needs a language model, which this server does not have")));
    }
    if fields.flag("enable_graph")? == Some(true) {
        return Err(ApiError::Unsupported("enable_graph: this server has no entity graph".into()));
    }
    let scope = scope(&mut fields)?;
    let metadata = Metadata::read("metadata", fields.object("metadata")?.unwrap_or_default())?;
    let immutable = fields.flag("immutable")?.unwrap_or(false);
    let expires_at = fields.take("expiration_date").map(|date| end_of_day("expiration_date", &date)).transpose()?;
    let created_at = fields.timestamp("timestamp")?;
    let mut skipped = Vec::new();
    let texts = texts(fields.take("messages"), &mut skipped)?;
    fields.done()?;
    let memory = |message: Message| {
        let content = Content::read(&message.field, message.text)?;
        let scope = scope.clone();
        let metadata = with_role(&metadata, message.role)?;
        Ok(NewMemory {
            id: None,
            content,
            tags: Tags::default(),
            metadata,
            removed: Vec::new(),
            scope,
            immutable,
            expires_at,
            created_at,
            validity: Validity::default(),
            vector: None,
            embed: true,
            duplicates: Duplicates::default(),
        })
    };
    let messages = texts.into_iter().map(memory).collect::<Result<_, ApiError>>()?;
    Ok(NewMessages { messages, infer_omitted: infer.is_none(), skipped })
}

/// Adds the message's role to the metadata, as Mem0 does, unless the caller's metadata has a `role`.
fn with_role(metadata: &Metadata, role: Option<String>) -> Result<Metadata, ApiError> {
    let mut fields = metadata.fields().clone();
    if let Some(role) = role {
        fields.entry("role").or_insert(role.into());
    }
    Ok(Metadata::read("metadata", fields)?)
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
        || value == ""
}

/// Reads the scope from the top-level fields or from `filters`, where one of the clients sends it.
fn scope(fields: &mut Fields) -> Result<Scope, ApiError> {
    let mut filters = fields.object("filters")?.unwrap_or_default();
    let mut read = |name: &str| match fields.take(name).or_else(|| filters.swap_remove(name)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Scope::read(name, text)?)),
        Some(_) => Err(ApiError::invalid(name, "must be a string")),
    };
    let [user_id, agent_id, app_id, run_id] = ENTITIES;
    let scope =
        Scope { user_id: read(user_id)?, agent_id: read(agent_id)?, app_id: read(app_id)?, run_id: read(run_id)? };
    if let Some(name) = filters.keys().next() {
        return Err(ApiError::invalid(&format!("filters.{name}"), "does not apply to a new memory"));
    }
    if scope == Scope::default() {
        return Err(ApiError::invalid(
            "user_id",
            "is missing: give at least one of user_id, agent_id, app_id and run_id",
        ));
    }
    Ok(scope)
}

/// A message with its role.
struct Message {
    /// The path of its text in the request, for errors.
    field: String,
    role: Option<String>,
    text: String,
}

/// Extracts the texts of messages. System messages are ignored, and parts without text are listed in `skipped`.
fn texts(messages: Option<Value>, skipped: &mut Vec<String>) -> Result<Vec<Message>, ApiError> {
    let messages = match messages {
        Some(Value::String(text)) => return Ok(vec![Message { field: "messages".into(), role: None, text }]),
        Some(Value::Array(messages)) => messages,
        Some(message @ Value::Object(_)) => vec![message],
        _ => {
            return Err(ApiError::invalid(
                "messages",
                "must be an array of messages with role and content, or a string",
            ));
        }
    };
    if messages.len() > openmemory_domain::limits::BATCH {
        return Err(Invalid::limit("messages", "has at most 1000 messages").into());
    }
    let mut texts = Vec::with_capacity(messages.len());
    for (i, message) in messages.into_iter().enumerate() {
        let field = format!("messages[{i}].content");
        let (role, text) = match message {
            Value::String(text) => (None, text),
            Value::Object(fields) if fields.get("role").is_some_and(|role| role == "system") => continue,
            Value::Object(mut fields) => {
                let role = fields.get("role").and_then(Value::as_str).map(str::to_owned);
                match content(fields.swap_remove("content"), &field, skipped)? {
                    Some(text) => (role, text),
                    None => continue,
                }
            }
            _ => return Err(ApiError::invalid(&format!("messages[{i}]"), "must be an object with role and content")),
        };
        texts.push(Message { field, role, text });
    }
    if texts.is_empty() {
        let why = "must contain at least one message with text and a role other than system";
        return Err(ApiError::invalid("messages", why));
    }
    Ok(texts)
}

/// The text of a message; none if no part has text.
fn content(content: Option<Value>, field: &str, skipped: &mut Vec<String>) -> Result<Option<String>, ApiError> {
    let parts = match content {
        Some(Value::String(text)) => return Ok(Some(text)),
        Some(Value::Array(parts)) => parts,
        _ => return Err(ApiError::invalid(field, "must be a string or an array of parts")),
    };
    let mut texts = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        match part.get("text").and_then(Value::as_str) {
            Some(text) => texts.push(text),
            None => skipped.push(format!("{field}[{i}]")),
        }
    }
    Ok(if texts.is_empty() { None } else { Some(texts.join("\n")) })
}
