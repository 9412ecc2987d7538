//! Which changes does a caller want to receive, and from when on?

use serde_json::Value;

use super::properties::{FILTERS, any_text};
use super::{Fields, Property, list};
use crate::Invalid;
use crate::filter::Filter;

/// `{filters?, since?}`
#[derive(Debug, Clone, Default)]
pub struct Watch {
    pub filter: Option<Filter>,
    /// The cursor of a change, or a time.
    pub since: Option<String>,
}

impl Watch {
    pub const PROPERTIES: &[Property] =
        &[FILTERS, any_text("since").about("The cursor of a change, or a time; without it, the watch begins now")];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        Ok(Self { filter: list::filters(&mut fields)?, since: fields.string("since")? })
    }
}
