//! Which memory has ended, or was wrong?

use serde_json::Value;

use super::properties::{ACTOR, ID, IF_VERSION, REASON, VALID_TO};
use super::{Fields, Kind, Property, update};
use crate::valid_time::Retirement;
use crate::{Event, Invalid, MemoryId, Provenance, Retired};

/// `{id, why?, valid_to?, ifVersion?, actor?, reason?}`
#[derive(Debug, Clone, PartialEq)]
pub struct Retire {
    pub id: MemoryId,
    pub retirement: Retirement,
    pub if_version: Option<u64>,
    pub provenance: Provenance,
}

impl Retire {
    pub(super) const WHY: Property = Property::new("why", Kind::OneOf(&Retired::NAMES))
        .about("It was true and is not any longer, or it never was")
        .default("\"ended\"");
    pub const PROPERTIES: &[Property] = &[
        ID,
        Self::WHY,
        VALID_TO.about("Until when it was true; default: now. Only of a memory that has ended"),
        IF_VERSION,
        ACTOR,
        REASON,
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let id = fields.id("id")?;
        let why = fields.string("why")?.map_or(Ok(Retired::Ended), |name| Retired::read("why", &name))?;
        let to = fields.date("valid_to")?;
        if why == Retired::Wrong && to.is_some() {
            return Err(Invalid::argument("valid_to", "cannot be given for a memory that never was true"));
        }
        let if_version = fields.version("ifVersion")?;
        let provenance = Provenance { event: Event::Retire, ..update::provenance(&mut fields)? };
        Ok(Self { id, retirement: Retirement { why, to }, if_version, provenance })
    }
}
