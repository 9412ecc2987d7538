//! How does a result reach JavaScript? As `{"ok": value}` or `{"error": {...}}`, from which the facade creates errors.

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
    text.unwrap_or_else(|_| {
        json!({ "error": Error::Internal("a result could not be serialized as JSON").to_json() }).to_string()
    })
}

/// An error of the server or the key file, as JSON.
pub fn error(code: &str, field: Option<&str>, message: &str) -> String {
    match field {
        Some(field) => json!({ "error": { "code": code, "message": message, "field": field } }),
        None => json!({ "error": { "code": code, "message": message } }),
    }
    .to_string()
}

/// The results of a batch.
pub fn items<T: Serialize>(results: Vec<ItemResult<T>>) -> Value {
    let item = |result: ItemResult<T>| match result {
        Ok(memory) => json!({ "ok": true, "memory": memory }),
        Err(error) => json!(error),
    };
    results.into_iter().map(item).collect()
}
