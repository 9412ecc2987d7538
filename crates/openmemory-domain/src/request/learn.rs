//! What is to be learnt from a conversation, and how?

use serde_json::Value;

use super::properties::{
    ACTOR, AGENT_ID, APP_ID, EXPIRES_AT, FILTERS, METADATA, REASON, RUN_ID, TAGS, USER_ID, any_text,
};
use super::{Fields, Kind, Property, list};
use crate::filter::Filter;
use crate::learning::{Added, LearningId, Message, Role};
use crate::{Invalid, Metadata, Scope, Tags, Timestamp, limits};

/// Which operations a call allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allow {
    pub add: bool,
    pub update: bool,
    pub retire: bool,
    pub merge: bool,
}

impl Default for Allow {
    fn default() -> Self {
        Self { add: true, update: true, retire: true, merge: true }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LearnMode {
    Apply,
    /// Additions are applied; changes of what is there wait.
    Review,
    /// All wait.
    Propose,
    /// Nothing is kept.
    Dry,
}

impl LearnMode {
    const NAMES: [&str; 4] = ["apply", "review", "propose", "dry"];

    fn read(name: &str) -> Result<Self, Invalid> {
        match name {
            "apply" => Ok(Self::Apply),
            "review" => Ok(Self::Review),
            "propose" => Ok(Self::Propose),
            "dry" => Ok(Self::Dry),
            _ => Err(Invalid::argument("mode", format!("must be one of {}", Self::NAMES.join(", ")))),
        }
    }
}

/// What happens to the messages themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepMessages {
    /// Kept and cited, not searched.
    Log,
    /// Also memories of their run.
    Memories,
    None,
}

impl KeepMessages {
    const NAMES: [&str; 3] = ["log", "memories", "none"];

    fn read(name: &str) -> Result<Self, Invalid> {
        match name {
            "log" => Ok(Self::Log),
            "memories" => Ok(Self::Memories),
            "none" => Ok(Self::None),
            _ => Err(Invalid::argument("keepMessages", format!("must be one of {}", Self::NAMES.join(", ")))),
        }
    }
}

/// One of the names of which a model may choose for what it adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub name: String,
    pub about: Option<String>,
}

/// A message, and the time that its caller gave for it.
pub type Said = (Message, Option<Timestamp>);

#[derive(Debug, Clone)]
pub struct Learn {
    pub messages: Vec<Said>,
    pub scope: Scope,
    pub added: Added,
    /// When the messages were said that do not say so themselves; `None`: now.
    pub at: Option<Timestamp>,
    pub timezone: String,
    pub instructions: Option<String>,
    /// Become tags of what is added; none: the model chooses none.
    pub categories: Vec<Category>,
    /// Nothing is applied once the document with this name is gone.
    pub promised_by: Option<String>,
    /// What the learning is called; none: a name of its own.
    pub id: Option<LearningId>,
    /// Whose words may become facts.
    pub from: Vec<Role>,
    pub allow: Allow,
    pub mode: LearnMode,
    pub keep_messages: KeepMessages,
    pub redact: bool,
    pub filter: Option<Filter>,
    pub max_operations: usize,
    pub reason: Option<String>,
}

const MESSAGE: [Property; 5] = [
    Property::new("role", Kind::OneOf(&Role::NAMES)).default("\"user\""),
    Property::new("content", Kind::Text { least: 0, most: Some(limits::MESSAGE_CHARACTERS) }).required(),
    Property::new("name", Kind::Text { least: 1, most: Some(limits::ID_CHARACTERS) }).about("Who speaks"),
    Property::new("at", Kind::Time).about("When it was said: what `yesterday` in it refers to"),
    Property::new("id", Kind::Text { least: 1, most: Some(limits::ID_CHARACTERS) })
        .about("Your own, or the `message_id` of a kept message; the same id again is the same message"),
];

const CATEGORY: [Property; 2] = [
    Property::new("name", Kind::Text { least: 1, most: Some(limits::TAG_CHARACTERS) }).required(),
    Property::new("about", Kind::Text { least: 1, most: Some(limits::CATEGORY_CHARACTERS) }).about("What it means"),
];

