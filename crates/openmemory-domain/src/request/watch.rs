//! Which changes does a caller want to hear of, and from where on?

use serde_json::Value;

use super::{Fields, list};
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
    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &["filters", "since"])?;
        Ok(Self { filter: list::filters(&mut fields)?, since: fields.string("since")? })
    }
}
