//! How is a memory written? As the engine has it, with the two fields that only this protocol has.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use openmemory_domain::Memory;
use openmemory_rules::Error;
use openmemory_rules::contract::ItemResult;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::blocking::blocking;
use crate::http::{ApiResult, etag, public_error};

pub fn record(memory: &Memory) -> Result<Value, Error> {
    Ok(Value::Object(with_protocol_fields(memory, memory)?))
}

/// `written` is the memory, or what holds its fields beside others.
pub fn with_protocol_fields(written: &impl Serialize, memory: &Memory) -> Result<Map<String, Value>, Error> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(written) else {
        return Err(Error::Internal("a memory is no JSON object"));
    };
    fields.insert("last_seen_at".into(), memory.dynamics.stored().1.to_string().into());
    fields.insert("decay_lambda".into(), memory.dynamics.decay_per_day().into());
    Ok(fields)
}

/// The memory, and its version as `ETag`.
pub fn tagged(memory: &Memory) -> Result<Response, Error> {
    tagged_as(memory, memory)
}

/// The same, `written` as for [`with_protocol_fields`].
pub fn tagged_as(written: &impl Serialize, memory: &Memory) -> Result<Response, Error> {
    Ok(([etag(memory.version.number)], Json(with_protocol_fields(written, memory)?)).into_response())
}

/// What became of each item of a batch. They may hold a thousand long texts, so they are written where others need not
/// wait for it.
pub async fn results<T: Serialize + Send + 'static>(results: Vec<ItemResult<T>>) -> ApiResult {
    let text = blocking(move || Ok(written(results).to_string())).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

fn written<T: Serialize>(results: Vec<ItemResult<T>>) -> Value {
    let item = |result: ItemResult<T>| match result {
        Ok(memory) => json!({ "ok": true, "memory": memory }),
        Err(refused) => match refused.id {
            Some(id) => json!({ "ok": false, "id": id, "error": public_error(&refused.error) }),
            None => json!({ "ok": false, "error": public_error(&refused.error) }),
        },
    };
    json!({ "results": results.into_iter().map(item).collect::<Vec<_>>() })
}
