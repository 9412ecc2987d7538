//! What may an update say?

use serde_json::Value;

use super::Fields;
use crate::{Content, Event, Invalid, MemoryId, Patch, Provenance, Setting, Tags, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub id: MemoryId,
    pub patch: Patch,
    /// The update is refused unless this is the current version.
    pub if_version: Option<u64>,
    pub provenance: Provenance,
}

const PATCH_FIELDS: [&str; 4] = ["content", "tags", "metadata", "expires_at"];

impl Update {
    /// Reads `{id, patch, ifVersion?, actor?, reason?}`.
    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &["id", "patch", "ifVersion", "actor", "reason"])?;
        let id = fields.id("id")?;
        let patch = fields.take("patch").ok_or_else(|| Invalid::argument("patch", "must be an object"))?;
        Ok(Self {
            id,
            patch: read_patch(Fields::read(patch, &PATCH_FIELDS).map_err(|error| named(error, "patch"))?)?,
            if_version: fields.version("ifVersion")?,
            provenance: provenance(&mut fields)?,
        })
    }

    /// Reads an item of a batch, `{id, …patch, ifVersion?}`.
    pub fn read_item(value: Value, provenance: Provenance) -> Result<Self, Invalid> {
        let known = ["id", "content", "tags", "metadata", "expires_at", "ifVersion"];
        let mut fields = Fields::read(value, &known)?;
        let id = fields.id("id")?;
        let if_version = fields.version("ifVersion")?;
        Ok(Self { id, patch: read_patch(fields)?, if_version, provenance })
    }
}

/// Reads the optional `actor` and `reason` of an update.
pub(super) fn provenance(fields: &mut Fields) -> Result<Provenance, Invalid> {
    Ok(Provenance { event: Event::Update, actor: fields.note("actor")?, reason: fields.note("reason")? })
}

/// Names the whole where an error is about no field of it.
pub(super) fn named(mut error: Invalid, whole: &str) -> Invalid {
    if error.field.is_empty() {
        error.field = whole.into();
    }
    error
}

fn read_patch(mut fields: Fields) -> Result<Patch, Invalid> {
    let expires_at = match fields.take("expires_at") {
        None => None,
        Some(Value::Null) => Some(Setting::Clear),
        Some(Value::String(text)) => Some(Setting::Set(Timestamp::read("expires_at", &text)?)),
        Some(_) => return Err(Invalid::argument("expires_at", "must be a time, or null to clear it")),
    };
    let patch = Patch {
        content: fields.string("content")?.map(|text| Content::read("content", text)).transpose()?,
        tags: fields.strings("tags")?.map(|tags| Tags::read("tags", tags)).transpose()?,
        metadata: fields.object("metadata")?,
        expires_at,
        created_at: None,
    };
    if patch.is_empty() {
        return Err(Invalid::argument(
            "patch",
            format!("changes nothing; give at least one of {}", PATCH_FIELDS.join(", ")),
        ));
    }
    Ok(patch)
}
