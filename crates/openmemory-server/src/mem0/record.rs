//! How is a memory written? With its UUID, its tags as categories, and its run by both names.

use openmemory_domain::{Memory, MemoryId, Version};
use serde_json::{Map, Value, json};

use super::fields::expiration_date;

pub fn shown_id(id: &MemoryId) -> String {
    id.uuid().map_or_else(|| id.to_string(), |uuid| uuid.to_string())
}

pub fn record(memory: &Memory) -> Map<String, Value> {
    let Memory { version, content, dynamics, .. } = memory;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.into(), value);
    put("id", shown_id(&version.id).into());
    put("memory", content.as_str().into());
    scope(version, &mut put);
    put("metadata", version.metadata.fields().clone().into());
    put("categories", categories(version));
    put("created_at", version.created_at.to_string().into());
    put("updated_at", version.updated_at.to_string().into());
    put("expiration_date", version.expires_at.map(expiration_date).into());
    put("structured_attributes", Value::Null);
    put("immutable", version.immutable.into());
    put("version", version.number.into());
    put("feedback", dynamics.feedback.map(|feedback| feedback.name()).into());
    fields
}

/// The tags, or null where there are none, as the hosted service has it.
pub fn categories(version: &Version) -> Value {
    let tags = version.tags.as_slice();
    if tags.is_empty() { Value::Null } else { tags.iter().map(|tag| tag.as_str()).collect() }
}

/// Who it belongs to; absent ones are null.
pub fn scope(version: &Version, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    for (name, value) in version.scope.fields() {
        put(name, value.into());
    }
    put("session_id", version.scope.run_id.as_deref().into());
}

/// Only the fields that were asked for, and the id.
pub fn only(mut record: Map<String, Value>, wanted: Option<&[Value]>) -> Value {
    if let Some(wanted) = wanted {
        record.retain(|name, _| matches!(name.as_str(), "id" | "score") || wanted.iter().any(|field| field == name));
    }
    json!(record)
}
