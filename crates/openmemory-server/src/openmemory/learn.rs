//! How does a client have the store learn, and how does it read, decide and undo what was learnt?

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{Decide, Learn, LearningById, ListLearnings, ListMessages, Sources};
use serde_json::json;

use super::requests;
use crate::http::{ApiResult, Body, Id, LargeBody, Query, TenantStore};
use crate::openapi::schemas;

/// Learn from messages with the server's language model
///
/// The model proposes, the store checks, and what holds is applied in one commit. The same messages again change nothing
/// and ask nobody. A server without a language model answers 400 `NO_LANGUAGE_MODEL`.
#[utoipa::path(
    post, path = "/memory/learn", tag = "Learning", request_body = requests::LearnRequest,
    responses((status = 200, body = schemas::Learning), schemas::Refusals)
)]
pub async fn learn(memories: TenantStore, body: LargeBody) -> ApiResult {
    let learn = body.read(|body| Ok(Learn::read(body)?)).await?;
    let learnt = memories.store.learn(learn, memories.control()).await?;
    Ok(Json(learnt).into_response())
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
#[utoipa::path(
    get, path = "/learnings/{id}", tag = "Learning", params(schemas::IdPath),
    responses((status = 200, body = schemas::Learning), schemas::Refusals)
)]
pub async fn get(memories: TenantStore, Id(id): Id) -> ApiResult {
    let by_id = LearningById::read(json!({ "id": id }))?;
    let learning = memories.read(|store| async move { store.learning(by_id.id).await }).await?;
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
