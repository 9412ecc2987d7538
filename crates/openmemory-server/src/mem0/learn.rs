//! What does an add mean to a server with a language model, and what does Mem0's client read of the answer?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::learning::{
    Added, LearnedOperation, Learning, LearningId, Message, ProposedOperation, Role, State, Status,
};
use openmemory_domain::request::{Allow, KeepMessages, Learn, LearnMode, ListLearnings};
use openmemory_domain::{Metadata, Scope, Timestamp, limits};
use serde_json::{Value, json};

use super::fields::{Fields, end_of_day};
use super::messages::{scope, texts};
use super::record::public_id;
use super::requests;
use crate::http::{ApiError, ApiResult, Id, Query, TenantStore};
use crate::openapi::schemas;

/// The most events of a page.
const PAGE: u64 = 200;

pub fn request(mut fields: Fields) -> Result<Learn, ApiError> {
    for name in ["structured_data_schema", "custom_categories"] {
        if fields.take(name).is_some_and(|value| !is_empty(&value)) {
            return Err(ApiError::Unsupported(format!("{name}: is not supported by this server")));
        }
    }
    if fields.flag("enable_graph")? == Some(true) {
        return Err(ApiError::Unsupported("enable_graph: this server has no entity graph".into()));
    }
    let scope = scope(&mut fields)?;
    let instructions = instructions(&mut fields, &scope)?;
    let metadata = Metadata::read("metadata", fields.object("metadata")?.unwrap_or_default())?;
    let immutable = fields.flag("immutable")?.unwrap_or(false);
    let expires_at = fields.take("expiration_date").map(|date| end_of_day("expiration_date", &date)).transpose()?;
    let mut at = fields.timestamp("timestamp")?;
    for name in ["observation_datetime", "observation_date"] {
        at = fields.timestamp(name)?.or(at);
    }
    let timezone = fields.string("timezone")?.filter(|name| name.len() <= 64).unwrap_or_else(|| "UTC".into());
    let messages = texts(fields.take("messages"), &mut Vec::new())?;
    fields.done()?;
    let message = |message: super::messages::Message| {
        let role = message.role.as_deref().and_then(|role| Role::read("role", role).ok()).unwrap_or(Role::User);
        (Message { role, content: message.text, name: None, at: Timestamp::FIRST, id: None }, None)
    };
    Ok(Learn {
        messages: messages.into_iter().map(message).collect(),
        // Where only an agent is named, the agent is who is remembered.
        from: vec![if is_of_agent(&scope) { Role::Assistant } else { Role::User }],
        scope,
        added: Added { metadata: metadata.fields().clone(), expires_at, immutable, ..Added::default() },
        at,
        timezone,
        instructions,
        allow: Allow::default(),
        mode: LearnMode::Apply,
        keep_messages: KeepMessages::Log,
        redact: true,
        filter: None,
        max_operations: limits::OPERATIONS,
        reason: None,
    })
}

fn is_of_agent(scope: &Scope) -> bool {
    scope.user_id.is_none() && scope.agent_id.is_some()
}

/// All that says what matters, in one text.
fn instructions(fields: &mut Fields, scope: &Scope) -> Result<Option<String>, ApiError> {
    let (own, agent) = (fields.string("custom_instructions")?, fields.string("agent_custom_instructions")?);
    let own = if is_of_agent(scope) { agent.or(own) } else { own };
    let (includes, excludes) = (fields.string("includes")?, fields.string("excludes")?);
    let parts = [own, includes.map(|what| format!("Include: {what}")), excludes.map(|what| format!("Exclude: {what}"))];
    let text = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    if text.chars().count() > limits::INSTRUCTIONS_CHARACTERS {
        return Err(ApiError::invalid("custom_instructions", "has at most 4000 characters"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// The answer to an add.
pub fn learnt(learning: &Learning) -> Value {
    json!({
        "message": "Memories learnt from the messages",
        "status": "SUCCEEDED",
        "event_id": event_id(&learning.id),
        "results": results(learning),
    })
}

/// What has changed.
pub fn results(learning: &Learning) -> Vec<Value> {
    learning.operations.iter().filter(|learned| learned.state == State::Applied).filter_map(result).collect()
}

fn result(learned: &LearnedOperation) -> Option<Value> {
    let id = public_id(learned.id.as_ref()?);
    let (event, text) = match learned.operation.as_ref()? {
        ProposedOperation::Add { content, .. } => ("ADD", content.as_str()),
        ProposedOperation::Update { content, .. } | ProposedOperation::Merge { content, .. } => {
            ("UPDATE", content.as_str())
        }
        ProposedOperation::Retire { .. } => ("DELETE", learned.before.as_deref().unwrap_or_default()),
        ProposedOperation::Keep { .. } => return None,
    };
    Some(json!({ "id": id, "memory": text, "data": { "memory": text }, "event": event }))
}

fn event_id(id: &LearningId) -> String {
    id.uuid().map_or_else(|| id.to_string(), |uuid| uuid.to_string())
}

/// Read what became of an add
#[utoipa::path(
    get, path = "/v1/event/{id}", tag = "Mem0", params(schemas::IdPath),
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn event(memories: TenantStore, Id(id): Id) -> ApiResult {
    let id = LearningId::read("event_id", &id)?;
    let learning = memories.read(|store| async move { store.learning(id).await }).await?;
    Ok(Json(event_of(&learning)).into_response())
}

/// List what became of adds, newest first
#[utoipa::path(
    get, path = "/v1/events", tag = "Mem0", params(requests::EventsQuery),
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn events(memories: TenantStore, mut query: Query<requests::EventsQuery>) -> ApiResult {
    let (page, size) = (query.whole("page").unwrap_or(1), query.whole("page_size").unwrap_or(50).min(PAGE));
    let list = ListLearnings { scope: Scope::default(), status: None, limit: limits::PAGE, cursor: None };
    let learnings = memories.read(|store| async move { store.list_learnings(list).await }).await?.learnings;
    let (count, from) = (learnings.len(), (page.saturating_sub(1) * size) as usize);
    let results: Vec<Value> = learnings.iter().skip(from).take(size as usize).map(event_of).collect();
    Ok(Json(json!({ "count": count, "next": null, "previous": null, "results": results })).into_response())
}

fn event_of(learning: &Learning) -> Value {
    let ms = i64::try_from(learning.usage.ms).unwrap_or(i64::MAX);
    let completed = Timestamp::from_millis(learning.created_at.millis().saturating_add(ms)).to_string();
    let created = learning.created_at.to_string();
    json!({
        "id": event_id(&learning.id),
        "event_type": "ADD",
        "status": if learning.status == Status::Failed { "FAILED" } else { "SUCCEEDED" },
        "payload": null,
        "metadata": {},
        "results": results(learning),
        "created_at": created,
        "updated_at": completed,
        "started_at": created,
        "completed_at": completed,
        "latency": learning.usage.ms,
        "error": learning.error.as_ref().map(|error| error.why.as_str()),
        "graph_status": null,
    })
}
