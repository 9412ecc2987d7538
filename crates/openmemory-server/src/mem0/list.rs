//! Which memories are there? Pages by number, newest first.

use std::sync::Arc;

use crate::blocking::blocking;
use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use openmemory_domain::Memory;
use openmemory_domain::filter::Filter;
use openmemory_domain::request::List;
use openmemory_rules::Error;
use serde_json::{Map, Value, json};

use super::fields::{ENTITIES, Fields, exactly};
use super::filters::{names_an_entity, translated};
use super::record::{only, record};
use super::requests;
use crate::http::{ApiError, ApiResult, Body, Query, TenantStore};
use crate::openapi::schemas;

pub const MAX_PAGE_SIZE: u64 = 200;
/// Memories of a list without pages, at most.
pub const MAX_LISTED: usize = 10_000;

/// List memories of a user, agent, app or run, page by page
#[utoipa::path(
    post, path = "/v3/memories", tag = "Mem0", params(requests::Mem0PageQuery), request_body = Object,
    responses((status = 200, body = schemas::Mem0Page), schemas::Mem0Refusals)
)]
pub async fn list(
    memories: TenantStore,
    query: Query<requests::Mem0PageQuery>,
    headers: HeaderMap,
    Body(body): Body,
) -> ApiResult {
    let mut fields = Fields::read(body)?;
    if let Some((name, _)) = fields.entities()?.first() {
        return Err(ApiError::invalid(name, "belongs into filters on this path"));
    }
    let asked = Asked::read(query, fields, Vec::new())?;
    asked.page(&memories, "/v3/memories/", &headers).await
}

/// The same on an older path: a bare list unless a page is asked for
#[utoipa::path(
    post, path = "/v2/memories", tag = "Mem0", params(requests::Mem0PageQuery), request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn list_v2(
    memories: TenantStore,
    query: Query<requests::Mem0PageQuery>,
    headers: HeaderMap,
    Body(body): Body,
) -> ApiResult {
    let mut fields = Fields::read(body)?;
    let beside = fields.entities()?;
    let asked = Asked::read(query, fields, beside)?;
    asked.page_or_all(&memories, "/v2/memories/", &headers).await
}

/// The same on the oldest path, with parameters
#[utoipa::path(
    get, path = "/v1/memories", tag = "Mem0", params(requests::Mem0ListQuery),
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn list_v1(
    memories: TenantStore,
    mut query: Query<requests::Mem0ListQuery>,
    headers: HeaderMap,
) -> ApiResult {
    let beside = ENTITIES.into_iter().filter_map(|name| Some((name, query.text(name)?.into()))).collect();
    let asked = Asked::read(query, Fields::read(json!({}))?, beside)?;
    asked.page_or_all(&memories, "/v1/memories/", &headers).await
}

struct Asked {
    list: List,
    page: Option<u64>,
    size: u64,
    /// Memories of a list without pages.
    limit: u64,
    wanted: Option<Vec<Value>>,
}

impl Asked {
    fn read<P>(mut query: Query<P>, mut fields: Fields, beside: Vec<(&'static str, Value)>) -> Result<Self, ApiError> {
        let page = query.whole("page").or(fields.whole("page", 1, u32::MAX.into())?);
        let size = query.whole("page_size").or(fields.whole("page_size", 1, MAX_PAGE_SIZE)?);
        // Older clients' word for the number of memories, which have no pages.
        let limit = query.whole("limit").or(fields.whole("limit", 1, MAX_LISTED as u64)?);
        let mut others: Vec<Value> = beside.into_iter().map(|(name, value)| exactly(name, value)).collect();
        let filters = fields.object("filters")?.unwrap_or_default();
        if others.is_empty() && !names_an_entity(&filters) {
            let why = "must name at least one of user_id, agent_id, app_id and run_id; \"*\" means any";
            return Err(ApiError::invalid("filters", why));
        }
        for (name, operator) in [("start_date", "gte"), ("end_date", "lte")] {
            if let Some(time) = fields.take(name) {
                others.push(json!({ "created_at": { operator: time } }));
            }
        }
        if let Some(categories) = fields.array("categories")? {
            others.push(json!({ "tags": { "in": categories } }));
        }
        if let Some(keywords) = fields.take("keywords") {
            others.push(json!({ "keywords": { "icontains": keywords } }));
        }
        let show_expired = fields.flag("show_expired")?.unwrap_or(false);
        let list = List { show_expired, ..all_matching(translated(filters, others)?)? };
        let wanted = fields.array("fields")?;
        fields.done()?;
        let size = size.or(limit.map(|limit| limit.min(MAX_PAGE_SIZE))).unwrap_or(100);
        Ok(Self { list, page, size, limit: limit.unwrap_or(MAX_LISTED as u64), wanted })
    }

    async fn page(self, memories: &TenantStore, path: &str, headers: &HeaderMap) -> ApiResult {
        let (page, size) = (self.page.unwrap_or(1), self.size);
        let skip = (page - 1) * size;
        let (count, found) = memories
            .scan(|store, control| async move {
                let (filter, show_expired) = (self.list.filter.clone(), self.list.show_expired);
                let count = store.count(filter, show_expired, Arc::clone(&control)).await?;
                let list = List { skip, limit: size as usize, ..self.list };
                let found = if skip < count { store.list(list, control).await?.memories } else { Vec::new() };
                Ok((count, records(found, self.wanted).await?))
            })
            .await?;
        let address = |page: u64| format!("{}{path}?page={page}&page_size={size}", origin(headers));
        let told = json!({
            "count": count,
            "next": (page * size < count).then(|| address(page + 1)),
            "previous": (page > 1).then(|| address(page - 1)),
            "results": found,
        });
        Ok(Json(told).into_response())
    }

    async fn page_or_all(self, memories: &TenantStore, path: &str, headers: &HeaderMap) -> ApiResult {
        if self.page.is_some() {
            return self.page(memories, path, headers).await;
        }
        let found = memories
            .scan(|store, control| async move {
                let list = List { limit: self.limit as usize, ..self.list };
                records(store.list(list, control).await?.memories, self.wanted).await
            })
            .await?;
        Ok(Json(found).into_response())
    }
}

fn all_matching(filter: Option<Filter>) -> Result<List, ApiError> {
    Ok(List { filter, ..List::read(Value::Object(Map::new()))? })
}

/// A page may be megabytes of text.
async fn records(memories: Vec<Memory>, wanted: Option<Vec<Value>>) -> Result<Vec<Value>, Error> {
    let only_wanted = move |memory: &Memory| only(record(memory), wanted.as_deref());
    blocking(move || Ok(memories.iter().map(only_wanted).collect())).await
}

/// Where the client has asked.
fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let proto = headers.get("x-forwarded-proto").and_then(|proto| proto.to_str().ok());
    format!("{}://{host}", proto.filter(|proto| *proto == "https").unwrap_or("http"))
}

/// A bare list, or one under `results`.
pub fn listed(results: Vec<Value>, wrapped: bool) -> Response {
    if wrapped { Json(json!({ "results": results })) } else { Json(results.into()) }.into_response()
}
