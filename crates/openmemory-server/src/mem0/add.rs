//! How are messages stored? Each as it is; extracting facts from them is a language model's work.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use openmemory_domain::request::{AddMany, IfExists, NewMemory};
use openmemory_domain::{Content, Invalid, Metadata, Scope, Tags};
use serde_json::{Value, json};

use super::fields::{ENTITIES, Fields, end_of_day};
use super::record::shown_id;
use crate::app_state::AppState;
use crate::http::{ApiError, ApiResult, LargeBody, TenantStore};
use crate::openapi::schemas;

/// What only a language model could do with messages.
const STEERING: [&str; 6] = [
    "custom_categories",
    "custom_instructions",
    "agent_custom_instructions",
    "structured_data_schema",
    "includes",
    "excludes",
];

/// Store messages as they are; extracting facts from them (`infer: true`) needs a language model
#[utoipa::path(
    post, path = "/v3/memories/add", tag = "Mem0", request_body = Object,
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn add(State(app): State<Arc<AppState>>, memories: TenantStore, body: LargeBody) -> ApiResult {
    let Said { messages, verbatim, left_out } = body.read(|body| said(Fields::read(body)?)).await?;
    let results = stored(&memories, messages).await?;
    let event = results.first().and_then(|result| result.get("id")).cloned();
    let message = if verbatim { VERBATIM } else { "Memories stored as they are" };
    let mut told = json!({ "message": message, "status": "SUCCEEDED", "event_id": event, "results": results });
    if verbatim {
        tell_once(&app);
        told["infer"] = false.into();
    }
    if !left_out.is_empty() {
        told["left_out"] = left_out.into();
    }
    Ok(Json(told).into_response())
}

/// The same on the older path
#[utoipa::path(
    post, path = "/v1/memories", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn add_v1(State(app): State<Arc<AppState>>, memories: TenantStore, body: LargeBody) -> ApiResult {
    let read = |body| {
        let mut fields = Fields::read(body)?;
        let wrapped = fields.string("output_format")?.as_deref() == Some("v1.1");
        Ok((wrapped, said(fields)?))
    };
    let (wrapped, Said { messages, verbatim, .. }) = body.read(read).await?;
    let results = stored(&memories, messages).await?;
    if verbatim {
        tell_once(&app);
    }
    Ok(if wrapped { Json(json!({ "results": results })) } else { Json(results.into()) }.into_response())
}

async fn stored(memories: &TenantStore, messages: Vec<NewMemory>) -> Result<Vec<Value>, ApiError> {
    let items = messages.into_iter().map(Ok).collect();
    let done = memories.store.add_many(AddMany { items, atomic: true }, memories.control()).await?;
    let mut results = Vec::with_capacity(done.len());
    for item in done {
        let memory = item.map_err(|refused| ApiError::from(refused.error))?.memory;
        let (id, text) = (shown_id(&memory.version.id), memory.content);
        results.push(json!({ "id": id, "memory": text, "data": { "memory": text }, "event": "ADD" }));
    }
    Ok(results)
}

const VERBATIM: &str = "Messages stored as they are: this server has no language model to extract facts from them";

/// Clients send no `infer` and mean true: what they get instead is told in the log, where an operator may see it.
fn tell_once(app: &AppState) {
    app.verbatim_warning.call_once(|| tracing::warn!("{VERBATIM}"));
}

/// What is to be stored of a request.
struct Said {
    /// A memory for each message that somebody said.
    messages: Vec<NewMemory>,
    /// Whether it was not asked for that messages be stored as they are.
    verbatim: bool,
    /// Parts of messages that are no texts.
    left_out: Vec<String>,
}

fn said(mut fields: Fields) -> Result<Said, ApiError> {
    let infer = fields.flag("infer")?;
    if infer == Some(true) {
        let why = "infer: this server stores messages as they are and has no language model to extract facts; \
                   pass infer=false";
        return Err(ApiError::Unsupported(why.into()));
    }
    if let Some(name) = STEERING.into_iter().find(|name| fields.take(name).is_some_and(|value| !is_empty(&value))) {
        return Err(ApiError::Unsupported(format!("{name}: needs a language model, which this server does not have")));
    }
    if fields.flag("enable_graph")? == Some(true) {
        return Err(ApiError::Unsupported("enable_graph: this server keeps no graph of entities".into()));
    }
    let scope = scope(&mut fields)?;
    let metadata = Metadata::read("metadata", fields.object("metadata")?.unwrap_or_default())?;
    let immutable = fields.flag("immutable")?.unwrap_or(false);
    let expires_at = fields.take("expiration_date").map(|date| end_of_day("expiration_date", &date)).transpose()?;
    let created_at = fields.timestamp("timestamp")?;
    let mut left_out = Vec::new();
    let texts = texts(fields.take("messages"), &mut left_out)?;
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
            if_exists: IfExists::Add,
        })
    };
    let messages = texts.into_iter().map(memory).collect::<Result<_, ApiError>>()?;
    Ok(Said { messages, verbatim: infer.is_none(), left_out })
}

/// Who said it is kept as Mem0 keeps it, unless the caller's own metadata says something else.
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

/// From the fields themselves, or from `filters`, where one client puts them.
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
        return Err(ApiError::invalid(&format!("filters.{name}"), "says nothing about a new memory"));
    }
    if scope == Scope::default() {
        return Err(ApiError::invalid(
            "user_id",
            "is missing: give at least one of user_id, agent_id, app_id and run_id",
        ));
    }
    Ok(scope)
}

/// What was said by whom, with the place where it stands.
struct Message {
    field: String,
    role: Option<String>,
    text: String,
}

/// Instructions to a model are not said by anybody. Parts that are no texts are named in `left_out`.
fn texts(messages: Option<Value>, left_out: &mut Vec<String>) -> Result<Vec<Message>, ApiError> {
    let messages = match messages {
        Some(Value::String(text)) => return Ok(vec![Message { field: "messages".into(), role: None, text }]),
        Some(Value::Array(messages)) => messages,
        Some(message @ Value::Object(_)) => vec![message],
        _ => return Err(ApiError::invalid("messages", "must be messages with role and content, or a text")),
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
                match content(fields.swap_remove("content"), &field, left_out)? {
                    Some(text) => (role, text),
                    None => continue,
                }
            }
            _ => return Err(ApiError::invalid(&format!("messages[{i}]"), "must be an object with role and content")),
        };
        texts.push(Message { field, role, text });
    }
    if texts.is_empty() {
        let why = "must hold at least one message with a text that is not the system's";
        return Err(ApiError::invalid("messages", why));
    }
    Ok(texts)
}

/// The text of a message; none where it has other parts only.
fn content(content: Option<Value>, field: &str, left_out: &mut Vec<String>) -> Result<Option<String>, ApiError> {
    let parts = match content {
        Some(Value::String(text)) => return Ok(Some(text)),
        Some(Value::Array(parts)) => parts,
        _ => return Err(ApiError::invalid(field, "must be a text, or a list of parts")),
    };
    let mut texts = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        match part.get("text").and_then(Value::as_str) {
            Some(text) => texts.push(text),
            None => left_out.push(format!("{field}[{i}]")),
        }
    }
    Ok(if texts.is_empty() { None } else { Some(texts.join("\n")) })
}
