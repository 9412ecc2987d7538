//! What may a new memory bring?

use serde_json::Value;

use super::{Fields, IfExists};
use crate::{Content, Invalid, MemoryId, Metadata, Scope, Tags, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct NewMemory {
    /// None: a new one is made.
    pub id: Option<MemoryId>,
    pub content: Content,
    pub tags: Tags,
    pub metadata: Metadata,
    /// Fields of the metadata that were `null`: there is nothing to remove, but in a memory that is touched.
    pub removed: Vec<String>,
    pub scope: Scope,
    pub immutable: bool,
    pub expires_at: Option<Timestamp>,
    /// None: now.
    pub created_at: Option<Timestamp>,
    pub if_exists: IfExists,
}

const FIELDS: [&str; 12] = [
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
    IfExists::FIELD,
];

impl NewMemory {
    pub fn read(value: Value) -> Result<Self, Invalid> {
        Self::read_item(value, IfExists::default())
    }

    /// `if_exists` is for an item that does not say it.
    pub fn read_item(value: Value, if_exists: IfExists) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &FIELDS)?.without_nulls();
        let content =
            fields.string("content")?.ok_or_else(|| Invalid::argument("content", "is needed: the text to remember"))?;
        let scope = fields.scope()?;
        let metadata = fields.object("metadata")?.unwrap_or_default();
        let nulls = metadata.iter().filter(|(_, value)| value.is_null());
        let removed = nulls.map(|(name, _)| name.clone()).collect();
        Ok(Self {
            id: fields.string("id")?.map(|text| MemoryId::read("id", &text)).transpose()?,
            content: Content::read("content", content)?,
            tags: Tags::read("tags", fields.strings("tags")?.unwrap_or_default())?,
            metadata: Metadata::read("metadata", metadata)?,
            removed,
            scope,
            immutable: fields.boolean("immutable")?.unwrap_or(false),
            expires_at: fields.time("expires_at")?,
            created_at: fields.time("created_at")?,
            if_exists: IfExists::read(&mut fields)?.unwrap_or(if_exists),
        })
    }
}
