//! Which labels does a memory have? An ordered list, stored as given.

use serde::{Deserialize, Serialize};

use super::{Invalid, limits};

/// At most 64 tags of 1 to 256 characters, in the caller's order, duplicates included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags(Vec<String>);

impl Tags {
    pub fn read(field: &str, tags: Vec<String>) -> Result<Self, Invalid> {
        if tags.len() > limits::TAGS {
            return Err(Invalid::limit(field, format!("has at most {} tags, not {}", limits::TAGS, tags.len())));
        }
        for (i, tag) in tags.iter().enumerate() {
            if tag.is_empty() {
                return Err(Invalid::argument(format!("{field}[{i}]"), "a tag must not be empty"));
            }
            if tag.chars().count() > limits::TAG_CHARACTERS {
                return Err(Invalid::limit(
                    format!("{field}[{i}]"),
                    format!("a tag has at most {} characters", limits::TAG_CHARACTERS),
                ));
            }
        }
        Ok(Self(tags))
    }

    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// These tags, followed by those of `others` that are new.
    pub fn joined(&self, field: &str, others: &Self) -> Result<Self, Invalid> {
        let new = others.0.iter().filter(|tag| !self.0.contains(tag));
        Self::read(field, self.0.iter().chain(new).cloned().collect())
    }

    /// The distinct tags, sorted.
    pub fn distinct(&self) -> std::collections::BTreeSet<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}
