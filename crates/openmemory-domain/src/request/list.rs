//! Which memories does a list return, in which order, and how many?

use serde_json::Value;

use super::properties::{AS_OF, AT, FILTERS, SHOW_EXPIRED, SHOW_RETIRED, any_text, page_limit};
use super::{Fields, Kind, Property};
use crate::filter::{self, Filter};
use crate::valid_time::PointInTime;
use crate::{Invalid, Shown, limits};

/// The time that orders a list, and the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub by: TimeField,
    pub newest_first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeField {
    Created,
    Updated,
}

impl Order {
    const KNOWN: [&str; 4] = [Self::NAMES[0].0, Self::NAMES[1].0, Self::NAMES[2].0, Self::NAMES[3].0];
    const NAMES: [(&'static str, Self); 4] = [
        ("created_at:desc", Self { by: TimeField::Created, newest_first: true }),
        ("created_at:asc", Self { by: TimeField::Created, newest_first: false }),
        ("updated_at:desc", Self { by: TimeField::Updated, newest_first: true }),
        ("updated_at:asc", Self { by: TimeField::Updated, newest_first: false }),
    ];

    fn read(name: &str) -> Result<Self, Invalid> {
        Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, order)| *order)
            .ok_or_else(|| Invalid::argument("order", format!("must be one of {}", Self::KNOWN.join(", "))))
    }
}

/// `{filters?, limit?, cursor?, order?, showExpired?, showRetired?, at?, asOf?}`
#[derive(Debug, Clone)]
pub struct List {
    pub filter: Option<Filter>,
    pub limit: usize,
    /// Matches to skip without reading their texts. Not part of the JSON request.
    pub skip: u64,
    pub cursor: Option<String>,
    pub order: Order,
    pub shown: Shown,
    pub point: PointInTime,
}

impl List {
    pub const PROPERTIES: &[Property] = &[
        FILTERS,
        page_limit("100"),
        any_text("cursor").about("`next_cursor` of the page before"),
        Property::new("order", Kind::OneOf(&Order::KNOWN)).default("\"created_at:desc\""),
        SHOW_EXPIRED,
        SHOW_RETIRED,
        AT,
        AS_OF,
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        Ok(Self {
            filter: filters(&mut fields)?,
            limit: fields.whole("limit", 1, limits::PAGE as u64)?.unwrap_or(100) as usize,
            skip: 0,
            cursor: fields.string("cursor")?,
            order: fields.string("order")?.map_or(Ok(Order::NAMES[0].1), |name| Order::read(&name))?,
            shown: fields.shown()?,
            point: fields.point_in_time()?,
        })
    }
}

/// Reads `filters`; an empty object means no filter.
pub(super) fn filters(fields: &mut Fields) -> Result<Option<Filter>, Invalid> {
    match fields.take("filters") {
        None => Ok(None),
        Some(value) if value.as_object().is_some_and(serde_json::Map::is_empty) => Ok(None),
        Some(value) => filter::parse(&value).map(Some),
    }
}