const ALLOW: [Property; 4] = [
    Property::new("add", Kind::Boolean).default("true"),
    Property::new("update", Kind::Boolean).default("true"),
    Property::new("retire", Kind::Boolean).default("true"),
    Property::new("merge", Kind::Boolean).default("true"),
];

impl Learn {
    pub const PROPERTIES: &[Property] = &[
        Property::new("messages", Kind::Items(&MESSAGE)).about("Or `text`"),
        any_text("text").about("One message of the user"),
        USER_ID,
        AGENT_ID,
        APP_ID,
        RUN_ID,
        TAGS,
        METADATA,
        EXPIRES_AT,
        Property::new("immutable", Kind::Boolean).default("false"),
        Property::new("at", Kind::Time).about("When messages without a time were said; default: now"),
        Property::new("timezone", Kind::Text { least: 1, most: Some(64) }).about("IANA").default("\"UTC\""),
        Property::new("instructions", Kind::Text { least: 1, most: Some(limits::INSTRUCTIONS_CHARACTERS) })
            .about("What matters here"),
        Property::new("categories", Kind::Items(&CATEGORY))
            .about("Of which the model chooses for each memory that it adds; they become tags"),
        Property::new("from", Kind::Texts { most: Some(3) })
            .about("Whose words may become facts: `user`, `assistant`, `tool`")
            .default("[\"user\"]"),
        Property::new("allow", Kind::Nested(&ALLOW)),
        Property::new("mode", Kind::OneOf(&LearnMode::NAMES)).default("\"apply\""),
        Property::new("keepMessages", Kind::OneOf(&KeepMessages::NAMES)).default("\"log\""),
        Property::new("redact", Kind::Boolean).default("true"),
        FILTERS.about("Which memories may be touched, within the scope"),
        Property::new("maxOperations", Kind::Integer { least: 1, most: 1000 }).default("64"),
        ACTOR.about("Recorded with what the model proposes"),
        REASON,
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?.without_nulls();
        let at = fields.time("at")?;
        let scope = fields.scope()?;
        let tags = Tags::read("tags", fields.strings("tags")?.unwrap_or_default())?;
        let metadata = Metadata::read("metadata", fields.object("metadata")?.unwrap_or_default())?;
        let added = Added {
            tags: tags.as_slice().to_vec(),
            metadata: metadata.fields(),
            expires_at: fields.time("expires_at")?,
            immutable: fields.boolean("immutable")?.unwrap_or(false),
            actor: fields.note("actor")?,
        };
        Ok(Self {
            messages: messages(&mut fields)?,
            scope,
            added,
            at,
            timezone: short(&mut fields, "timezone", 64)?.unwrap_or_else(|| "UTC".into()),
            instructions: short(&mut fields, "instructions", limits::INSTRUCTIONS_CHARACTERS)?,
            categories: categories(&mut fields)?,
            promised_by: None,
            id: None,
            from: roles(&mut fields)?,
            allow: allow(&mut fields)?,
            mode: fields.string("mode")?.map_or(Ok(LearnMode::Apply), |name| LearnMode::read(&name))?,
            keep_messages: fields
                .string("keepMessages")?
                .map_or(Ok(KeepMessages::Log), |name| KeepMessages::read(&name))?,
            redact: fields.boolean("redact")?.unwrap_or(true),
            filter: list::filters(&mut fields)?,
            max_operations: fields.whole("maxOperations", 1, 1000)?.unwrap_or(limits::OPERATIONS as u64) as usize,
            reason: fields.note("reason")?,
        })
    }
}

/// What the facade takes to have a model look again at memories. It reads and checks the fields itself.
pub struct Consolidate;

impl Consolidate {
    pub const PROPERTIES: &[Property] = &[
        USER_ID,
        AGENT_ID,
        APP_ID,
        RUN_ID,
        Property::new("memories", Kind::Texts { most: Some(limits::BATCH) })
            .about("Ids of the memories to look at, with similar ones; default: the newest `limit` ones"),
        any_text("feedback").about("What is wrong with `memories`, in somebody's words"),
        Property::new("limit", Kind::Integer { least: 1, most: 1000 }).default("200"),
        FILTERS.about("Which memories may be touched, within the scope"),
        Property::new("instructions", Kind::Text { least: 1, most: Some(limits::INSTRUCTIONS_CHARACTERS) })
            .about("What matters here"),
        Property::new("mode", Kind::OneOf(&LearnMode::NAMES)).default("\"review\""),
        Property::new("maxOperations", Kind::Integer { least: 1, most: 1000 }).default("64"),
        ACTOR,
        REASON,
    ];

