//! How are messages stored? With a language model, by what it learns from them; otherwise verbatim, one memory each.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use openmemory_domain::request::{AddMany, Duplicates, IfExists, NewMemory};
use openmemory_domain::{Content, Metadata, Tags, Validity};
use serde_json::{Value, json};

use super::fields::{Fields, end_of_day};
use super::messages::{Message, naming, scope, texts};
use super::record::{changed, public_id};
use super::{events, learn};
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

/// Learn from messages, or store them verbatim
///
/// With a language model, unless `infer` is false, facts are learnt from the messages after the answer, which has
/// `PENDING` and an event; with `async_mode: false` the answer waits and has what has changed. What was answered is not lost.
/// Without one the messages are stored verbatim, and an explicit `infer: true` is refused. Unless `infer` is false, a text
/// that the scope has already is not stored again: its event is `NOOP`.
#[utoipa::path(
    post, path = "/v3/memories/add", tag = "Mem0", request_body = Object,
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn add(State(app): State<Arc<AppState>>, memories: TenantStore, body: LargeBody) -> ApiResult {
    let can_learn = memories.store.can_learn();
    let NewMessages { messages, infer_omitted, left_out } = match body.read(move |body| adding(body, can_learn)).await?
    {
        Adding::Verbatim(messages) => messages,
        Adding::Learning(body) => {
            let wait = events::waits(&body, false);
            let answered = events::keep(&app, &memories, body, wait).await?;
            return Ok(naming(&answered.left_out, Json(events::answer(&answered)).into_response()));
        }
    };
    let results = store(&memories, messages).await?;
    let event = results.first().and_then(|result| result.get("id")).cloned();
    let message = if infer_omitted { VERBATIM } else { "Messages stored verbatim" };
    let mut response = json!({ "message": message, "status": "SUCCEEDED", "event_id": event, "results": results });
    if infer_omitted {
        warn_once(&app);
        response["infer"] = false.into();
    }
    if !left_out.is_empty() {
        response["left_out"] = left_out.clone().into();
    }
    Ok(naming(&left_out, Json(response).into_response()))
}

/// Learn from messages, or store them verbatim, on the older path
#[utoipa::path(
    post, path = "/v1/memories", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn add_v1(State(app): State<Arc<AppState>>, memories: TenantStore, body: LargeBody) -> ApiResult {
    add_older(&app, &memories, body, false).await
}

/// Answers with a bare array unless it is `wrapped`, or the request asks for `output_format: v1.1`.
pub async fn add_older(app: &Arc<AppState>, memories: &TenantStore, body: LargeBody, wrapped: bool) -> ApiResult {
    let can_learn = memories.store.can_learn();
    let read = move |body: Value| {
        let asked = Fields::read(body.clone())?.string("output_format")?.as_deref() == Some("v1.1");
        Ok((wrapped || asked, adding(body, can_learn)?))
    };
    let (wrapped, adding) = body.read(read).await?;
    let (results, left_out) = match adding {
        Adding::Verbatim(NewMessages { messages, infer_omitted, left_out }) => {
            if infer_omitted {
                warn_once(app);
            }
            (store(memories, messages).await?, left_out)
        }
        Adding::Learning(body) => {
            let wait = events::waits(&body, true);
            let answered = events::keep(app, memories, body, wait).await?;
            let results = match &answered.learning {
                Some(learning) => learn::results(learning),
                None => vec![events::answer(&answered)],
            };
            (results, answered.left_out)
        }
    };
    let mut body: Value = if wrapped { json!({ "results": results }) } else { results.into() };
    if wrapped && !left_out.is_empty() {
        body["left_out"] = left_out.clone().into();
    }
    Ok(naming(&left_out, Json(body).into_response()))
}

async fn store(memories: &TenantStore, messages: Vec<NewMemory>) -> Result<Vec<Value>, ApiError> {
    let items = messages.into_iter().map(Ok).collect();
    let added = memories.store.add_many(AddMany { items, atomic: true }, memories.control()).await?;
    let mut results = Vec::with_capacity(added.len());
    for item in added {
        let added = item.map_err(|failed| ApiError::from(failed.error))?;
        let event = if added.existed { "NOOP" } else { "ADD" };
        results.push(changed(&public_id(&added.memory.version.id), added.memory.content.as_str(), event));
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
    left_out: Vec<String>,
}

/// What a request asks for.
enum Adding {
    Verbatim(NewMessages),
    /// The body, which is kept before it is answered.
    Learning(Value),
}

fn adding(body: Value, can_learn: bool) -> Result<Adding, ApiError> {
    if can_learn && body.is_object() && body.get("infer").is_none_or(|infer| *infer != false) {
        return Ok(Adding::Learning(body));
    }
    let mut fields = Fields::read(body)?;
    let infer = fields.flag("infer")?;
    new_messages(fields, infer).map(Adding::Verbatim)
}

fn new_messages(mut fields: Fields, infer: Option<bool>) -> Result<NewMessages, ApiError> {
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
    let mut left_out = Vec::new();
    let texts = texts(fields.take("messages"), &mut left_out)?;
    fields.done()?;
    // Integrations that omit it send a conversation anew at each turn.
    let if_exists = if infer.is_none() { IfExists::Skip } else { IfExists::Add };
    let duplicates = Duplicates { if_exists, ..Duplicates::default() };
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
            vectors: None,
            embed: true,
            duplicates,
        })
    };
    let messages = texts.into_iter().map(memory).collect::<Result<_, ApiError>>()?;
    Ok(NewMessages { messages, infer_omitted: infer.is_none(), left_out })
}

/// Adds the message's role to the metadata, as Mem0 does, unless the caller's metadata has a `role`.
fn with_role(metadata: &Metadata, role: Option<String>) -> Result<Metadata, ApiError> {
    let mut fields = metadata.fields();
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
