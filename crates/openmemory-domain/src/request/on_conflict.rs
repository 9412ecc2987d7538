//! What happens if the id of a new or imported memory is taken?

use super::{Fields, Kind, Property};
use crate::Invalid;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// Report it and keep the store's memory.
    #[default]
    Report,
    /// Keep the store's memory.
    Skip,
    /// An import puts its memory in the place of the store's; adding makes a new version of the store's memory.
    Replace,
}

impl OnConflict {
    const FIELD: &str = "onConflict";
    const ANY: Property = Property::new(Self::FIELD, Kind::OneOf(&["report", "skip", "replace"])).default("\"report\"");

    pub const IMPORTED: Property =
        Self::ANY.about("What becomes of a memory whose id the store has with another history");
    pub(super) const ADDED: Property = Self::ANY.about(
        "What becomes of a memory whose id is taken by one of the same user, agent, app and run: it is refused, the memory \
         that is there is the answer, or that memory gets a version with this content, and these tags, metadata and expiry",
    );

    pub(super) fn read(fields: &mut Fields) -> Result<Option<Self>, Invalid> {
        Self::named(fields.string(Self::FIELD)?.as_deref())
    }

    pub fn named(name: Option<&str>) -> Result<Option<Self>, Invalid> {
        match name {
            None => Ok(None),
            Some("report") => Ok(Some(Self::Report)),
            Some("skip") => Ok(Some(Self::Skip)),
            Some("replace") => Ok(Some(Self::Replace)),
            Some(_) => Err(Invalid::argument(Self::FIELD, "must be report, skip or replace")),
        }
    }
}
