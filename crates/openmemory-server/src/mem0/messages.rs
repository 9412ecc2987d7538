//! Which texts do messages have, and whose are they?

use axum::http::HeaderValue;
use axum::response::Response;
use openmemory_domain::{Invalid, Scope};
use serde_json::Value;

use super::fields::{ENTITIES, Fields};
use crate::http::ApiError;

/// Reads the scope from the top-level fields or from `filters`, where one of the clients sends it.
pub fn scope(fields: &mut Fields) -> Result<Scope, ApiError> {
    let mut filters = fields.object("filters")?.unwrap_or_default();
    let mut read = |name: &str| match fields.take(name).or_else(|| filters.swap_remove(name)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(Scope::read(name, text)?)),
        Some(_) => Err(ApiError::invalid(name, "must be a string")),
    };
    let [user_id, agent_id, app_id, run_id] = ENTITIES;
    let scope =
        Scope { user_id: read(user_id)?, agent_id: read(agent_id)?, app_id: read(app_id)?, run_id: read(run_id)? };
    if let Some(name) = filters.keys().next() {
        return Err(ApiError::invalid(&format!("filters.{name}"), "does not apply to a new memory"));
    }
    if scope == Scope::default() {
        return Err(ApiError::invalid(
            "user_id",
            "is missing: give at least one of user_id, agent_id, app_id and run_id",
        ));
    }
    Ok(scope)
}

/// Names of parts that a header has; a header is limited.
const NAMED_IN_HEADER: usize = 20;

/// Names the parts of messages that were left out in a header, because some answers are bare lists.
pub fn naming(left_out: &[String], mut response: Response) -> Response {
    let mut names = left_out.iter().take(NAMED_IN_HEADER).cloned().collect::<Vec<_>>().join(", ");
    if left_out.len() > NAMED_IN_HEADER {
        names += &format!(", and {} more", left_out.len() - NAMED_IN_HEADER);
    }
    if let Ok(value) = HeaderValue::from_str(&names)
        && !left_out.is_empty()
    {
        response.headers_mut().insert("openmemory-left-out", value);
    }
    response
}

/// A message with its role.
pub struct Message {
    /// The path of its text in the request, for errors.
    pub field: String,
    pub role: Option<String>,
    pub text: String,
}

/// Extracts the texts of messages. System messages are ignored; blank texts, such as those beside calls of tools, and parts
/// without text are listed in `left_out`.
pub fn texts(messages: Option<Value>, left_out: &mut Vec<String>) -> Result<Vec<Message>, ApiError> {
    let messages = match messages {
        Some(Value::String(text)) => return Ok(vec![Message { field: "messages".into(), role: None, text }]),
        Some(Value::Array(messages)) => messages,
        Some(message @ Value::Object(_)) => vec![message],
        _ => {
            return Err(ApiError::invalid(
                "messages",
                "must be an array of messages with role and content, or a string",
            ));
        }
    };
    if messages.len() > openmemory_domain::limits::BATCH {
        return Err(Invalid::limit("messages", "has at most 1000 messages").into());
    }
    let mut texts = Vec::with_capacity(messages.len());
    for (i, message) in messages.into_iter().enumerate() {
        let field = format!("messages[{i}].content");
        let (role, text) = match message {
            Value::String(text) => (None, text),
            Value::Object(fields) if fields.get("role").is_some_and(|role| role == "system") => continue,
            Value::Object(mut fields) => {
                let role = fields.get("role").and_then(Value::as_str).map(str::to_owned);
                match content(fields.swap_remove("content"), &field, left_out)? {
                    Some(text) => (role, text),
                    None => continue,
                }
            }
            _ => return Err(ApiError::invalid(&format!("messages[{i}]"), "must be an object with role and content")),
        };
        if text.trim().is_empty() {
            left_out.push(field);
        } else {
            texts.push(Message { field, role, text });
        }
    }
    if texts.is_empty() {
        let why = "must contain at least one message with text and a role other than system";
        return Err(ApiError::invalid("messages", why));
    }
    Ok(texts)
}

/// The text of a message; none if no part has text. Mem0's pages and its provider for the AI SDK send an image as one
/// part without an array, and a call of a tool has no content.
fn content(content: Option<Value>, field: &str, left_out: &mut Vec<String>) -> Result<Option<String>, ApiError> {
    let parts = match content {
        Some(Value::String(text)) => return Ok(Some(text)),
        Some(Value::Array(parts)) => parts,
        Some(Value::Object(mut part)) => match part.swap_remove("text") {
            Some(Value::String(text)) => return Ok(Some(text)),
            _ => Vec::new(),
        },
        None | Some(Value::Null) => Vec::new(),
        _ => return Err(ApiError::invalid(field, "must be a string, a part or an array of parts")),
    };
    if parts.is_empty() {
        left_out.push(field.to_owned());
    }
    let mut texts = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        match part.get("text").and_then(Value::as_str) {
            Some(text) => texts.push(text),
            None => left_out.push(format!("{field}[{i}]")),
        }
    }
    Ok(if texts.is_empty() { None } else { Some(texts.join("\n")) })
}
