//! How does a result cross to JavaScript? As `{"ok": value}` or `{"error": {...}}`; the facade makes real errors of it.

use openmemory_rules::Error;
use openmemory_rules::contract::ItemResult;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
struct Success<'a, T> {
    ok: &'a T,
}

pub fn answer<T: Serialize>(result: Result<T, Error>) -> String {
    let text = match result {
        Ok(value) => serde_json::to_string(&Success { ok: &value }),
        Err(error) => serde_json::to_string(&json!({ "error": error.to_json() })),
    };
    text.unwrap_or_else(|_| json!({ "error": Error::Internal("an answer is no JSON").to_json() }).to_string())
}

/// A failure of what is not the engine.
pub fn refusal(code: &str, field: Option<&str>, message: &str) -> String {
    match field {
        Some(field) => json!({ "error": { "code": code, "message": message, "field": field } }),
        None => json!({ "error": { "code": code, "message": message } }),
    }
    .to_string()
}

/// What became of each item of a batch.
pub fn items<T: Serialize>(results: Vec<ItemResult<T>>) -> Value {
    let item = |result: ItemResult<T>| match result {
        Ok(memory) => json!({ "ok": true, "memory": memory }),
        Err(refused) => json!(refused),
    };
    results.into_iter().map(item).collect()
}

/// The request of a call as JSON.
pub fn parse(request: &str) -> Result<Value, Error> {
    serde_json::from_str(request).map_err(|_| Error::Internal("a request is no JSON"))
}
