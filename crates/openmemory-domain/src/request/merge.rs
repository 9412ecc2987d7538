//! Which memories say the same, and which of them stays? It takes what the others add, and they are retired.

use std::collections::HashSet;

use serde_json::Value;

use super::properties::{CONTENT, ID, IF_VERSION, METADATA, TAGS};
use super::{Fields, Kind, Property, Retire, Update, update};
use crate::valid_time::{Retirement, ValidityPatch};
use crate::{Event, Invalid, Patch, Provenance, Retired, Tags, limits};

/// `{id, from: [{id, ifVersion?}], content?, tags?, metadata?, ifVersion?}`
#[derive(Debug, Clone)]
pub struct Merge {
    /// What the memory that stays becomes. Without `tags` it gets those of all.
    pub into: Update,
    pub from: Vec<Retire>,
}

const MERGED: [Property; 2] = [ID, IF_VERSION];

impl Merge {
    pub const PROPERTIES: &[Property] = &[
        ID.about("The memory that stays"),
        Property::new("from", Kind::Items(&MERGED))
            .about("The memories that it replaces; they are retired as ended")
            .required(),
        CONTENT.about("Default: what the memory says that stays"),
        TAGS.about("Default: the tags of all of them"),
        METADATA.about("Merged field by field into that of the memory that stays; null removes one"),
        IF_VERSION,
    ];

    pub fn read(value: Value, by: &Provenance) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let id = fields.id("id")?;
        let mut named = HashSet::from([id.clone()]);
        let reason = by.reason.clone().or_else(|| Some(Provenance::merged_into(&id)));
        let provenance = Provenance { event: Event::Retire, reason, ..by.clone() };
        let others = fields.array("from")?.unwrap_or_default();
        if others.is_empty() {
            return Err(Invalid::argument("from", "must name at least one memory"));
        }
        if others.len() > limits::BATCH {
            return Err(Invalid::limit(
                "from",
                format!("has {} memories; the limit is {}", others.len(), limits::BATCH),
            ));
        }
        let mut from = Vec::with_capacity(others.len());
        for (index, other) in others.into_iter().enumerate() {
            let name = format!("from[{index}]");
            let other = read_other(other, &provenance).map_err(|error| update::with_default_field(error, &name))?;
            if !named.insert(other.id.clone()) {
                return Err(Invalid::argument(name, format!("names {} again", other.id)));
            }
            from.push(other);
        }
        let patch = Patch {
            content: fields.content("content")?,
            tags: fields.strings("tags")?.map(|tags| Tags::read("tags", tags)).transpose()?,
            metadata: fields.object("metadata")?,
            // The memories said the same all along.
            validity: ValidityPatch { correction: true, ..ValidityPatch::default() },
            ..Patch::default()
        };
        let into = Update { id, patch, if_version: fields.version("ifVersion")?, provenance: by.clone() };
        Ok(Self { into, from })
    }
}

fn read_other(value: Value, provenance: &Provenance) -> Result<Retire, Invalid> {
    let mut fields = Fields::of(value, &MERGED)?;
    Ok(Retire {
        id: fields.id("id")?,
        retirement: Retirement { why: Retired::Ended, to: None },
        if_version: fields.version("ifVersion")?,
        provenance: provenance.clone(),
    })
}
