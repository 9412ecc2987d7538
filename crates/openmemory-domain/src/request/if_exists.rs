//! What becomes of a text that the same scope has already?

use super::{Fields, Kind, Property};
use crate::Invalid;

/// Texts are compared as [`TextKey`](crate::TextKey) does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IfExists {
    /// It is added all the same.
    #[default]
    Add,
    /// The memory that is there is the answer.
    Skip,
    /// New tags, metadata and expiry go into the memory that is there.
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
