//! How does a result reach JavaScript? As `{"ok": value}` or `{"error": {...}}`, from which the facade creates errors.

use openmemory_rules::Error;
use openmemory_rules::contract::ItemResult;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::json;

#[derive(Serialize)]
struct Success<'a, T> {
    ok: &'a T,
}

pub fn answer<T: Serialize>(result: Result<T, Error>) -> String {
    answered(result.and_then(|value| success(&value)))
}

/// The answer with a value.
pub fn success<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(&Success { ok: value })
        .map_err(|_| Error::Internal("a result could not be serialized as JSON"))
}

/// The answer of a call that has made one if it has succeeded.
pub fn answered(result: Result<String, Error>) -> String {
    result.unwrap_or_else(|error| json!({ "error": error.to_json() }).to_string())
}

/// An error of the server or the key file, as JSON.
pub fn error(code: &str, field: Option<&str>, message: &str) -> String {
    match field {
        Some(field) => json!({ "error": { "code": code, "message": message, "field": field } }),
        None => json!({ "error": { "code": code, "message": message } }),
    }
    .to_string()
}

/// The results of a batch. They are written one after another: as values, all metadata would be parsed.
pub struct Items<T>(pub Vec<ItemResult<T>>);

#[derive(Serialize)]
struct Done<'a, T> {
    ok: bool,
    memory: &'a T,
}

impl<T: Serialize> Serialize for Items<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for result in &self.0 {
            match result {
                Ok(memory) => list.serialize_element(&Done { ok: true, memory })?,
                Err(error) => list.serialize_element(error)?,
            }
        }
        list.end()
    }
}

/// What a call on many memories returns: a result for each, or what became of all.
#[derive(Serialize)]
#[serde(untagged)]
pub enum OfMany<T, A> {
    Each(Items<T>),
    All(A),
}
