//! Does a memory match a filter?

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::{Ordering, Reverse};

use serde_json::{Map, Value};

use super::normal_form::{canonical, canonical_json, folded, plain};
use super::values::Values;
use super::{Field, Filter, Test};
use crate::{Metadata, Sector, Timestamp, Version};

/// The memory under test.
struct Candidate<'a> {
    memory: &'a Version,
    content: &'a str,
    /// The content in the form that text searches use, computed when first needed.
    folded: OnceCell<String>,
    plain: OnceCell<Cow<'a, str>>,
}

/// The value of a field.
enum Actual<'a> {
    /// Absent or null.
    Missing,
    Text(Cow<'a, str>),
    /// A name, which is compared without normalisation.
    Name(&'a str),
    /// As they were written.
    Tags(&'a [String]),
    Names(Vec<&'static str>),
    Number(f64),
    Bool(bool),
    Json(Value),
}

impl Filter {
    /// Whether a memory matches. `content` is read only if [`Filter::needs_content`].
    ///
    /// - `eq` and `in`: the value equals one of the given values. Numbers compare by value (1 is 1.0), lists and
    ///   objects by their entries. One matching element of a list is enough. Null equals a missing value.
    /// - `ne` and `nin`: the exact opposites; they match missing values too.
    /// - `gt gte lt lte`: compare numbers, times, and strings by code point. Values of different types and missing
    ///   values do not match.
    /// - `contains`: a text contains the given text, or a list has it as an element; one of several is enough.
    ///   `icontains` is the same, ignoring case.
    /// - `startsWith`: a text begins with the given text, or a list has such an element.
    /// - `exists` and `"*"`: the value is present and not null. An empty list of tags counts as missing.
    ///
    /// Each test reads the field once, however many values it compares.
    pub fn matches(&self, memory: &Version, content: &str) -> bool {
        self.holds_for(&Candidate { memory, content, folded: OnceCell::new(), plain: OnceCell::new() })
    }

    fn holds_for(&self, candidate: &Candidate<'_>) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds_for(candidate)),
            Self::Or(parts) => parts.iter().any(|part| part.holds_for(candidate)),
            Self::Not(part) => !part.holds_for(candidate),
            Self::Is(Field::Keywords, Test::ContainsIgnoringCase { substrings, .. }) => {
                substrings.any_in(candidate.folded())
            }
            Self::Is(Field::Keywords, Test::Contains { substrings, .. }) => substrings.any_in(candidate.plain()),
            Self::Is(field, test) => holds(test, &actual(field, candidate.memory, candidate.content)),
        }
    }
}

impl Candidate<'_> {
    fn folded(&self) -> &str {
        self.folded.get_or_init(|| folded(self.content))
    }

    fn plain(&self) -> &str {
        self.plain.get_or_init(|| plain(self.content))
    }
}

fn actual<'a>(field: &Field, memory: &'a Version, content: &'a str) -> Actual<'a> {
    let name = |name: &'a Option<String>| name.as_deref().map_or(Actual::Missing, Actual::Name);
    let moment = |at: Timestamp| Actual::Number(at.millis() as f64);
    match field {
        Field::UserId => name(&memory.scope.user_id),
        Field::AgentId => name(&memory.scope.agent_id),
        Field::AppId => name(&memory.scope.app_id),
        Field::RunId => name(&memory.scope.run_id),
        Field::Tags if memory.tags.as_slice().is_empty() => Actual::Missing,
        Field::Tags => Actual::Tags(memory.tags.as_slice()),
        Field::Sectors => {
            Actual::Names(memory.sectors().as_slice().iter().map(|sector| Sector::name(*sector)).collect())
        }
        Field::PrimarySector => Actual::Name(memory.sectors().primary().name()),
        Field::CreatedAt => moment(memory.created_at),
        Field::UpdatedAt => moment(memory.updated_at),
        Field::Version => Actual::Number(memory.number as f64),
        Field::Immutable => Actual::Bool(memory.immutable),
        Field::ExpiresAt => memory.expires_at.map_or(Actual::Missing, moment),
        Field::ValidFrom => memory.validity.from.map_or(Actual::Missing, |date| moment(date.start())),
        Field::ValidTo => memory.validity.to.map_or(Actual::Missing, |date| moment(date.end())),
        Field::Retired => memory.validity.retired.map_or(Actual::Missing, |why| Actual::Name(why.name())),
        Field::MemoryIds => Actual::Name(memory.id.as_str()),
        Field::Keywords => Actual::Text(content.into()),
        Field::Metadata(path) => match find(&memory.metadata, path).map(canonical_json) {
            None | Some(Value::Null) => Actual::Missing,
            Some(Value::String(text)) => Actual::Text(text.into()),
            Some(value) => Actual::Json(value),
        },
    }
}

/// Descends at each dot; if that finds nothing, the dot is part of a key.
pub(super) fn find(metadata: &Metadata, path: &str) -> Option<Value> {
    if path.contains('.') { descend(&metadata.fields(), path).cloned() } else { metadata.field(path) }
}

/// Tries the keys that the path begins with, shortest first. Only one path leads to each object, so the cost is one
/// pass over all keys, however many dots the path has.
fn descend<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (mut whole, mut inner) = (None, Vec::new());
    for (key, value) in fields {
        match path.strip_prefix(key.as_str()) {
            Some("") => whole = Some(value),
            Some(rest) => inner.extend(rest.strip_prefix('.').zip(value.as_object())),
            None => {}
        }
    }
    inner.sort_unstable_by_key(|(rest, _)| Reverse(rest.len()));
    inner.into_iter().find_map(|(rest, fields)| descend(fields, rest)).or(whole)
}

