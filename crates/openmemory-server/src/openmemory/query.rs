//! Which memories answer a question? In OpenMemory's terms and in the engine's own.

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

/// Find memories by meaning, in OpenMemory's terms
///
/// `filters` may also hold `sector`, `min_score`, `startTime`, `endTime`, and `tags` as a list.
#[utoipa::path(
    post, path = "/memory/query", tag = "Memories", request_body = requests::Query,
    responses((status = 200, body = schemas::Matches), schemas::Refusals)
)]
pub async fn query(memories: TenantStore, Body(body): Body) -> ApiResult {
    let mut body = search_request(body)?;
    let cut = body.get_mut("query").is_some_and(keep_end);
    let mut found = matches(&memories, Search::read(body)?).await?;
    if cut {
        found["query_cut"] = limits::QUERY_CHARACTERS.into();
    }
    Ok(Json(found).into_response())
}

/// Find memories by meaning
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

/// OpenMemory's times are milliseconds since 1970.
fn moment(time: Value) -> Value {
    match time.as_i64() {
        Some(millis) => Timestamp::from_millis(millis).to_string().into(),
        None => time,
    }
}

/// OpenMemory's `filters` beside the filter language: what it calls otherwise is said in the engine's terms.
fn search_request(body: Value) -> Result<Value, ApiError> {
    let Value::Object(mut body) = body else { return Err(ApiError::invalid("body", "must be an object")) };
    check_names(&body, requests::Query::PROPERTIES)?;
    let mut filters = match body.shift_remove("filters") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(filters)) => filters,
        Some(_) => return Err(ApiError::invalid("filters", "must be an object")),
    };
    let mut all = Vec::new();
    for fields in [&mut body, &mut filters] {
        let times = [("startTime", "gte"), ("endTime", "lte")];
        for (name, operator) in times {
            if let Some(time) = fields.shift_remove(name).filter(|time| !time.is_null()) {
                all.push(json!({ "created_at": { operator: moment(time) } }));
            }
        }
    }
    if let Some(user) = body.shift_remove("user_id") {
        // Null would be a user that got lost on the way, and never means everybody.
        let why = "must be a string; to search everybody's memories, leave it out";
        let Value::String(user) = user else { return Err(ApiError::invalid("user_id", why)) };
        all.push(json!({ "user_id": { "in": [user] } }));
    }
    if let Some(Value::Array(tags)) = filters.get("tags").cloned() {
        filters.shift_remove("tags");
        if !tags.is_empty() {
            all.push(json!({ "tags": { "in": tags } }));
        }
    }
    for (theirs, ours) in [("min_score", "minScore"), ("sector", "sectors")] {
        let given = [body.shift_remove(theirs), filters.shift_remove(theirs)];
        if let Some(value) = given.into_iter().flatten().find(|value| !value.is_null()) {
            let value = if ours == "sectors" && value.is_string() { json!([value]) } else { value };
            body.insert(ours.into(), value);
        }
    }
    if !filters.is_empty() {
        // Read by itself first: a refusal names the place as the caller knows it.
        filter::parse(&filters.clone().into())?;
        all.push(filters.into());
    }
    if !all.is_empty() {
        body.insert("filters".into(), json!({ "AND": all }));
    }
    Ok(body.into())
}
