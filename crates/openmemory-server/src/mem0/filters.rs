//! How are Mem0's filters translated? The language is the same, but some fields have other names.

use openmemory_domain::filter::{self, Filter};
use serde_json::{Map, Value, json};

use super::fields::{ENTITIES, end_of_day, timestamp};
use crate::http::ApiError;

/// The engine's filter for Mem0's `filters` and `conditions`; none if both are empty.
pub fn to_filter(filters: Map<String, Value>, mut conditions: Vec<Value>) -> Result<Option<Filter>, ApiError> {
    if !filters.is_empty() {
        let translated = object(filters, "filters", 1)?;
        // Validate it first, so that errors name paths in the caller's request.
        filter::parse(&translated)?;
        conditions.push(translated);
    }
    if conditions.is_empty() { Ok(None) } else { Ok(Some(filter::parse(&json!({ "AND": conditions }))?)) }
}

/// Whether the filters select a user, agent, app or run. Without one, a request would return the memories of all users.
pub fn has_entity_filter(filters: &Map<String, Value>) -> bool {
    filters.iter().any(|(name, value)| match name.as_str() {
        "NOT" => false,
        "AND" | "OR" => value.as_array().into_iter().flatten().filter_map(Value::as_object).any(has_entity_filter),
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
        return Err(ApiError::invalid(path, "must be nested at most 32 levels deep"));
    }
    let mut conditions = Vec::new();
    for (name, value) in fields {
        let path = format!("{path}.{name}");
        conditions.push(match name.as_str() {
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
    match conditions.len() {
        1 => Ok(conditions.swap_remove(0)),
        _ => Ok(json!({ "AND": conditions })),
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
        _ => Err(ApiError::invalid(path, "must be an object or an array of objects")),
    }
}

fn list_means_in(value: Value) -> Value {
    if value.is_array() { json!({ "in": value }) } else { value }
}

/// Converts dates to the end of their day, as for `expiration_date` of a memory.
fn dates(value: Value, path: &str) -> Result<Value, ApiError> {
    each(value, path, &|value, path| match value {
        Value::String(text) if text != "*" => Ok(end_of_day(path, &text.into())?.to_string().into()),
        other => Ok(other),
    })
}

/// Converts numbers, which are seconds since 1970, as for `timestamp` of a memory.
fn times(value: Value, path: &str) -> Result<Value, ApiError> {
    each(value, path, &|value, path| match value {
        Value::Number(_) => Ok(timestamp(path, &value)?.to_string().into()),
        other => Ok(other),
    })
}

/// Translates every operand of a field's operators.
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