    /// Refuses fields that there are not.
    pub fn check(value: &Value) -> Result<(), Invalid> {
        Fields::of(value.clone(), Self::PROPERTIES).map(drop)
    }
}

/// What the facade takes to learn once more from kept messages.
pub struct Relearn;

impl Relearn {
    pub const PROPERTIES: &[Property] = &[
        USER_ID,
        AGENT_ID,
        APP_ID,
        RUN_ID,
        Property::new("timezone", Kind::Text { least: 1, most: Some(64) }).about("IANA").default("\"UTC\""),
        Property::new("instructions", Kind::Text { least: 1, most: Some(limits::INSTRUCTIONS_CHARACTERS) })
            .about("What matters here"),
        Property::new("from", Kind::Texts { most: Some(3) })
            .about("Whose words may become facts: `user`, `assistant`, `tool`")
            .default("[\"user\"]"),
        Property::new("allow", Kind::Nested(&ALLOW)),
        Property::new("mode", Kind::OneOf(&LearnMode::NAMES)).default("\"review\""),
        FILTERS.about("Which memories may be touched, within the scope"),
        Property::new("maxOperations", Kind::Integer { least: 1, most: 1000 }).default("64"),
        ACTOR,
        REASON,
    ];

    /// Refuses fields that there are not.
    pub fn check(value: &Value) -> Result<(), Invalid> {
        Fields::of(value.clone(), Self::PROPERTIES).map(drop)
    }
}

fn short(fields: &mut Fields, name: &str, most: usize) -> Result<Option<String>, Invalid> {
    match fields.string(name)? {
        Some(text) if text.chars().count() > most => {
            Err(Invalid::limit(name, format!("has at most {most} characters")))
        }
        other => Ok(other),
    }
}

fn messages(fields: &mut Fields) -> Result<Vec<Said>, Invalid> {
    let text = fields.string("text")?;
    let given = fields.array("messages")?;
    let values = match (text, given) {
        (Some(text), None) if text.trim().is_empty() => {
            return Err(Invalid::argument("text", "must not be empty"));
        }
        (Some(text), None) => vec![serde_json::json!({ "content": text })],
        (None, Some(values)) => values,
        _ => return Err(Invalid::argument("messages", "is required: give either messages or text")),
    };
    if values.is_empty() {
        return Err(Invalid::argument("messages", "must not be empty"));
    }
    if values.len() > limits::MESSAGES {
        return Err(Invalid::limit("messages", format!("has at most {} messages", limits::MESSAGES)));
    }
    let read = |(i, value)| {
        message(value).map_err(|error| {
            let field = if error.field.is_empty() {
                format!("messages[{i}]")
            } else {
                format!("messages[{i}].{}", error.field)
            };
            Invalid { field, ..error }
        })
    };
    values.into_iter().enumerate().map(read).collect()
}

fn categories(fields: &mut Fields) -> Result<Vec<Category>, Invalid> {
    let given = fields.array("categories")?.unwrap_or_default();
    if given.len() > limits::CATEGORIES {
        return Err(Invalid::limit("categories", format!("has at most {} categories", limits::CATEGORIES)));
    }
    let mut categories: Vec<Category> = Vec::with_capacity(given.len());
    for (i, value) in given.into_iter().enumerate() {
        let within = |error: Invalid| match error.field.as_str() {
            "" => Invalid { field: format!("categories[{i}]"), ..error },
            field => Invalid { field: format!("categories[{i}].{field}"), ..error },
        };
        let category = category(value).map_err(within)?;
        if !categories.iter().any(|known| known.name == category.name) {
            categories.push(category);
        }
    }
    Ok(categories)
}

