//! What does an add mean to a server with a language model, and what does Mem0's client read of the answer?

use openmemory_domain::learning::{Added, LearnedOperation, Learning, Message, ProposedOperation, Role, State};
use openmemory_domain::request::{Allow, Category, KeepMessages, Learn, LearnMode};
use openmemory_domain::{Metadata, Scope, Tags, Timestamp, limits};
use serde_json::Value;

use super::fields::{Fields, end_of_day};
use super::messages::{scope, texts};
use super::record::{changed, public_id};
use crate::http::ApiError;

/// `left_out` gets the parts of messages that are not text.
pub fn request(mut fields: Fields, left_out: &mut Vec<String>) -> Result<Learn, ApiError> {
    fields.flag("infer")?;
    fields.flag("async_mode")?;
    if fields.take("structured_data_schema").is_some_and(|value| !is_empty(&value)) {
        return Err(ApiError::Unsupported("structured_data_schema: is not supported by this server".into()));
    }
    let categories = fields.take("custom_categories").map_or_else(|| Ok(Vec::new()), |given| categories(&given))?;
    if fields.flag("enable_graph")? == Some(true) {
        return Err(ApiError::Unsupported("enable_graph: this server has no entity graph".into()));
    }
    let scope = scope(&mut fields)?;
    let instructions = instructions(&mut fields, &scope)?;
    let metadata = Metadata::read("metadata", fields.object("metadata")?.unwrap_or_default())?;
    let immutable = fields.flag("immutable")?.unwrap_or(false);
    let expires_at = fields.take("expiration_date").map(|date| end_of_day("expiration_date", &date)).transpose()?;
    let mut at = fields.timestamp("timestamp")?;
    for name in ["observation_datetime", "observation_date"] {
        at = fields.timestamp(name)?.or(at);
    }
    let timezone = fields.string("timezone")?.filter(|name| name.len() <= 64).unwrap_or_else(|| "UTC".into());
    let messages = texts(fields.take("messages"), left_out)?;
    fields.done()?;
    let message = |message: super::messages::Message| {
        let role = message.role.as_deref().and_then(|role| Role::read("role", role).ok()).unwrap_or(Role::User);
        (Message { role, content: message.text, name: None, at: Timestamp::FIRST, id: None }, None)
    };
    Ok(Learn {
        messages: messages.into_iter().map(message).collect(),
        // Where only an agent is named, the agent is who is remembered.
        from: vec![if is_of_agent(&scope) { Role::Assistant } else { Role::User }],
        scope,
        added: Added { metadata: metadata.fields(), expires_at, immutable, ..Added::default() },
        at,
        timezone,
        instructions,
        categories,
        promised_by: None,
        id: None,
        allow: Allow::default(),
        mode: LearnMode::Apply,
        keep_messages: KeepMessages::Log,
        redact: true,
        filter: None,
        max_operations: limits::OPERATIONS,
        reason: None,
    })
}

fn is_of_agent(scope: &Scope) -> bool {
    scope.user_id.is_none() && scope.agent_id.is_some()
}

/// All that says what matters, in one text.
fn instructions(fields: &mut Fields, scope: &Scope) -> Result<Option<String>, ApiError> {
    let (own, agent) = (fields.string("custom_instructions")?, fields.string("agent_custom_instructions")?);
    let own = if is_of_agent(scope) { agent.or(own) } else { own };
    let (includes, excludes) = (fields.string("includes")?, fields.string("excludes")?);
    let parts = [own, includes.map(|what| format!("Include: {what}")), excludes.map(|what| format!("Exclude: {what}"))];
    let text = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    if text.chars().count() > limits::INSTRUCTIONS_CHARACTERS {
        return Err(ApiError::invalid("custom_instructions", "has at most 4000 characters"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Names, or objects of names with what they mean.
pub fn categories(given: &Value) -> Result<Vec<Category>, ApiError> {
    let wrong =
        || ApiError::invalid("custom_categories", "must be an array of names, or of objects of name and meaning");
    let mut categories: Vec<Category> = Vec::new();
    for item in given.as_array().ok_or_else(wrong)? {
        let named: Vec<(String, Option<String>)> = match item {
            Value::String(name) => vec![(name.clone(), None)],
            Value::Object(names) => {
                let about = |about: &Value| {
                    about.as_str().map(|about| about.chars().take(limits::CATEGORY_CHARACTERS).collect())
                };
                names.iter().map(|(name, means)| (name.clone(), about(means))).collect()
            }
            _ => return Err(wrong()),
        };
        for (name, about) in named {
            // They become tags.
            Tags::read("custom_categories", vec![name.clone()])?;
            if !categories.iter().any(|known| known.name == name) {
                categories.push(Category { name, about });
            }
        }
    }
    if categories.len() > limits::CATEGORIES {
        return Err(ApiError::invalid("custom_categories", "has at most 100 categories"));
    }
    Ok(categories)
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// What has changed.
pub fn results(learning: &Learning) -> Vec<Value> {
    learning.operations.iter().filter(|learned| learned.state == State::Applied).filter_map(result).collect()
}

fn result(learned: &LearnedOperation) -> Option<Value> {
    let id = public_id(learned.id.as_ref()?);
    let (event, text) = match learned.operation.as_ref()? {
        ProposedOperation::Add { content, .. } => ("ADD", content.as_str()),
        ProposedOperation::Update { content, .. } | ProposedOperation::Merge { content, .. } => {
            ("UPDATE", content.as_str())
        }
        ProposedOperation::Retire { .. } => ("DELETE", learned.before.as_deref().unwrap_or_default()),
        ProposedOperation::Keep { .. } => return None,
    };
    Some(changed(&id, text, event))
}
