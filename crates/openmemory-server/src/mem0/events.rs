//! What becomes of an add that was answered before its work was done? It is an event, which can be read until its user is
//! deleted.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::learning::{Learning, LearningId};
use openmemory_domain::request::{Get, Learn};
use openmemory_domain::valid_time::PointInTime;
use openmemory_domain::{Invalid, MemoryId, Timestamp};
use openmemory_rules::Error;
use openmemory_rules::contract::MemoryStore;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::fields::Fields;
use super::record::{changed, public_id};
use super::{learn, project, requests};
use crate::app_state::AppState;
use crate::http::{ApiError, ApiResult, Id, Query, TenantStore};
use crate::openapi::schemas;
use crate::queue::EVENTS;

/// How long a client waits that asks to. One of the official clients gives up after 300 seconds.
const WAIT: Duration = Duration::from_secs(240);

/// An add that was kept.
pub struct Answered {
    pub event_id: String,
    /// What was learnt; none if the client did not wait for it, or not long enough.
    pub learning: Option<Learning>,
    /// The parts of messages that are not text.
    pub left_out: Vec<String>,
}

/// Keeps an add, so that it is not lost, and learns from it. `wait`s for what comes of it, or not.
pub async fn keep(app: &AppState, memories: &TenantStore, mut body: Value, wait: bool) -> Result<Answered, ApiError> {
    project::steer(&*memories.store, &mut body).await?;
    let mut left_out = Vec::new();
    learn::request(Fields::read(body.clone())?, &mut left_out)?;
    if let Some(messages) = body.get_mut("messages") {
        take_secrets(&*memories.store, messages);
    }
    let (send, learnt) = oneshot::channel();
    let id = app.queue.add(&memories.tenant, &*memories.store, body, wait.then_some(send)).await?;
    let learning = match wait {
        true => match timeout(WAIT, learnt).await {
            Ok(Ok(outcome)) => Some(outcome?),
            _ => None,
        },
        false => None,
    };
    Ok(Answered { event_id: event_id(&id), learning, left_out })
}

/// Reads a body that was kept.
pub fn kept_add(body: Value) -> Result<Learn, Error> {
    let request = Fields::read(body).and_then(|fields| learn::request(fields, &mut Vec::new()));
    request.map_err(|error| match error {
        ApiError::Engine(error) => error,
        _ => Invalid::argument("body", "cannot be learnt from").into(),
    })
}

fn take_secrets(store: &dyn MemoryStore, value: &mut Value) {
    match value {
        Value::String(text) => *text = store.without_secrets(text),
        Value::Array(items) => items.iter_mut().for_each(|item| take_secrets(store, item)),
        Value::Object(fields) => fields.values_mut().for_each(|field| take_secrets(store, field)),
        _ => {}
    }
}

/// The answer to an add.
pub fn answer(answered: &Answered) -> Value {
    let event_id = &answered.event_id;
    let mut answer = match &answered.learning {
        None => json!({
            "message": "Memory processing has been queued for background execution",
            "status": "PENDING",
            "event_id": event_id,
        }),
        Some(learning) => json!({
            "message": "Memories learnt from the messages",
            "status": "SUCCEEDED",
            "event_id": event_id,
            "results": learn::results(learning),
        }),
    };
    if !answered.left_out.is_empty() {
        answer["left_out"] = answered.left_out.clone().into();
    }
    answer
}

pub fn event_id(id: &LearningId) -> String {
    id.uuid().map_or_else(|| id.to_string(), |uuid| uuid.to_string())
}

/// Read what became of an add
#[utoipa::path(
    get, path = "/v1/event/{id}", tag = "Mem0", params(schemas::IdPath),
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn event(memories: TenantStore, Id(id): Id) -> ApiResult {
    let (learning, memory) = (LearningId::read("event_id", &id), MemoryId::read("event_id", &id));
    let read = |store: Arc<dyn MemoryStore>| async move {
        if let Ok(id) = learning
            && let Some(event) = read(&*store, &id).await?
        {
            return Ok(Some(event));
        }
        match memory {
            Ok(id) => stored(&*store, id).await,
            Err(_) => Ok(None),
        }
    };
    let event = memories.read(read).await?.ok_or(ApiError::NoEvent(id))?;
    Ok(Json(event).into_response())
}

