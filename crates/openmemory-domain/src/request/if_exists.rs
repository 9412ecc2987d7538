//! What becomes of a text that the same scope has already?

use super::Fields;
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
    pub(super) const FIELD: &str = "ifExists";

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
