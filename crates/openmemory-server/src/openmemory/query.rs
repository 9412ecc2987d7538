//! How are memories searched? With OpenMemory's request format or with the SDK's.

use axum::Json;
use axum::response::IntoResponse;
use openmemory_domain::request::{Search, check_names};
use openmemory_domain::{Timestamp, filter, limits};
use openmemory_rules::Error;
use openmemory_rules::contract::Hit;
use serde_json::{Map, Value, json};

use super::record::with_protocol_fields;
use super::requests;
use crate::http::{ApiError, ApiResult, Body, TenantStore, keep_end};
use crate::openapi::schemas;

/// Search memories by meaning, in OpenMemory's request format
///
/// `filters` may also hold `sector`, `min_score`, `startTime`, `endTime`, and `tags` as a list.
#[utoipa::path(
    post, path = "/memory/query", tag = "Memories", request_body = requests::Query,
    responses((status = 200, body = schemas::Matches), schemas::Refusals)
)]
pub async fn query(memories: TenantStore, Body(body): Body) -> ApiResult {
    let mut body = search_request(body)?;
    let cut = body.get_mut("query").is_some_and(keep_end);
    let mut response = matches(&memories, Search::read(body)?).await?;
    if cut {
        response["query_cut"] = limits::QUERY_CHARACTERS.into();
    }
    Ok(Json(response).into_response())
}

/// Search memories by meaning
#[utoipa::path(
    post, path = "/memory/search", tag = "Memories", request_body = requests::Search,
    responses((status = 200, body = schemas::Matches), schemas::Refusals)
)]
pub async fn search(memories: TenantStore, Body(body): Body) -> ApiResult {
    Ok(Json(matches(&memories, Search::read(body)?).await?).into_response())
}

async fn matches(memories: &TenantStore, search: Search) -> Result<Value, Error> {
    let query = search.query.clone();
    let write =
        |hits: &[Hit]| hits.iter().map(|hit| with_protocol_fields(hit, &hit.memory)).collect::<Result<Vec<_>, _>>();
    let matches = memories.search(search, write).await?;
    Ok(json!({ "query": query, "matches": matches }))
}

/// Converts OpenMemory's times, which are milliseconds since 1970.
fn timestamp(time: Value) -> Value {
    match time.as_i64() {
        Some(millis) => Timestamp::from_millis(millis).to_string().into(),
        None => time,
    }
}

/// Translates OpenMemory's fields into the engine's request. Both filter formats may be mixed.
fn search_request(body: Value) -> Result<Value, ApiError> {
    let Value::Object(mut body) = body else { return Err(ApiError::invalid("body", "must be an object")) };
    check_names(&body, requests::Query::PROPERTIES)?;
    let mut filters = match body.shift_remove("filters") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(filters)) => filters,
        Some(_) => return Err(ApiError::invalid("filters", "must be an object")),
    };
    let mut conditions = Vec::new();
    for fields in [&mut body, &mut filters] {
        let times = [("startTime", "gte"), ("endTime", "lte")];
        for (name, operator) in times {
            if let Some(time) = fields.shift_remove(name).filter(|time| !time.is_null()) {
                conditions.push(json!({ "created_at": { operator: timestamp(time) } }));
            }
        }
    }
    if let Some(user) = body.shift_remove("user_id") {
        // Null probably comes from a bug in the caller, so it must not search the memories of all users.
        let why = "must be a string; omit it to search the memories of all users";
        let Value::String(user) = user else { return Err(ApiError::invalid("user_id", why)) };
        conditions.push(json!({ "user_id": { "in": [user] } }));
    }
    if let Some(Value::Array(tags)) = filters.get("tags").cloned() {
        filters.shift_remove("tags");
        if !tags.is_empty() {
            conditions.push(json!({ "tags": { "in": tags } }));
        }
    }
    for (alias, field) in [("min_score", "minScore"), ("sector", "sectors")] {
        let values = [body.shift_remove(alias), filters.shift_remove(alias)];
        if let Some(value) = values.into_iter().flatten().find(|value| !value.is_null()) {
            let value = if field == "sectors" && value.is_string() { json!([value]) } else { value };
            body.insert(field.into(), value);
        }
    }
    if !filters.is_empty() {
        // Validate it first, so that errors name paths in the caller's request.
        filter::parse(&filters.clone().into())?;
        conditions.push(filters.into());
    }
    if !conditions.is_empty() {
        body.insert("filters".into(), json!({ "AND": conditions }));
    }
    Ok(body.into())
}
