//! Which values does a field have, and how many memories have each?

use serde_json::Value;

use super::properties::{FILTERS, SHOW_EXPIRED, SHOW_RETIRED, any_text};
use super::{Fields, Kind, Property, list};
use crate::filter::{FacetField, Filter};
use crate::{Invalid, Shown, limits};

/// `{field, filters?, limit?, showExpired?, showRetired?}`
#[derive(Debug, Clone)]
pub struct Facets {
    pub field: FacetField,
    pub filter: Option<Filter>,
    /// The most values that are wanted.
    pub limit: usize,
    pub shown: Shown,
}

impl Facets {
    pub const PROPERTIES: &[Property] = &[
        any_text("field")
            .about(
                "`user_id`, `agent_id`, `app_id`, `run_id`, `tags`, `sectors`, `primary_sector` or a path such as \
                 `metadata.topic`; of a list each element counts, and objects do not",
            )
            .required(),
        FILTERS,
        Property::new("limit", Kind::Integer { least: 1, most: limits::FACETS as u64 }).default("100"),
        SHOW_EXPIRED,
        SHOW_RETIRED,
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        Ok(Self {
            field: FacetField::read("field", &fields.string("field")?.unwrap_or_default())?,
            filter: list::filters(&mut fields)?,
            limit: fields.whole("limit", 1, limits::FACETS as u64)?.unwrap_or(100) as usize,
            shown: fields.shown()?,
        })
    }
}
