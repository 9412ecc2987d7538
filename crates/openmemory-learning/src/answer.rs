//! What does the answer of a model say? Models wrap their JSON into prose, fences and reasoning, and cut it. An empty answer,
//! a failed answer and a cut answer are three things.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::proposal::RawOperation;

/// Operations of one answer at most.
const MOST: usize = 1000;

/// Why an answer cannot be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("the answer is empty")]
    Empty,
    #[error("the answer has no JSON object with the array \"operations\"")]
    NoOperations,
    #[error("the answer ends within its JSON")]
    Cut,
    #[error("the answer has several different lists of operations")]
    Contradictory,
    #[error("an operation is not an object with \"op\", \"message\" and \"quote\"")]
    NotAnOperation,
}

/// The operations of an answer.
pub fn read(text: &str) -> Result<Vec<RawOperation>, Unreadable> {
    let text = without_reasoning(text);
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let items = operations(text)?;
    if items.len() > MOST {
        return Err(Unreadable::NotAnOperation);
    }
    items.into_iter().map(|item| operation(item).ok_or(Unreadable::NotAnOperation)).collect()
}

/// What follows the reasoning; some servers leave its first tag out, or the `<` of the last one.
fn without_reasoning(text: &str) -> &str {
    let end = ["</think>", "/think>", "</thinking>", "</reasoning>"].iter();
    let after = end.filter_map(|tag| text.rfind(tag).map(|at| at + tag.len())).max();
    after.map_or(text, |at| &text[at..])
}

/// The list of the only JSON value at the top level that has one.
fn operations(text: &str) -> Result<Vec<Value>, Unreadable> {
    let mut found: Option<Vec<Value>> = None;
    let mut at = 0;
    while let Some(begin) = text[at..].find(['{', '[']).map(|offset| at + offset) {
        let mut values = serde_json::Deserializer::from_str(&text[begin..]).into_iter::<Value>();
        let read = values.next();
        match read {
            Some(Ok(value)) => {
                at = begin + values.byte_offset();
                if let Some(list) = list_of(value) {
                    if found.as_ref().is_some_and(|before| *before != list) {
                        return Err(Unreadable::Contradictory);
                    }
                    found = Some(list);
                }
            }
            Some(Err(error)) if !names_operations(read_before(&text[begin..], &error)) => at = begin + 1,
            // What is within a broken list is no list.
            Some(Err(error)) if error.is_eof() => return Err(Unreadable::Cut),
            Some(Err(_)) => return Err(Unreadable::NoOperations),
            None => break,
        }
    }
    found.ok_or(Unreadable::NoOperations)
}

/// What was read before the error: brackets in prose break off at once.
fn read_before<'a>(text: &'a str, error: &serde_json::Error) -> &'a str {
    let line = error.line().saturating_sub(1);
    let begin: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut end = (begin + error.column()).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn names_operations(text: &str) -> bool {
    text.contains("\"op") || text.contains("operations")
}

fn list_of(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Object(mut fields) => match fields.remove("operations") {
            Some(Value::Array(list)) => Some(list),
            _ => None,
        },
        Value::Array(list) if !list.is_empty() && list.iter().all(|item| item.get("op").is_some()) => Some(list),
        _ => None,
    }
}

/// Lenient about numbers that are written as text, and about fields that are missing where null would do.
fn operation(item: Value) -> Option<RawOperation> {
    let Value::Object(fields) = item else { return None };
    Some(RawOperation {
        op: text(&fields, "op")?,
        memory: number(fields.get("memory")),
        others: fields.get("others").and_then(Value::as_array).map_or_else(Vec::new, |others| {
            // What is no number is a number that was not shown.
            others.iter().map(|other| number(Some(other)).unwrap_or(-1)).collect()
        }),
        message: number(fields.get("message"))?,
        quote: text(&fields, "quote")?,
        text: text(&fields, "text"),
        change: text(&fields, "change").or_else(|| text(&fields, "why")),
        from: text(&fields, "from"),
        until: text(&fields, "until"),
        because: text(&fields, "because").unwrap_or_default(),
        categories: fields
            .get("categories")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
    })
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name)?.as_str().map(str::to_owned)
}

fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
