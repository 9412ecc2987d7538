//! Is this memory meant?

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{Field, Filter, Test};
use crate::domain::{Sector, Version};

/// What a memory holds in a field.
enum Actual<'a> {
    /// No value, or null.
    Missing,
    Text(&'a str),
    Texts(Vec<&'a str>),
    Number(f64),
    Bool(bool),
    Json(&'a Value),
}

impl Filter {
    /// Whether a memory matches. `content` is looked at only if [`Filter::needs_content`].
    ///
    /// - `eq` and `in`: the value equals one of those given, numbers by value (1 is 1.0),
    ///   lists and objects entry by entry; of a list, one element is enough. Null equals a missing value.
    /// - `ne` and `nin` are their exact opposites: they match missing values too.
    /// - `gt gte lt lte`: numbers with numbers, times with times, strings with strings by
    ///   code point; anything else, and a missing value, does not match.
    /// - `contains`: a text has the given one as a part, a list has it as an element; of
    ///   several given, one is enough. `icontains`: the same, ignoring case as Unicode has it.
    /// - `exists` and `"*"`: there is a value and it is not null. No tags are a missing value.
    pub fn matches(&self, memory: &Version, content: &str) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(memory, content)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(memory, content)),
            Self::Not(part) => !part.matches(memory, content),
            Self::Is(field, test) => holds(test, &actual(field, memory, content)),
        }
    }
}

fn actual<'a>(field: &Field, memory: &'a Version, content: &'a str) -> Actual<'a> {
    let text = |text: &'a Option<String>| text.as_deref().map_or(Actual::Missing, Actual::Text);
    match field {
        Field::UserId => text(&memory.scope.user_id),
        Field::AgentId => text(&memory.scope.agent_id),
        Field::AppId => text(&memory.scope.app_id),
        Field::RunId => text(&memory.scope.run_id),
        Field::Tags if memory.tags.as_slice().is_empty() => Actual::Missing,
        Field::Tags => Actual::Texts(memory.tags.as_slice().iter().map(String::as_str).collect()),
        Field::Sectors => {
            Actual::Texts(memory.sectors().as_slice().iter().map(|sector| Sector::name(*sector)).collect())
        }
        Field::PrimarySector => Actual::Text(memory.sectors().primary().name()),
        Field::CreatedAt => Actual::Number(memory.created_at.millis() as f64),
        Field::UpdatedAt => Actual::Number(memory.updated_at.millis() as f64),
        Field::Version => Actual::Number(memory.number as f64),
        Field::Immutable => Actual::Bool(memory.immutable),
        Field::ExpiresAt => memory.expires_at.map_or(Actual::Missing, |at| Actual::Number(at.millis() as f64)),
        Field::MemoryIds => Actual::Text(memory.id.as_str()),
        Field::Keywords => Actual::Text(content),
        Field::Metadata(path) => match find(memory.metadata.fields(), path) {
            None | Some(Value::Null) => Actual::Missing,
            Some(Value::String(text)) => Actual::Text(text),
            Some(value) => Actual::Json(value),
        },
    }
}

/// Descends at each dot; where that leads nowhere, takes the dot as part of a key.
fn find<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    path.match_indices('.')
        .find_map(|(dot, _)| find(fields.get(&path[..dot])?.as_object()?, &path[dot + 1..]))
        .or_else(|| fields.get(path))
}

fn holds(test: &Test, actual: &Actual<'_>) -> bool {
    match test {
        Test::Exists => !matches!(actual, Actual::Missing),
        Test::OneOf(values) => values.iter().any(|value| equals(actual, value)),
        Test::Beyond { greater, or_equal, limit } => match order(actual, limit) {
            Some(Ordering::Equal) => *or_equal,
            Some(Ordering::Greater) => *greater,
            Some(Ordering::Less) => !*greater,
            None => false,
        },
        Test::Contains(values) => values.iter().any(|value| contains(actual, value)),
        Test::ContainsIgnoringCase(texts) => contains_ignoring_case(actual, texts),
    }
}

fn equals(actual: &Actual<'_>, value: &Value) -> bool {
    match actual {
        Actual::Missing => value.is_null(),
        Actual::Text(text) => value.as_str() == Some(text),
        Actual::Texts(texts) => texts.iter().any(|text| value.as_str() == Some(text)),
        Actual::Number(number) => value.as_f64() == Some(*number),
        Actual::Bool(yes) => value.as_bool() == Some(*yes),
        Actual::Json(json) => same(json, value) || has_element(json, value),
    }
}

fn has_element(list: &Value, value: &Value) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(|item| same(item, value)))
}

/// Equal as values: `1` and `1.0` are one number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn order(actual: &Actual<'_>, limit: &Value) -> Option<Ordering> {
    match actual {
        Actual::Text(text) => Some((*text).cmp(limit.as_str()?)),
        Actual::Number(number) => number.partial_cmp(&limit.as_f64()?),
        Actual::Json(Value::Number(number)) => number.as_f64()?.partial_cmp(&limit.as_f64()?),
        _ => None,
    }
}

fn contains(actual: &Actual<'_>, value: &Value) -> bool {
    match actual {
        Actual::Text(text) => value.as_str().is_some_and(|part| text.contains(part)),
        Actual::Texts(_) => equals(actual, value),
        Actual::Json(json) => has_element(json, value),
        _ => false,
    }
}

/// `sought` is in lower case.
fn contains_ignoring_case(actual: &Actual<'_>, sought: &[String]) -> bool {
    let is_sought = |text: &str| sought.contains(&text.to_lowercase());
    match actual {
        Actual::Text(text) => {
            let text = text.to_lowercase();
            sought.iter().any(|part| text.contains(part))
        }
        Actual::Texts(texts) => texts.iter().any(|text| is_sought(text)),
        Actual::Json(Value::Array(items)) => items.iter().filter_map(Value::as_str).any(is_sought),
        _ => false,
    }
}
