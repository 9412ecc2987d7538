//! How are memories listed? By page number, newest first.

use std::sync::Arc;

use crate::blocking::blocking;
use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use openmemory_domain::filter::Filter;
use openmemory_domain::request::List;
use openmemory_domain::{Memory, Shown};
use openmemory_rules::Error;
use serde_json::{Map, Value, json};

use super::fields::{ENTITIES, Fields, exactly};
use super::filters::{has_entity_filter, to_filter};
use super::record::{record, select};
use super::requests::{self, MAX_PAGE_SIZE, MAX_UNPAGED};
use crate::http::{ApiError, ApiResult, Body, Query, TenantStore};
use crate::openapi::schemas;

/// List memories of a user, agent, app or run by page
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
        return Err(ApiError::invalid(name, "belongs in filters on this path"));
    }
    let request = ListRequest::read(query, fields, Vec::new())?;
    request.page(&memories, "/v3/memories/", &headers).await
}

/// List memories, on an older path; returns a bare array unless a page is requested
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
    let entities = fields.entities()?;
    let request = ListRequest::read(query, fields, entities)?;
    request.page_or_all(&memories, "/v2/memories/", &headers).await
}

/// List memories, on the oldest path, with query parameters
#[utoipa::path(
    get, path = "/v1/memories", tag = "Mem0", params(requests::Mem0ListQuery),
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn list_v1(memories: TenantStore, query: Query<requests::Mem0ListQuery>, headers: HeaderMap) -> ApiResult {
    let request = read_query(query)?;
    request.page_or_all(&memories, "/v1/memories/", &headers).await
}

/// List all memories of a user, agent, app or run, as Mem0's own server does
pub async fn list_all(memories: TenantStore, query: Query<requests::Mem0ListQuery>) -> ApiResult {
    Ok(array_response(read_query(query)?.all(&memories).await?, true))
}

fn read_query(mut query: Query<requests::Mem0ListQuery>) -> Result<ListRequest, ApiError> {
    let entities = ENTITIES.into_iter().filter_map(|name| Some((name, query.text(name)?.into()))).collect();
    ListRequest::read(query, Fields::read(json!({}))?, entities)
}

struct ListRequest {
    list: List,
    page: Option<u64>,
    size: u64,
    /// Size of a list without pages.
    limit: u64,
    selected_fields: Option<Vec<Value>>,
}

impl ListRequest {
    fn read<P>(
        mut query: Query<P>,
        mut fields: Fields,
        entities: Vec<(&'static str, Value)>,
    ) -> Result<Self, ApiError> {
        let page = query.whole("page").or(fields.whole("page", 1, u32::MAX.into())?);
        let size = query.whole("page_size").or(fields.whole("page_size", 1, MAX_PAGE_SIZE)?);
        // Older clients have no pages and send `limit`.
        let limit = query.whole("limit").or(fields.whole("limit", 1, MAX_UNPAGED)?);
        let mut conditions: Vec<Value> = entities.into_iter().map(|(name, value)| exactly(name, value)).collect();
        let filters = fields.object("filters")?.unwrap_or_default();
        if conditions.is_empty() && !has_entity_filter(&filters) {
            let why = "must name at least one of user_id, agent_id, app_id and run_id; \"*\" matches any";
            return Err(ApiError::invalid("filters", why));
        }
        for (name, operator) in [("start_date", "gte"), ("end_date", "lte")] {
            if let Some(time) = fields.take(name) {
                conditions.push(json!({ "created_at": { operator: time } }));
            }
        }
        if let Some(categories) = fields.array("categories")? {
            conditions.push(json!({ "tags": { "in": categories } }));
        }
        if let Some(keywords) = fields.take("keywords") {
            conditions.push(json!({ "keywords": { "icontains": keywords } }));
        }
        let show_expired = fields.flag("show_expired")?.unwrap_or(false);
        let show_retired = !fields.flag("latest_only")?.unwrap_or(true);
        let shown = Shown { expired: show_expired, retired: show_retired };
        let list = List { shown, ..all_matching(to_filter(filters, conditions)?)? };
        let selected_fields = fields.array("fields")?;
        fields.done()?;
        let size = size.or(limit.map(|limit| limit.min(MAX_PAGE_SIZE))).unwrap_or(100);
        Ok(Self { list, page, size, limit: limit.unwrap_or(MAX_UNPAGED), selected_fields })
    }

    async fn page(self, memories: &TenantStore, path: &str, headers: &HeaderMap) -> ApiResult {
        let (page, size) = (self.page.unwrap_or(1), self.size);
        let skip = (page - 1) * size;
        let (count, results) = memories
            .scan(|store, control| async move {
                let (filter, shown) = (self.list.filter.clone(), self.list.shown);
                let count = store.count(filter, shown, Arc::clone(&control)).await?;
                let list = List { skip, limit: size as usize, ..self.list };
                let results = if skip < count { store.list(list, control).await?.memories } else { Vec::new() };
                Ok((count, records(results, self.selected_fields).await?))
            })
            .await?;
        let address = |page: u64| format!("{}{path}?page={page}&page_size={size}", origin(headers));
        let body = json!({
            "count": count,
            "next": (page * size < count).then(|| address(page + 1)),
            "previous": (page > 1).then(|| address(page - 1)),
            "results": results,
        });
        Ok(Json(body).into_response())
    }

    async fn page_or_all(self, memories: &TenantStore, path: &str, headers: &HeaderMap) -> ApiResult {
        if self.page.is_some() {
            return self.page(memories, path, headers).await;
        }
        Ok(Json(self.all(memories).await?).into_response())
    }

    async fn all(self, memories: &TenantStore) -> Result<Vec<Value>, Error> {
        memories
            .scan(|store, control| async move {
                let list = List { limit: self.limit as usize, ..self.list };
                records(store.list(list, control).await?.memories, self.selected_fields).await
            })
            .await
    }
}

fn all_matching(filter: Option<Filter>) -> Result<List, ApiError> {
    Ok(List { filter, ..List::read(Value::Object(Map::new()))? })
}

/// Serializes a page on a blocking thread, since it may be megabytes of text.
async fn records(memories: Vec<Memory>, selected_fields: Option<Vec<Value>>) -> Result<Vec<Value>, Error> {
    let serialize = move |memory: &Memory| select(record(memory), selected_fields.as_deref());
    blocking(move || Ok(memories.iter().map(serialize).collect())).await
}

/// The origin that the client addressed, for links to other pages.
fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let proto = headers.get("x-forwarded-proto").and_then(|proto| proto.to_str().ok());
    format!("{}://{host}", proto.filter(|proto| *proto == "https").unwrap_or("http"))
}

/// A response with a bare array, or with one under `results`.
pub fn array_response(results: Vec<Value>, wrapped: bool) -> Response {
    if wrapped { Json(json!({ "results": results })) } else { Json(results.into()) }.into_response()
}