fn category(value: Value) -> Result<Category, Invalid> {
    let mut fields = Fields::of(value, &CATEGORY)?.without_nulls();
    let name = fields.string("name")?.ok_or_else(|| Invalid::argument("name", "is required: what it is called"))?;
    // They become tags.
    Tags::read("name", vec![name.clone()]).map_err(|error| Invalid { field: "name".into(), ..error })?;
    Ok(Category { name, about: short(&mut fields, "about", limits::CATEGORY_CHARACTERS)? })
}

fn message(value: Value) -> Result<Said, Invalid> {
    let mut fields = Fields::of(value, &MESSAGE)?.without_nulls();
    let content = short(&mut fields, "content", limits::MESSAGE_CHARACTERS)?
        .ok_or_else(|| Invalid::argument("content", "is required: what was said"))?;
    let at = fields.time("at")?;
    let message = Message {
        role: fields.string("role")?.map_or(Ok(Role::User), |name| Role::read("role", &name))?,
        content,
        name: short(&mut fields, "name", limits::ID_CHARACTERS)?,
        at: at.unwrap_or(Timestamp::FIRST),
        id: short(&mut fields, "id", limits::ID_CHARACTERS)?,
    };
    Ok((message, at))
}

fn roles(fields: &mut Fields) -> Result<Vec<Role>, Invalid> {
    let Some(names) = fields.strings("from")? else { return Ok(vec![Role::User]) };
    let role = |(i, name): (usize, &String)| match Role::read(&format!("from[{i}]"), name)? {
        Role::System => Err(Invalid::argument(format!("from[{i}]"), "must be user, assistant or tool")),
        role => Ok(role),
    };
    let roles: Vec<Role> = names.iter().enumerate().map(role).collect::<Result<_, _>>()?;
    if roles.is_empty() { Err(Invalid::argument("from", "must not be empty")) } else { Ok(roles) }
}

fn allow(fields: &mut Fields) -> Result<Allow, Invalid> {
    let Some(given) = fields.object("allow")? else { return Ok(Allow::default()) };
    let within = |error: Invalid| Invalid { field: format!("allow.{}", error.field), ..error };
    let mut given = Fields::of(given.into(), &ALLOW).map_err(within)?;
    let mut one = |name: &str| Ok::<_, Invalid>(given.boolean(name).map_err(within)?.unwrap_or(true));
    Ok(Allow { add: one("add")?, update: one("update")?, retire: one("retire")?, merge: one("merge")? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_one_message_of_the_user() {
        let learn = Learn::read(json!({ "text": "hello", "user_id": "ada" })).unwrap();
        assert_eq!((learn.messages[0].0.role, learn.messages[0].0.content.as_str()), (Role::User, "hello"));
        assert_eq!((learn.mode, learn.from, learn.timezone.as_str()), (LearnMode::Apply, vec![Role::User], "UTC"));
    }

    #[test]
    fn an_error_names_the_field() {
        for (value, field) in [
            (json!({}), "messages"),
            (json!({ "text": "x", "messages": [] }), "messages"),
            (json!({ "messages": [] }), "messages"),
            (json!({ "text": " " }), "text"),
            (json!({ "messages": ["x"] }), "messages[0]"),
            (json!({ "messages": [{ "content": "x", "role": "judge" }] }), "messages[0].role"),
            (json!({ "messages": [{ "role": "user" }] }), "messages[0].content"),
            (json!({ "text": "x", "from": ["system"] }), "from[0]"),
            (json!({ "text": "x", "from": [] }), "from"),
            (json!({ "text": "x", "mode": "soon" }), "mode"),
            (json!({ "text": "x", "allow": { "delete": true } }), "allow.delete"),
            (json!({ "text": "x", "keepMessages": "yes" }), "keepMessages"),
            (json!({ "text": "x", "instructions": "x".repeat(4001) }), "instructions"),
            (json!({ "text": "x", "categories": "work" }), "categories"),
            (json!({ "text": "x", "categories": ["work"] }), "categories[0]"),
            (json!({ "text": "x", "categories": [{ "about": "jobs" }] }), "categories[0].name"),
            (json!({ "text": "x", "categories": [{ "name": "" }] }), "categories[0].name"),
            (json!({ "text": "x", "categories": vec![json!({ "name": "a" }); 101] }), "categories"),
        ] {
            assert_eq!(Learn::read(value.clone()).unwrap_err().field, field, "{value}");
        }
    }
}
