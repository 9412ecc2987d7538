//! What is a model asked? Instructions that never change, so that servers cache them, and one JSON object with all data.

use std::borrow::Cow;
use std::sync::LazyLock;

use openmemory_domain::learning::Role;
use openmemory_domain::request::{Allow, Category};
use openmemory_domain::{PartialDate, Timestamp};
use serde_json::{Value, json};

use crate::candidate::{Candidates, Standing};
use crate::language_model::Request;
use crate::transcript::{Part, Turn};

const NAME: &str = "learn.v1";
const INSTRUCTIONS: &str = include_str!("prompts/learn.v1.md");
const SCHEMA: &str = include_str!("prompts/schema.v1.json");
/// Follows the instructions where there are categories to choose from.
const CATEGORIES: &str = include_str!("prompts/categories.v1.md");
const CATEGORIES_NAME: &str = "categories.v1";

/// The prompt by name and hash of its instructions and schema, which is kept with every change that comes of it.
pub fn id(categories: &[Category]) -> &'static str {
    static ID: LazyLock<String> = LazyLock::new(|| format!("{NAME}#{}", hash(&[INSTRUCTIONS, SCHEMA])));
    static WITH_CATEGORIES: LazyLock<String> =
        LazyLock::new(|| format!("{}+{CATEGORIES_NAME}#{}", *ID, hash(&[CATEGORIES])));
    if categories.is_empty() { &ID } else { &WITH_CATEGORIES }
}

fn hash(texts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex()[..8].to_owned()
}

/// What the request says besides memories and messages.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub now: Timestamp,
    pub timezone: &'a str,
    pub instructions: Option<&'a str>,
    pub categories: &'a [Category],
    pub from: &'a [Role],
    pub allow: Allow,
}

/// `problem` says what was wrong with the answer before.
pub fn request(setting: &Setting<'_>, candidates: &Candidates, part: &Part, problem: Option<&str>) -> Request {
    let Allow { add, update, retire, merge } = setting.allow;
    let allowed = [("add", add), ("update", update), ("retire", retire), ("merge", merge), ("keep", true)];
    let mut data = json!({
        "now": setting.now.to_string(),
        "timezone": setting.timezone,
        "learn_from": setting.from.iter().map(|role| role.name()).collect::<Vec<_>>(),
        "allow": allowed.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect::<Vec<_>>(),
        "instructions": setting.instructions,
        "memories": candidates.iter().map(memory).collect::<Vec<_>>(),
        "earlier": part.earlier.iter().map(said).collect::<Vec<_>>(),
        "messages": (1..).zip(&part.turns).map(message).collect::<Vec<_>>(),
    });
    if let Some(problem) = problem {
        data["problem_with_your_last_answer"] = problem.into();
    }
    if setting.categories.is_empty() {
        return Request { system: INSTRUCTIONS.to_owned(), user: data.to_string(), schema: Cow::Borrowed(SCHEMA) };
    }
    data["categories"] = setting.categories.iter().map(category).collect();
    Request {
        system: format!("{INSTRUCTIONS}{CATEGORIES}"),
        user: data.to_string(),
        schema: Cow::Owned(with_categories(setting.categories)),
    }
}

fn category(Category { name, about }: &Category) -> Value {
    json!({ "name": name, "about": about })
}

/// The schema with one field more in each operation.
fn with_categories(categories: &[Category]) -> String {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    let operation = &mut schema["properties"]["operations"]["items"];
    let names: Vec<&str> = categories.iter().map(|category| category.name.as_str()).collect();
    operation["properties"]["categories"] = json!({ "type": "array", "items": { "type": "string", "enum": names } });
    if let Some(required) = operation["required"].as_array_mut() {
        required.push("categories".into());
    }
    schema.to_string()
}

/// The tokens that instructions and schema take at most.
pub fn fixed_tokens() -> usize {
    crate::tokens::estimate(INSTRUCTIONS) + crate::tokens::estimate(SCHEMA)
}

fn memory((number, candidate): (i64, &crate::candidate::Candidate)) -> Value {
    let date = |date: Option<PartialDate>| date.map(|date| date.to_string());
    let state = match candidate.standing {
        Standing::Current => "current",
        Standing::Ended => "ended",
        Standing::Wrong { .. } => "wrong",
    };
    json!({
        "n": number,
        "text": candidate.content,
        "since": date(candidate.since),
        "until": date(candidate.until),
        "said": day(candidate.said),
        "state": state,
    })
}

fn said(turn: &Turn) -> Value {
    json!({ "role": turn.role.name(), "name": turn.name, "at": turn.at.to_string(), "text": turn.text })
}

fn message((number, turn): (usize, &Turn)) -> Value {
    json!({
        "m": number,
        "role": turn.role.name(),
        "name": turn.name,
        "at": turn.at.to_string(),
        "weekday": turn.at.weekday(),
        "text": turn.text,
    })
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_prompt_gets_another_id() {
        assert_eq!(id(&[]), "learn.v1#59b6b07b");
        let categories = [Category { name: "work".into(), about: None }];
        assert_eq!(id(&categories), "learn.v1#59b6b07b+categories.v1#48c52112");
    }

    #[test]
    fn the_instructions_take_about_a_thousand_tokens() {
        // An upper guess; tokenizers count four characters per token of English.
        assert!(fixed_tokens() < 2000, "{}", fixed_tokens());
    }
}
