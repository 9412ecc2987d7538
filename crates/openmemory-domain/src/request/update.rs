//! What does an update ask for?

use serde_json::Value;

use super::properties::{
    ACTOR, CONTENT, CORRECTION, EXPIRES_AT, ID, IF_VERSION, METADATA, REASON, TAGS, VALID_FROM, VALID_TO,
};
use super::{Fields, Kind, Property, join};
use crate::valid_time::ValidityPatch;
use crate::{Event, Invalid, MemoryId, PartialDate, Patch, Provenance, Setting, Tags, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub id: MemoryId,
    pub patch: Patch,
    /// Rejects the update unless this is the current version.
    pub if_version: Option<u64>,
    pub provenance: Provenance,
}

const PATCH: [Property; 6] = [
    CONTENT,
    TAGS.about("Replaces the whole array"),
    METADATA.about("Merged field by field; null removes one"),
    EXPIRES_AT.about("Null clears it").or_null(),
    VALID_FROM.about("Since when it is true; default for a new text: now").or_null(),
    VALID_TO.about("Until when it is true; null clears it").or_null(),
];

impl Update {
    pub const PROPERTIES: &[Property] =
        &[ID, Property::new("patch", Kind::Nested(&PATCH)).required(), CORRECTION, IF_VERSION, ACTOR, REASON];
    /// Of an item of a batch.
    pub const ITEM: &[Property] = &join::<9>(&[ID], &join::<8>(&PATCH, &[CORRECTION, IF_VERSION]));
    /// Of an update whose patch stands beside the other fields.
    pub const FLAT: &[Property] = &join::<11>(&[ID], &join::<10>(&PATCH, &[CORRECTION, ACTOR, REASON, IF_VERSION]));

    /// Reads `{id, patch, correction?, ifVersion?, actor?, reason?}`.
    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let id = fields.id("id")?;
        let patch = fields.take("patch").ok_or_else(|| Invalid::argument("patch", "must be an object"))?;
        let correction = correction(&mut fields)?;
        let patch = Fields::of(patch, &PATCH).map_err(|error| with_default_field(error, "patch"))?;
        Ok(Self {
            id,
            patch: read_patch(patch, correction)?,
            if_version: fields.version("ifVersion")?,
            provenance: provenance(&mut fields)?,
        })
    }

    /// Reads an item of a batch, `{id, …patch, correction?, ifVersion?}`.
    pub fn read_item(value: Value, provenance: Provenance) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::ITEM)?;
        let id = fields.id("id")?;
        let if_version = fields.version("ifVersion")?;
        let correction = correction(&mut fields)?;
        Ok(Self { id, patch: read_patch(fields, correction)?, if_version, provenance })
    }

    /// Reads `{id, …patch, correction?, ifVersion?, actor?, reason?}`.
    pub fn read_flat(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::FLAT)?;
        let (id, if_version) = (fields.id("id")?, fields.version("ifVersion")?);
        let provenance = provenance(&mut fields)?;
        let correction = correction(&mut fields)?;
        Ok(Self { id, patch: read_patch(fields, correction)?, if_version, provenance })
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

fn correction(fields: &mut Fields) -> Result<bool, Invalid> {
    Ok(fields.boolean("correction")?.unwrap_or(false))
}

/// A time or date, or null to clear it.
pub(super) fn setting<T>(
    fields: &mut Fields,
    field: &str,
    read: fn(&str, &str) -> Result<T, Invalid>,
) -> Result<Option<Setting<T>>, Invalid> {
    match fields.take(field) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Setting::Clear)),
        Some(Value::String(text)) => Ok(Some(Setting::Set(read(field, &text)?))),
        Some(_) => Err(Invalid::argument(field, "must be a time, or null to clear it")),
    }
}

fn read_patch(mut fields: Fields, correction: bool) -> Result<Patch, Invalid> {
    let patch = Patch {
        content: fields.content("content")?,
        tags: fields.strings("tags")?.map(|tags| Tags::read("tags", tags)).transpose()?,
        metadata: fields.object("metadata")?,
        expires_at: setting(&mut fields, "expires_at", Timestamp::read)?,
        created_at: None,
        validity: ValidityPatch {
            from: setting(&mut fields, "valid_from", PartialDate::read)?,
            to: setting(&mut fields, "valid_to", PartialDate::read)?,
            correction,
        },
    };
    if patch.is_empty() {
        return Err(Invalid::argument(
            "patch",
            format!("changes nothing; give at least one of {}", PATCH.map(|property| property.name).join(", ")),
        ));
    }
    Ok(patch)
}
