//! How does a client have the store learn, and how does it read, decide and undo what was learnt?

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use openmemory_domain::learning::Learning;
use openmemory_domain::request::{Decide, Learn, LearnMode, LearningById, ListLearnings, ListMessages, Sources};
use openmemory_domain::{Clock, SystemClock};
use openmemory_rules::Error;
use openmemory_rules::contract::MemoryStore;
use serde_json::{Value, json};

use super::requests;
use crate::app_state::AppState;
use crate::http::{ApiResult, Body, Id, LargeBody, Query, TenantStore, answered_first, prefers_async};
use crate::kept_call;
use crate::openapi::schemas;
use crate::queue::promised;

/// Learn from messages with the server's language model
///
/// The model proposes, the store checks, and what holds is applied in one commit. The same messages again change nothing
/// and ask nobody. A server without a language model answers 400 `NO_LANGUAGE_MODEL`. With `Prefer: respond-async` the answer
/// comes first: 202, with a `Location` where the learning can be read.
#[utoipa::path(
    post, path = "/memory/learn", tag = "Learning", request_body = requests::LearnRequest,
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: answer before it is learnt from")),
    responses(
        (status = 200, body = schemas::Learning),
        (status = 202, body = schemas::Learning, headers(("Location" = String))),
        schemas::Refusals
    )
)]
pub async fn learn(
    State(app): State<Arc<AppState>>,
    memories: TenantStore,
    headers: HeaderMap,
    body: LargeBody,
) -> ApiResult {
    let answers_first = prefers_async(&headers) && memories.store.can_learn();
    let read = move |body: Value| {
        let kept = answers_first.then(|| body.clone());
        Ok((Learn::read(body)?, kept))
    };
    match body.read(read).await? {
        // What is only looked at is not kept, so there would be nothing to read later.
        (learn, Some(kept)) if learn.mode != LearnMode::Dry => {
            let kept = kept_call::own(&*memories.store, kept, learn.redact);
            let id = app.queue.add(&memories.tenant, &*memories.store, kept, None).await?;
            let place = format!("/learnings/{id}");
            Ok(answered_first(place, Learning::pending(id, learn.scope, SystemClock.now())))
        }
        (learn, _) => Ok(Json(memories.store.learn(learn, memories.control()).await?).into_response()),
    }
}

/// List learnings, newest first
#[utoipa::path(
    get, path = "/learnings", tag = "Learning", params(requests::LearningsQuery),
    responses((status = 200, body = schemas::Learnings), schemas::Refusals)
)]
pub async fn list(memories: TenantStore, query: Query<requests::LearningsQuery>) -> ApiResult {
    let list = ListLearnings::read(query.fields.into())?;
    let page = memories.read(|store| async move { store.list_learnings(list).await }).await?;
    Ok(Json(page).into_response())
}

/// Get a learning
///
/// One that was answered before it was learnt from is `pending` until then. If the same call had been learnt from before, it is
/// that learning, by its own id.
#[utoipa::path(
    get, path = "/learnings/{id}", tag = "Learning", params(schemas::IdPath),
    responses((status = 200, body = schemas::Learning), schemas::Refusals)
)]
pub async fn get(memories: TenantStore, Id(id): Id) -> ApiResult {
    let by_id = LearningById::read(json!({ "id": id }))?;
    let read = |store: Arc<dyn MemoryStore>| async move {
        match store.learning(by_id.id.clone()).await {
            Err(Error::NoLearning { id }) => promised(&*store, &id).await?.ok_or(Error::NoLearning { id }),
            found => found,
        }
    };
    let learning = memories.read(read).await?;
    Ok(Json(learning).into_response())
}

/// Apply or discard what waits in a learning
#[utoipa::path(
    post, path = "/learnings/{id}/decide", tag = "Learning", params(schemas::IdPath),
    request_body = requests::DecideRequest,
    responses((status = 200, body = schemas::Learning), schemas::Refusals)
)]
pub async fn decide(memories: TenantStore, id: Id, Body(body): Body) -> ApiResult {
    let decide = Decide::read(id.join(body)?.into())?;
    Ok(Json(memories.store.decide(decide).await?).into_response())
}

/// Take back everything that a learning has changed, in one commit
///
/// If a memory has changed since, nothing is taken back, and the answer is 409.
#[utoipa::path(
    post, path = "/learnings/{id}/undo", tag = "Learning", params(schemas::IdPath),
    request_body = requests::UndoRequest,
    responses((status = 200, body = schemas::Learning), schemas::Refusals)
)]
pub async fn undo(memories: TenantStore, id: Id, Body(body): Body) -> ApiResult {
    let by_id = LearningById::read(id.join(body)?.into())?;
    Ok(Json(memories.store.undo_learning(by_id).await?).into_response())
}

/// List the words that a memory comes from, newest version first
#[utoipa::path(
    get, path = "/memory/{id}/sources", tag = "Learning", params(schemas::IdPath, requests::SourcesQuery),
    responses((status = 200, body = schemas::Sources), schemas::Refusals)
)]
pub async fn sources(memories: TenantStore, id: Id, query: Query<requests::SourcesQuery>) -> ApiResult {
    let sources = Sources::read(id.with(query).into())?;
    let found = memories.read(|store| async move { store.sources(sources).await }).await?;
    Ok(Json(json!({ "sources": found })).into_response())
}

/// List the messages that were kept, in the order in which they were said
#[utoipa::path(
    get, path = "/messages", tag = "Learning", params(requests::MessagesQuery),
    responses((status = 200, body = schemas::Messages), schemas::Refusals)
)]
pub async fn messages(memories: TenantStore, query: Query<requests::MessagesQuery>) -> ApiResult {
    let list = ListMessages::read(query.fields.into())?;
    let page = memories.read(|store| async move { store.list_messages(list).await }).await?;
    Ok(Json(page).into_response())
}

/// Delete the messages of a user, agent, app or run
#[utoipa::path(
    delete, path = "/messages", tag = "Learning", params(requests::ScopeQuery),
    responses((status = 200, body = schemas::DeletedMessages), schemas::Refusals)
)]
pub async fn delete_messages(memories: TenantStore, query: Query<requests::ScopeQuery>) -> ApiResult {
    let list = ListMessages::read(query.fields.into())?;
    Ok(Json(memories.store.delete_messages(list.scope).await?).into_response())
}
