//! Which memories answer a question?

use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use openmemory_domain::limits::QUERY_CHARACTERS;
use openmemory_domain::request::Search;
use openmemory_rules::contract::Hit;
use serde_json::{Value, json};

use super::fields::{Fields, exactly};
use super::filters::{names_an_entity, translated};
use super::list::listed;
use super::record::{only, record};
use crate::http::{ApiError, ApiResult, Body, TenantStore, keep_end};
use crate::openapi::schemas;

/// Memories that are compared with a threshold, at least.
const BEFORE_THRESHOLD: usize = 100;

/// Find memories of a user, agent, app or run by meaning
#[utoipa::path(
    post, path = "/v3/memories/search", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::Mem0Results), schemas::Mem0Refusals)
)]
pub async fn search(memories: TenantStore, Body(body): Body) -> ApiResult {
    let mut fields = Fields::read(body)?;
    if let Some((name, _)) = fields.entities()?.first() {
        return Err(ApiError::invalid(name, "belongs into filters on this path"));
    }
    Ok(found(&memories, fields, Vec::new()).await?.told(true))
}

/// The same on an older path: a bare list unless `output_format` is `v1.1`
#[utoipa::path(
    post, path = "/v2/memories/search", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn search_v2(memories: TenantStore, Body(body): Body) -> ApiResult {
    older(memories, body).await
}

/// The same on the oldest path
#[utoipa::path(
    post, path = "/v1/memories/search", tag = "Mem0", request_body = Object,
    responses((status = 200, body = schemas::AnyJson), schemas::Mem0Refusals)
)]
pub async fn search_v1(memories: TenantStore, Body(body): Body) -> ApiResult {
    older(memories, body).await
}

async fn older(memories: TenantStore, body: Value) -> ApiResult {
    let mut fields = Fields::read(body)?;
    let beside = fields.entities()?;
    let wrapped = fields.string("output_format")?.as_deref() == Some("v1.1");
    Ok(found(&memories, fields, beside).await?.told(wrapped))
}

/// What a search has found, and whether only the end of a long query was searched for.
struct ScoredRecord {
    results: Vec<Value>,
    cut: bool,
}

impl ScoredRecord {
    /// A bare list, or one under `results`, which also says that the query was cut; a header says it of both.
    fn told(self, wrapped: bool) -> Response {
        let mut told = match (wrapped, self.cut) {
            (true, true) => Json(json!({ "results": self.results, "query_cut": QUERY_CHARACTERS })).into_response(),
            (wrapped, _) => listed(self.results, wrapped),
        };
        if self.cut {
            told.headers_mut().insert("openmemory-query-cut", HeaderValue::from(QUERY_CHARACTERS as u64));
        }
        told
    }
}

async fn found(
    memories: &TenantStore,
    mut fields: Fields,
    beside: Vec<(&'static str, Value)>,
) -> Result<ScoredRecord, ApiError> {
    let wanted = fields.array("fields")?;
    let threshold = threshold(&mut fields)?;
    let (search, cut) = request(&mut fields, beside)?;
    fields.done()?;
    let limit = search.limit;
    // What is under the threshold leaves its place to others.
    let asked = if threshold.is_some() { search.limit.max(BEFORE_THRESHOLD) } else { search.limit };
    let told = move |hit: &Hit| {
        let lexical = hit.feature("lexical").map(|value| value.min(1.0));
        let mut fields = record(&hit.memory);
        fields.insert("score".into(), json!(semantic(hit)));
        let breakdown = json!({ "semantic": semantic(hit), "bm25": lexical, "entity": null });
        fields.insert("score_breakdown".into(), breakdown);
        only(fields, wanted.as_deref())
    };
    let search = Search { limit: asked, explain: true, ..search };
    let enough = move |hit: &&Hit| threshold.is_none_or(|least| semantic(hit) >= least);
    let told = move |hits: &[Hit]| Ok(hits.iter().filter(enough).take(limit).map(told).collect());
    Ok(ScoredRecord { results: memories.search(search, told).await?, cut })
}

/// Mem0's `score`: the cosine, which its clients compare their thresholds with. The order is the engine's.
fn semantic(hit: &Hit) -> f32 {
    hit.similarity.clamp(0.0, 1.0)
}

/// As there, one that is sent counts; hosted Mem0 itself applies .1 where none is, which here would hide what the words
/// alone have found.
fn threshold(fields: &mut Fields) -> Result<Option<f32>, ApiError> {
    let Some(threshold) = fields.take("threshold") else { return Ok(None) };
    let least = threshold.as_f64().filter(|least| (0.0..=1.0).contains(least));
    let why = || ApiError::invalid("threshold", "must be from 0 to 1");
    least.map(|least| Some(least as f32)).ok_or_else(why)
}

/// The search, and whether its query was cut.
fn request(fields: &mut Fields, beside: Vec<(&'static str, Value)>) -> Result<(Search, bool), ApiError> {
    let mut others: Vec<Value> = beside.into_iter().map(|(name, value)| exactly(name, value)).collect();
    let filters = fields.object("filters")?.unwrap_or_default();
    if others.is_empty() && !names_an_entity(&filters) {
        let why = "must name at least one of user_id, agent_id, app_id and run_id; \"*\" means any";
        return Err(ApiError::invalid("filters", why));
    }
    if let Some(categories) = fields.array("categories")? {
        others.push(json!({ "tags": { "in": categories } }));
    }
    for (key, value) in fields.object("metadata")?.unwrap_or_default() {
        others.push(json!({ "metadata": { key: value } }));
    }
    let limit = fields.whole("top_k", 1, 1000)?.or(fields.whole("limit", 1, 1000)?).unwrap_or(10);
    let mut query = Value::from(fields.string("query")?.unwrap_or_default());
    let cut = keep_end(&mut query);
    let show_expired = fields.flag("show_expired")?.unwrap_or(false);
    let search = Search::read(json!({ "query": query, "limit": limit, "showExpired": show_expired }))?;
    Ok((Search { filter: translated(filters, others)?, ..search }, cut))
}
