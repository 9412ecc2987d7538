//! How is a memory serialized? With its UUID as id, its tags as categories, and its run also as `session_id`.

use openmemory_domain::{Clock, Memory, MemoryId, SystemClock, Version};
use serde_json::{Map, Value, json};

use super::fields::expiration_date;

pub fn public_id(id: &MemoryId) -> String {
    id.uuid().map_or_else(|| id.to_string(), |uuid| uuid.to_string())
}

/// What an add or a learning has done to a memory.
pub fn changed(id: &str, text: &str, event: &str) -> Value {
    json!({ "id": id, "memory": text, "data": { "memory": text }, "event": event })
}

pub fn record(memory: &Memory) -> Map<String, Value> {
    let Memory { version, content, dynamics, .. } = memory;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.into(), value);
    put("id", public_id(&version.id).into());
    put("memory", content.as_str().into());
    scope(version, &mut put);
    put("metadata", version.metadata.fields().into());
    put("categories", categories(version));
    put("created_at", version.created_at.to_string().into());
    put("updated_at", version.updated_at.to_string().into());
    put("expiration_date", version.expires_at.map(expiration_date).into());
    put("structured_attributes", Value::Null);
    let (state, replaced_by) = lifecycle(version);
    put("lifecycle_state", state.into());
    put("replaced_by", replaced_by.as_ref().map(public_id).into());
    put("immutable", version.immutable.into());
    put("version", version.number.into());
    put("feedback", dynamics.feedback.map(|feedback| feedback.name()).into());
    fields
}

/// Whether a memory is true, and which one says the same since. A list with `latest_only` has the active ones.
fn lifecycle(version: &Version) -> (&'static str, Option<MemoryId>) {
    if !version.validity.is_over(SystemClock.now()) {
        return ("active", None);
    }
    match version.provenance.replaced_by() {
        Some(id) => ("merged", Some(id)),
        None => ("superseded", None),
    }
}

/// The tags, or null if there are none, as the hosted service returns them.
pub fn categories(version: &Version) -> Value {
    let tags = version.tags.as_slice();
    if tags.is_empty() { Value::Null } else { tags.iter().map(|tag| tag.as_str()).collect() }
}

/// Puts the fields of the scope; absent ones are null.
pub fn scope(version: &Version, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    for (name, value) in version.scope.fields() {
        put(name, value.into());
    }
    put("session_id", version.scope.run_id.as_deref().into());
}

/// Keeps only the requested fields, the id and the score.
pub fn select(mut record: Map<String, Value>, fields: Option<&[Value]>) -> Value {
    if let Some(fields) = fields {
        record.retain(|name, _| matches!(name.as_str(), "id" | "score") || fields.iter().any(|field| field == name));
    }
    json!(record)
}
