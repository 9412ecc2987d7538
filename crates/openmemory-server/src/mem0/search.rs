//! How are memories searched?

use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use openmemory_domain::PartialDate;
use openmemory_domain::limits::QUERY_CHARACTERS;
use openmemory_domain::request::Search;
use openmemory_rules::contract::Hit;
use serde_json::{Map, Value, json};

use super::fields::{Fields, exactly};
use super::filters::{has_entity_filter, to_filter};
use super::list::array_response;
use super::record::{record, select};
use crate::http::{ApiError, ApiResult, Body, TenantStore, keep_end};
use crate::openapi::schemas;

/// Minimum number of hits that a threshold is applied to.
const MIN_CANDIDATES: usize = 100;

/// Search memories of a user, agent, app or run by meaning
#[utoipa::path(
    post, path = "/v3/memories/search", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::Mem0Results), schemas::Mem0Refusals)
)]
pub async fn search(memories: TenantStore, Body(body): Body) -> ApiResult {
    let mut fields = Fields::read(body)?;
    if let Some((name, _)) = fields.entities()?.first() {
        return Err(ApiError::invalid(name, "belongs in filters on this path"));
    }
    Ok(find(&memories, fields, Vec::new()).await?.into_response(true))
}

/// Search memories, on an older path; returns a bare array unless `output_format` is `v1.1`
#[utoipa::path(
    post, path = "/v2/memories/search", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn search_v2(memories: TenantStore, Body(body): Body) -> ApiResult {
    search_older(memories, body, false).await
}

/// Search memories, on the oldest path
#[utoipa::path(
    post, path = "/v1/memories/search", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn search_v1(memories: TenantStore, Body(body): Body) -> ApiResult {
    search_older(memories, body, false).await
}

pub async fn search_older(memories: TenantStore, body: Value, wrapped: bool) -> ApiResult {
    let mut fields = Fields::read(body)?;
    let entities = fields.entities()?;
    let wrapped = fields.string("output_format")?.as_deref() == Some("v1.1") || wrapped;
    Ok(find(&memories, fields, entities).await?.into_response(wrapped))
}

/// The hits of a search.
struct Results {
    results: Vec<Value>,
    /// Whether only the end of a long query was searched.
    query_cut: bool,
}

impl Results {
    /// A bare array, or an object with `results` and `query_cut`. A header reports a cut query in both cases.
    fn into_response(self, wrapped: bool) -> Response {
        let mut response = match (wrapped, self.query_cut) {
            (true, true) => Json(json!({ "results": self.results, "query_cut": QUERY_CHARACTERS })).into_response(),
            (wrapped, _) => array_response(self.results, wrapped),
        };
        if self.query_cut {
            response.headers_mut().insert("openmemory-query-cut", HeaderValue::from(QUERY_CHARACTERS as u64));
        }
        response
    }
}

async fn find(
    memories: &TenantStore,
    mut fields: Fields,
    entities: Vec<(&'static str, Value)>,
) -> Result<Results, ApiError> {
    let selected_fields = fields.array("fields")?;
    let threshold = threshold(&mut fields)?;
    let (search, query_cut) = request(&mut fields, entities)?;
    fields.done()?;
    let limit = search.limit;
    // Fetch more hits than requested, since the threshold may drop some.
    let candidates = if threshold.is_some() { search.limit.max(MIN_CANDIDATES) } else { search.limit };
    let scored = move |hit: &Hit| {
        let lexical = hit.feature("lexical").map(|value| value.min(1.0));
        let mut fields = record(&hit.memory);
        fields.insert("score".into(), json!(semantic(hit)));
        let breakdown = json!({ "semantic": semantic(hit), "bm25": lexical, "entity": null });
        fields.insert("score_breakdown".into(), breakdown);
        select(fields, selected_fields.as_deref())
    };
    let search = Search { limit: candidates, explain: true, ..search };
    let passes = move |hit: &&Hit| threshold.is_none_or(|min| semantic(hit) >= min);
    let write = move |hits: &[Hit]| Ok(hits.iter().filter(passes).take(limit).map(scored).collect());
    Ok(Results { results: memories.search(search, write).await?, query_cut })
}

/// Mem0's `score`: the cosine similarity, to which clients apply their thresholds. The order of hits is the engine's.
fn semantic(hit: &Hit) -> f32 {
    hit.similarity.clamp(0.0, 1.0)
}

/// Reads the threshold. Hosted Mem0 defaults to 0.1; here there is no default, since it would drop hits that match only by
/// their words.
fn threshold(fields: &mut Fields) -> Result<Option<f32>, ApiError> {
    let Some(threshold) = fields.take("threshold") else { return Ok(None) };
    let min = threshold.as_f64().filter(|min| (0.0..=1.0).contains(min));
    let why = || ApiError::invalid("threshold", "must be from 0 to 1");
    min.map(|min| Some(min as f32)).ok_or_else(why)
}

/// Reads the search, and whether its query was cut.
fn request(fields: &mut Fields, entities: Vec<(&'static str, Value)>) -> Result<(Search, bool), ApiError> {
    let mut conditions: Vec<Value> = entities.into_iter().map(|(name, value)| exactly(name, value)).collect();
    let filters = fields.object("filters")?.unwrap_or_default();
    if conditions.is_empty() && !has_entity_filter(&filters) {
        let why = "must name at least one of user_id, agent_id, app_id and run_id; \"*\" matches any";
        return Err(ApiError::invalid("filters", why));
    }
    if let Some(categories) = fields.array("categories")? {
        conditions.push(json!({ "tags": { "in": categories } }));
    }
    for (key, value) in fields.object("metadata")?.unwrap_or_default() {
        conditions.push(json!({ "metadata": { key: value } }));
    }
    let limit = fields.whole("top_k", 1, 1000)?.or(fields.whole("limit", 1, 1000)?).unwrap_or(10);
    let mut query = Value::from(fields.string("query")?.unwrap_or_default());
    let cut = keep_end(&mut query);
    let show_expired = fields.flag("show_expired")?.unwrap_or(false);
    let show_retired = !fields.flag("latest_only")?.unwrap_or(true);
    let mut search = Map::from_iter([
        ("query".to_owned(), query),
        ("limit".to_owned(), json!(limit)),
        ("showExpired".to_owned(), json!(show_expired)),
        ("showRetired".to_owned(), json!(show_retired)),
    ]);
    if let Some(time) = fields.string("reference_date")? {
        PartialDate::read("reference_date", &time)?;
        search.insert("referenceTime".to_owned(), json!(time));
    }
    let search = Search::read(Value::Object(search))?;
    Ok((Search { filter: to_filter(filters, conditions)?, ..search }, cut))
}