fn holds(test: &Test, actual: &Actual<'_>) -> bool {
    match test {
        Test::Exists => !matches!(actual, Actual::Missing),
        Test::OneOf(values) => equals(actual, values),
        Test::Beyond { greater, or_equal, limit } => match order(actual, limit) {
            Some(Ordering::Equal) => *or_equal,
            Some(Ordering::Greater) => *greater,
            Some(Ordering::Less) => !*greater,
            None => false,
        },
        Test::StartsWith(prefix) => match actual {
            Actual::Text(text) => text.starts_with(prefix),
            Actual::Name(name) => name.starts_with(prefix),
            Actual::Tags(tags) => tags.iter().any(|tag| canonical(tag).starts_with(prefix)),
            Actual::Names(names) => names.iter().any(|name| name.starts_with(prefix)),
            Actual::Json(json) => {
                let mut texts = json.as_array().into_iter().flatten().filter_map(Value::as_str);
                texts.any(|text| text.starts_with(prefix))
            }
            _ => false,
        },
        Test::Contains { values, substrings } => match actual {
            Actual::Text(text) => substrings.any_in(&plain(text)),
            Actual::Name(name) => substrings.any_in(&plain(name)),
            Actual::Tags(_) | Actual::Names(_) => equals(actual, values),
            Actual::Json(json) => has_element(json, values),
            _ => false,
        },
        Test::ContainsIgnoringCase { values, substrings } => match actual {
            Actual::Text(text) => substrings.any_in(&folded(text)),
            Actual::Name(name) => substrings.any_in(&folded(name)),
            Actual::Tags(tags) => tags.iter().any(|tag| values.has_text(&folded(tag))),
            Actual::Names(names) => names.iter().any(|name| values.has_text(name)),
            Actual::Json(json) => {
                let mut texts = json.as_array().into_iter().flatten().filter_map(Value::as_str);
                texts.any(|text| values.has_text(&folded(text)))
            }
            _ => false,
        },
    }
}

fn equals(actual: &Actual<'_>, values: &Values) -> bool {
    match actual {
        Actual::Missing => values.has_null(),
        Actual::Text(text) => values.has_text(text),
        Actual::Name(name) => values.has_text(name),
        Actual::Tags(tags) => tags.iter().any(|tag| values.has_text(&canonical(tag))),
        Actual::Names(names) => names.iter().any(|name| values.has_text(name)),
        Actual::Number(number) => values.has_number(*number),
        Actual::Bool(yes) => values.has_bool(*yes),
        Actual::Json(json) => values.has(json) || has_element(json, values),
    }
}

fn has_element(list: &Value, values: &Values) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(|item| values.has(item)))
}

fn order(actual: &Actual<'_>, limit: &Value) -> Option<Ordering> {
    match actual {
        Actual::Text(text) => Some(text.as_ref().cmp(limit.as_str()?)),
        Actual::Name(name) => Some((*name).cmp(limit.as_str()?)),
        Actual::Number(number) => number.partial_cmp(&limit.as_f64()?),
        Actual::Json(json) => json.as_f64()?.partial_cmp(&limit.as_f64()?),
        _ => None,
    }
}
