//! What does a new memory consist of?

use serde_json::Value;

use super::properties::{
    AGENT_ID, APP_ID, CONTENT, EXPIRES_AT, ID, METADATA, RUN_ID, TAGS, USER_ID, VALID_FROM, VALID_TO,
};
use super::{Fields, IfExists, Kind, OnConflict, Property, vector};
use crate::{Content, Invalid, MemoryId, Metadata, Scope, Tags, Timestamp, Validity};

const ADDED_CONTENT: &str = "1 to 200 000 characters, not only white space. The texts of an array, kept as one text with a \
                             form feed between them, have a vector each. Null: a memory without text, which only \
                             filters find; it needs tags or metadata";

#[derive(Debug, Clone, PartialEq)]
pub struct NewMemory {
    /// `None`: generate one.
    pub id: Option<MemoryId>,
    pub content: Content,
    pub tags: Tags,
    pub metadata: Metadata,
    /// Metadata fields that were `null`. They matter only if an existing memory is touched.
    pub removed: Vec<String>,
    pub scope: Scope,
    pub immutable: bool,
    pub expires_at: Option<Timestamp>,
    /// `None`: now.
    pub created_at: Option<Timestamp>,
    pub validity: Validity,
    /// The vectors of its texts by the model of the store, if the caller has them: one for all, or one for each.
    pub vectors: Option<Vec<Vec<f32>>>,
    /// Whether the text is found by its meaning.
    pub embed: bool,
    pub duplicates: Duplicates,
}

/// What happens if the text or the id of a new memory is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Duplicates {
    pub if_exists: IfExists,
    pub on_conflict: OnConflict,
}

impl Duplicates {
    /// Reads `ifExists` and `onConflict`; where they are absent, `self` holds.
    pub(super) fn or(self, fields: &mut Fields) -> Result<Self, Invalid> {
        Ok(Self {
            if_exists: IfExists::read(fields)?.unwrap_or(self.if_exists),
            on_conflict: OnConflict::read(fields)?.unwrap_or(self.on_conflict),
        })
    }
}

impl NewMemory {
    pub const PROPERTIES: &[Property] = &[
        CONTENT.about(ADDED_CONTENT).required().or_null(),
        TAGS.or_null(),
        METADATA.or_null(),
        USER_ID.or_null(),
        AGENT_ID.or_null(),
        APP_ID.or_null(),
        RUN_ID.or_null(),
        Property { required: false, ..ID }.about("One of your own; without it a new one is made").or_null(),
        Property::new("immutable", Kind::Boolean).default("false").or_null(),
        EXPIRES_AT.or_null(),
        Property::new("created_at", Kind::Time).about("Default: now").or_null(),
        VALID_FROM.or_null(),
        VALID_TO.or_null(),
        vector::OF_TEXTS
            .about("That of the text by the model of the store, which then does not embed it; or one for each text")
            .or_null(),
        Property::new("embed", Kind::Boolean)
            .about("False: the text is not embedded, and found by its words and by filters only")
            .default("true")
            .or_null(),
        IfExists::PROPERTY.or_null(),
        OnConflict::ADDED.or_null(),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        Self::read_item(value, Duplicates::default())
    }

    /// `duplicates` holds for an item that does not say otherwise.
    pub fn read_item(value: Value, duplicates: Duplicates) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let content = content(&mut fields)?;
        let mut fields = fields.without_nulls();
        let scope = fields.scope()?;
        let metadata = fields.object("metadata")?.unwrap_or_default();
        let (vectors, embed) = (vector::of_texts(&mut fields)?, fields.boolean("embed")?);
        if vectors.is_some() && embed == Some(false) {
            return Err(Invalid::argument("embed", "and vector exclude each other"));
        }
        if content.is_none() && embed == Some(true) {
            return Err(Invalid::argument("embed", "must not be true without a text"));
        }
        let embed = embed.unwrap_or(vectors.is_some() || !content.is_none());
        let nulls = metadata.iter().filter(|(_, value)| value.is_null());
        let removed = nulls.map(|(name, _)| name.clone()).collect();
        Ok(Self {
            id: fields.string("id")?.map(|text| MemoryId::read("id", &text)).transpose()?,
            content,
            tags: Tags::read("tags", fields.strings("tags")?.unwrap_or_default())?,
            metadata: Metadata::read("metadata", metadata)?,
            removed,
            scope,
            immutable: fields.boolean("immutable")?.unwrap_or(false),
            expires_at: fields.time("expires_at")?,
            created_at: fields.time("created_at")?,
            validity: Validity {
                from: fields.date("valid_from")?,
                to: fields.date("valid_to")?,
                ..Validity::default()
            }
            .checked()?,
            vectors,
            embed,
            duplicates: duplicates.or(&mut fields)?,
        })
    }
}

/// A text, several texts, or null for a memory without text, which tags or metadata must say something of.
fn content(fields: &mut Fields) -> Result<Content, Invalid> {
    let required = || Invalid::argument("content", "is required: the text to remember");
    if !fields.is_null("content") {
        return fields.content("content")?.ok_or_else(required);
    }
    if ["tags", "metadata"].into_iter().all(|field| fields.is_empty(field)) {
        return Err(Invalid::argument("content", "is null, so tags or metadata are required"));
    }
    Ok(Content::none())
}
