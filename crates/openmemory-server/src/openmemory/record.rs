//! How is a memory serialized? As by the engine, plus two fields of OpenMemory's protocol.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use openmemory_domain::Memory;
use openmemory_rules::Error;
use openmemory_rules::contract::{ItemError, ItemResult};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::blocking::blocking;
use crate::http::{ApiResult, etag, public_error};

pub fn record(memory: &Memory) -> Result<Value, Error> {
    Ok(Value::Object(with_protocol_fields(memory, memory)?))
}

/// Adds the protocol's fields. `value` is the memory, or a value that includes its fields.
pub fn with_protocol_fields(value: &impl Serialize, memory: &Memory) -> Result<Map<String, Value>, Error> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(value) else {
        return Err(Error::Internal("a memory does not serialize to a JSON object"));
    };
    fields.insert("last_seen_at".into(), memory.dynamics.stored().1.to_string().into());
    fields.insert("decay_lambda".into(), memory.dynamics.decay_per_day().into());
    Ok(fields)
}

/// A response with the memory, and its version as `ETag`.
pub fn tagged(memory: &Memory) -> Result<Response, Error> {
    tagged_as(memory, memory)
}

/// Like [`tagged`], with a `value` as for [`with_protocol_fields`].
pub fn tagged_as(value: &impl Serialize, memory: &Memory) -> Result<Response, Error> {
    Ok(([etag(memory.version.number)], Json(with_protocol_fields(value, memory)?)).into_response())
}

/// A response with the result of each item of a batch. Serialized on a blocking thread, since it may contain a thousand
/// long texts.
pub async fn results<T: Serialize + Send + 'static>(results: Vec<ItemResult<T>>) -> ApiResult {
    let text = blocking(move || {
        let results = results.into_iter().map(Item::of).collect();
        serde_json::to_string(&Results { results }).map_err(|_| Error::Internal("a result does not serialize to JSON"))
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], text.await?).into_response())
}

#[derive(Serialize)]
struct Results<T> {
    results: Vec<Item<T>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Item<T> {
    Done {
        ok: bool,
        memory: T,
    },
    Failed {
        ok: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        error: Value,
    },
}

impl<T> Item<T> {
    fn of(result: ItemResult<T>) -> Self {
        match result {
            Ok(memory) => Self::Done { ok: true, memory },
            Err(ItemError { id, error }) => Self::Failed { ok: false, id, error: public_error(&error) },
        }
    }
}
