//! What does an update ask for?

use serde_json::Value;

use super::properties::{ACTOR, CONTENT, EXPIRES_AT, ID, IF_VERSION, METADATA, REASON, TAGS};
use super::{Fields, Kind, Property, join};
use crate::{Content, Event, Invalid, MemoryId, Patch, Provenance, Setting, Tags, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub id: MemoryId,
    pub patch: Patch,
    /// Rejects the update unless this is the current version.
    pub if_version: Option<u64>,
    pub provenance: Provenance,
}

const PATCH: [Property; 4] = [
    CONTENT,
    TAGS.about("Replaces the whole array"),
    METADATA.about("Merged field by field; null removes one"),
    EXPIRES_AT.about("Null clears it").or_null(),
];

impl Update {
    pub const PROPERTIES: &[Property] =
        &[ID, Property::new("patch", Kind::Nested(&PATCH)).required(), IF_VERSION, ACTOR, REASON];
    /// Of an item of a batch.
    pub const ITEM: &[Property] = &join::<6>(&[ID], &join::<5>(&PATCH, &[IF_VERSION]));
    /// Of an update whose patch stands beside the other fields.
    pub const FLAT: &[Property] = &join::<8>(&[ID], &join::<7>(&PATCH, &[ACTOR, REASON, IF_VERSION]));

    /// Reads `{id, patch, ifVersion?, actor?, reason?}`.
    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let id = fields.id("id")?;
        let patch = fields.take("patch").ok_or_else(|| Invalid::argument("patch", "must be an object"))?;
        Ok(Self {
            id,
            patch: read_patch(Fields::of(patch, &PATCH).map_err(|error| with_default_field(error, "patch"))?)?,
            if_version: fields.version("ifVersion")?,
            provenance: provenance(&mut fields)?,
        })
    }

    /// Reads an item of a batch, `{id, …patch, ifVersion?}`.
    pub fn read_item(value: Value, provenance: Provenance) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::ITEM)?;
        let id = fields.id("id")?;
        let if_version = fields.version("ifVersion")?;
        Ok(Self { id, patch: read_patch(fields)?, if_version, provenance })
    }

    /// Reads `{id, …patch, ifVersion?, actor?, reason?}`.
    pub fn read_flat(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::FLAT)?;
        let (id, if_version) = (fields.id("id")?, fields.version("ifVersion")?);
        let provenance = provenance(&mut fields)?;
        Ok(Self { id, patch: read_patch(fields)?, if_version, provenance })
    }
}

/// Reads the optional `actor` and `reason` of an update.
pub(super) fn provenance(fields: &mut Fields) -> Result<Provenance, Invalid> {
    Ok(Provenance { event: Event::Update, actor: fields.note("actor")?, reason: fields.note("reason")? })
}

/// Sets the field of an error that has none.
pub(super) fn with_default_field(mut error: Invalid, field: &str) -> Invalid {
    if error.field.is_empty() {
        error.field = field.into();
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
            format!("changes nothing; give at least one of {}", PATCH.map(|property| property.name).join(", ")),
        ));
    }
    Ok(patch)
}
