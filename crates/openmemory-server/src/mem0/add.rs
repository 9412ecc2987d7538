//! How are messages stored? Each as it is; extracting facts from them is a language model's work.

use axum::Json;
use axum::response::IntoResponse;
use openmemory_core::domain::request::{AddMany, NewMemory};
use openmemory_core::domain::{Content, Invalid, Metadata, Scope, Tags};
use serde_json::{Value, json};

use super::fields::{ENTITIES, Fields, end_of_day};
use super::record::shown_id;
use crate::http::{Answer, Failure, LargeBody, Memories};
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

/// Store messages as they are (`infer` must be false)
#[utoipa::path(
    post, path = "/v3/memories/add", tag = "Mem0", request_body = Object,
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn add(memories: Memories, body: LargeBody) -> Answer {
    let messages = body.read(|body| messages(Fields::read(body)?)).await?;
    let results = stored(&memories, messages).await?;
    let event = results.first().and_then(|result| result.get("id")).cloned();
    let message = "Memories stored as they are";
    let told = json!({ "message": message, "status": "SUCCEEDED", "event_id": event, "results": results });
    Ok(Json(told).into_response())
}

/// The same on the older path
#[utoipa::path(
    post, path = "/v1/memories", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn add_v1(memories: Memories, body: LargeBody) -> Answer {
    let read = |body| {
        let mut fields = Fields::read(body)?;
        let wrapped = fields.string("output_format")?.as_deref() == Some("v1.1");
        Ok((wrapped, messages(fields)?))
    };
    let (wrapped, messages) = body.read(read).await?;
    let results = stored(&memories, messages).await?;
    Ok(if wrapped { Json(json!({ "results": results })) } else { Json(results.into()) }.into_response())
}

async fn stored(memories: &Memories, messages: Vec<NewMemory>) -> Result<Vec<Value>, Failure> {
    let items = messages.into_iter().map(Ok).collect();
    let done = memories.store.add_many(AddMany { items, atomic: true }, &memories.control).await?;
    let mut results = Vec::with_capacity(done.len());
    for item in done {
        let memory = item.map_err(|refused| Failure::from(refused.error))?;
        let (id, text) = (shown_id(&memory.version.id), memory.content);
        results.push(json!({ "id": id, "memory": text, "data": { "memory": text }, "event": "ADD" }));
    }
    Ok(results)
}

/// A memory for each message that somebody said.
fn messages(mut fields: Fields) -> Result<Vec<NewMemory>, Failure> {
    if fields.flag("infer")? != Some(false) {
        let why = "infer: this server stores messages as they are and has no language model to extract facts; \
                   pass infer=false";
        return Err(Failure::Unsupported(why.into()));
    }
    if let Some(name) = STEERING.into_iter().find(|name| fields.take(name).is_some_and(|value| !is_empty(&value))) {
        return Err(Failure::Unsupported(format!("{name}: needs a language model, which this server does not have")));
    }
    if fields.flag("enable_graph")? == Some(true) {
        return Err(Failure::Unsupported("enable_graph: this server keeps no graph of entities".into()));
    }
    let scope = scope(&mut fields)?;
    let metadata = Metadata::read("metadata", fields.object("metadata")?.unwrap_or_default())?;
    let immutable = fields.flag("immutable")?.unwrap_or(false);
    let expires_at = fields.take("expiration_date").map(|date| end_of_day("expiration_date", &date)).transpose()?;
    let created_at = fields.timestamp("timestamp")?;
    let texts = texts(fields.take("messages"))?;
    let memory = |(field, text): (String, String)| {
        let content = Content::read(&field, text)?;
        let (scope, metadata) = (scope.clone(), metadata.clone());
        Ok(NewMemory { id: None, content, tags: Tags::default(), metadata, scope, immutable, expires_at, created_at })
    };
    texts.into_iter().map(memory).collect()
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
        || value == ""
}

/// From the fields themselves, or from `filters`, where one client puts them.
fn scope(fields: &mut Fields) -> Result<Scope, Failure> {
    let mut filters = fields.object("filters")?.unwrap_or_default();
    let mut read = |name: &str| match fields.take(name).or_else(|| filters.swap_remove(name)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Scope::read(name, text)?)),
        Some(_) => Err(Failure::invalid(name, "must be a string")),
    };
    let [user_id, agent_id, app_id, run_id] = ENTITIES;
    let scope =
        Scope { user_id: read(user_id)?, agent_id: read(agent_id)?, app_id: read(app_id)?, run_id: read(run_id)? };
    if scope == Scope::default() {
        return Err(Failure::invalid(
            "user_id",
            "is missing: give at least one of user_id, agent_id, app_id and run_id",
        ));
    }
    Ok(scope)
}

/// What was said, with the place where it stands. Instructions to a model are not said by anybody.
fn texts(messages: Option<Value>) -> Result<Vec<(String, String)>, Failure> {
    let messages = match messages {
        Some(Value::String(text)) => return Ok(vec![("messages".into(), text)]),
        Some(Value::Array(messages)) => messages,
        Some(message @ Value::Object(_)) => vec![message],
        _ => return Err(Failure::invalid("messages", "must be messages with role and content, or a text")),
    };
    if messages.len() > openmemory_core::domain::limits::BATCH {
        return Err(Invalid::limit("messages", "has at most 1000 messages").into());
    }
    let mut texts = Vec::with_capacity(messages.len());
    for (i, message) in messages.into_iter().enumerate() {
        let field = format!("messages[{i}].content");
        let text = match message {
            Value::String(text) => text,
            Value::Object(fields) if fields.get("role").is_some_and(|role| role == "system") => continue,
            Value::Object(mut fields) => said(fields.swap_remove("content"))
                .ok_or_else(|| Failure::invalid(&field, "must be a text, or a list of text parts"))?,
            _ => return Err(Failure::invalid(&format!("messages[{i}]"), "must be an object with role and content")),
        };
        texts.push((field, text));
    }
    if texts.is_empty() {
        return Err(Failure::invalid("messages", "must hold at least one message that is not the system's"));
    }
    Ok(texts)
}

fn said(content: Option<Value>) -> Option<String> {
    match content? {
        Value::String(text) => Some(text),
        Value::Array(parts) => {
            let texts: Option<Vec<&str>> = parts.iter().map(|part| part.get("text")?.as_str()).collect();
            texts.map(|texts| texts.join("\n"))
        }
        _ => None,
    }
}
