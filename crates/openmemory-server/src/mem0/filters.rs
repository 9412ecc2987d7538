//! What do Mem0's filters mean here? The same language with other names for some fields.

use openmemory_domain::filter::{self, Filter};
use serde_json::{Map, Value, json};

use super::fields::{ENTITIES, end_of_day, timestamp};
use crate::http::ApiError;

/// Filters in the engine's terms; none where nothing is filtered.
pub fn translated(filters: Map<String, Value>, mut others: Vec<Value>) -> Result<Option<Filter>, ApiError> {
    if !filters.is_empty() {
        let theirs = object(filters, "filters", 1)?;
        // Read by itself first: a refusal names the place as the caller knows it.
        filter::parse(&theirs)?;
        others.push(theirs);
    }
    if others.is_empty() { Ok(None) } else { Ok(Some(filter::parse(&json!({ "AND": others }))?)) }
}

/// Whether some user, agent, app or run is named, so that nobody lists everybody's memories by mistake.
pub fn names_an_entity(filters: &Map<String, Value>) -> bool {
    filters.iter().any(|(name, value)| match name.as_str() {
        "NOT" => false,
        "AND" | "OR" => value.as_array().into_iter().flatten().filter_map(Value::as_object).any(names_an_entity),
        _ => {
            let only_negative =
                |operators: &Map<String, Value>| operators.keys().all(|key| key == "ne" || key == "nin");
            is_entity(name) && !value.is_null() && !value.as_object().is_some_and(only_negative)
        }
    })
}

fn is_entity(name: &str) -> bool {
    ENTITIES.contains(&name) || matches!(name, "userId" | "agentId" | "appId" | "runId" | "session_id")
}

fn object(fields: Map<String, Value>, path: &str, depth: usize) -> Result<Value, ApiError> {
    if depth > 32 {
        return Err(ApiError::invalid(path, "nests at most 32 deep"));
    }
    let mut all = Vec::new();
    for (name, value) in fields {
        let path = format!("{path}.{name}");
        all.push(match name.as_str() {
            "AND" | "OR" | "NOT" => json!({ name: nested(value, &path, depth)? }),
            "session_id" => json!({ "run_id": value }),
            "timestamp" | "created_at" => json!({ "created_at": times(value, &path)? }),
            "updated_at" => json!({ "updated_at": times(value, &path)? }),
            "categories" => json!({ "tags": list_means_in(value) }),
            "text" | "keywords_search" => json!({ "keywords": value }),
            "expiration_date" => json!({ "expires_at": dates(value, &path)? }),
            _ => json!({ name: value }),
        });
    }
    match all.len() {
        1 => Ok(all.swap_remove(0)),
        _ => Ok(json!({ "AND": all })),
    }
}

fn nested(value: Value, path: &str, depth: usize) -> Result<Value, ApiError> {
    match value {
        Value::Object(fields) => object(fields, path, depth + 1),
        Value::Array(items) => {
            let items = items.into_iter().enumerate().map(|(i, item)| match item {
                Value::Object(fields) => object(fields, &format!("{path}[{i}]"), depth + 1),
                _ => Err(ApiError::invalid(&format!("{path}[{i}]"), "must be an object")),
            });
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        _ => Err(ApiError::invalid(path, "must be an object or a list of objects")),
    }
}

fn list_means_in(value: Value) -> Value {
    if value.is_array() { json!({ "in": value }) } else { value }
}

/// A date stands for the end of its day, as where a memory gets one.
fn dates(value: Value, path: &str) -> Result<Value, ApiError> {
    each(value, path, &|value, path| match value {
        Value::String(text) if text != "*" => Ok(end_of_day(path, &text.into())?.to_string().into()),
        other => Ok(other),
    })
}

/// A number is seconds since 1970, as where a memory gets its time.
fn times(value: Value, path: &str) -> Result<Value, ApiError> {
    each(value, path, &|value, path| match value {
        Value::Number(_) => Ok(timestamp(path, &value)?.to_string().into()),
        other => Ok(other),
    })
}

/// Every operand of a field's operators translated.
fn each(
    value: Value,
    path: &str,
    translate: &impl Fn(Value, &str) -> Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    match value {
        Value::Object(operators) => {
            let translated = operators.into_iter().map(|(name, value)| {
                let path = format!("{path}.{name}");
                Ok((name, each(value, &path, translate)?))
            });
            Ok(Value::Object(translated.collect::<Result<_, ApiError>>()?))
        }
        Value::Array(items) => {
            let translated = items.into_iter().enumerate();
            let translated = translated.map(|(i, item)| each(item, &format!("{path}[{i}]"), translate));
            Ok(Value::Array(translated.collect::<Result<_, _>>()?))
        }
        operand => translate(operand, path),
    }
}
