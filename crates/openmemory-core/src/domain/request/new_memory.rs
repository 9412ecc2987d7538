//! What may a new memory bring?

use serde_json::Value;

use super::Fields;
use crate::domain::{Content, Invalid, MemoryId, Metadata, Scope, Tags, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct NewMemory {
    /// None: a new one is made.
    pub id: Option<MemoryId>,
    pub content: Content,
    pub tags: Tags,
    pub metadata: Metadata,
    pub scope: Scope,
    pub immutable: bool,
    pub expires_at: Option<Timestamp>,
    /// None: now.
    pub created_at: Option<Timestamp>,
}

const FIELDS: [&str; 11] = [
    "content",
    "tags",
    "metadata",
    "user_id",
    "agent_id",
    "app_id",
    "run_id",
    "id",
    "immutable",
    "expires_at",
    "created_at",
];

impl NewMemory {
    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &FIELDS)?.without_nulls();
        let content =
            fields.string("content")?.ok_or_else(|| Invalid::argument("content", "is needed: the text to remember"))?;
        let scope = fields.scope()?;
        Ok(Self {
            id: fields.string("id")?.map(|text| MemoryId::read("id", &text)).transpose()?,
            content: Content::read("content", content)?,
            tags: Tags::read("tags", fields.strings("tags")?.unwrap_or_default())?,
            metadata: Metadata::read("metadata", fields.object("metadata")?.unwrap_or_default())?,
            scope,
            immutable: fields.boolean("immutable")?.unwrap_or(false),
            expires_at: fields.time("expires_at")?,
            created_at: fields.time("created_at")?,
        })
    }
}