/// The event of an add that stored its messages as they are, which was done with the answer. It has the id of the first memory.
async fn stored(store: &dyn MemoryStore, id: MemoryId) -> Result<Option<Value>, Error> {
    let first = Get { id, version: Some(1), point: PointInTime::default() };
    let memory = match store.get(first).await {
        Err(Error::NotFound { .. } | Error::NoVersion { .. }) => return Ok(None),
        memory => memory?,
    };
    let (id, at) = (public_id(&memory.version.id), memory.version.created_at.to_string());
    let results = vec![changed(&id, memory.content.as_str(), "ADD")];
    let event = json!({ "status": "SUCCEEDED", "created_at": at, "started_at": at, "completed_at": at });
    Ok(Some(shown(id, &event, results)))
}

/// List what became of adds, newest first
#[utoipa::path(
    get, path = "/v1/events", tag = "Mem0", params(requests::EventsQuery),
    responses((status = 200, body = Object), schemas::Mem0Refusals)
)]
pub async fn events(memories: TenantStore, mut query: Query<requests::EventsQuery>) -> ApiResult {
    let page = query.whole("page").unwrap_or(1);
    let size = query.whole("page_size").unwrap_or(50).min(requests::MAX_PAGE_SIZE);
    let from = usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let list = move |store: Arc<dyn MemoryStore>| async move {
        let names = store.document_names(EVENTS.into()).await?;
        let mut results = Vec::new();
        for name in names.iter().rev().skip(from).take(size as usize) {
            let id = LearningId::read("id", name.trim_start_matches(EVENTS))?;
            results.extend(read(&*store, &id).await?);
        }
        Ok((names.len(), results))
    };
    let (count, results) = memories.read(list).await?;
    let link = |page: u64| format!("/v1/events/?page={page}&page_size={size}");
    let body = json!({
        "count": count,
        "next": (from.saturating_add(size as usize) < count).then(|| link(page + 1)),
        "previous": (page > 1).then(|| link(page - 1)),
        "results": results,
    });
    Ok(Json(body).into_response())
}

/// An event as the clients read it.
async fn read(store: &dyn MemoryStore, id: &LearningId) -> Result<Option<Value>, Error> {
    let Some(event) = store.document(format!("{EVENTS}{id}")).await? else { return Ok(None) };
    let learning = event.get("learning").and_then(Value::as_str).map(|id| LearningId::read("id", id)).transpose()?;
    let results = match learning {
        Some(id) => store.learning(id).await.map_or_else(|_| Vec::new(), |learning| learn::results(&learning)),
        None => Vec::new(),
    };
    Ok(Some(shown(event_id(id), &event, results)))
}

fn shown(id: String, event: &Value, results: Vec<Value>) -> Value {
    let time = |name: &str| event.get(name).and_then(Value::as_str).and_then(Timestamp::parse);
    let latency = time("started_at").zip(time("completed_at")).map(|(from, to)| to.millis() - from.millis());
    json!({
        "id": id,
        "event_type": "ADD",
        "status": event.get("status"),
        "payload": null,
        "metadata": {},
        "results": results,
        "created_at": event.get("created_at"),
        "updated_at": event.get("completed_at").or(event.get("created_at")),
        "started_at": event.get("started_at"),
        "completed_at": event.get("completed_at"),
        "latency": latency,
        "error": event.get("error"),
        "graph_status": null,
    })
}

/// Adds with the answer at once, unless the client waits.
pub fn waits(body: &Value, otherwise: bool) -> bool {
    body.get("async_mode").and_then(Value::as_bool).map_or(otherwise, |asynchronous| !asynchronous)
}
