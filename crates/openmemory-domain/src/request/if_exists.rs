//! What happens if the scope already has the text of a new memory?

use super::{Fields, Kind, Property};
use crate::Invalid;

/// [`TextKey`](crate::TextKey) defines equal texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IfExists {
    /// Add it anyway.
    #[default]
    Add,
    /// Return the existing memory.
    Skip,
    /// Apply the new tags, metadata and expiry to the existing memory.
    Touch,
}

impl IfExists {
    const FIELD: &str = "ifExists";

    pub(super) const PROPERTY: Property = Property::new(Self::FIELD, Kind::OneOf(&["add", "skip", "touch"]))
        .about(
            "What becomes of a text that the same user, agent, app and run have already, characters composed alike and white \
             space around it aside: it is added all the same, the memory that is there is the answer, or it also gets the \
             tags it has not, the metadata and the expiry",
        )
        .default("\"add\"");

    pub(super) fn read(fields: &mut Fields) -> Result<Option<Self>, Invalid> {
        match fields.string(Self::FIELD)?.as_deref() {
            None => Ok(None),
            Some("add") => Ok(Some(Self::Add)),
            Some("skip") => Ok(Some(Self::Skip)),
            Some("touch") => Ok(Some(Self::Touch)),
            Some(_) => Err(Invalid::argument(Self::FIELD, "must be add, skip or touch")),
        }
    }
}
