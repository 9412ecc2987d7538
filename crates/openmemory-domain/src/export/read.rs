//! How is a field of an exported line read? As a request's, with the path of where it stands in the line.

use serde_json::Value;

use crate::request::Fields;
use crate::{Invalid, ModelIdentity, limits};

pub(super) fn needed<T>(field: &str, value: Option<T>) -> Result<T, Invalid> {
    value.ok_or_else(|| Invalid::argument(field, "is missing"))
}

/// The same refusal, of a value that stands below `place`.
pub(super) fn below(place: &str, mut invalid: Invalid) -> Invalid {
    let join = if invalid.field.is_empty() || invalid.field.starts_with('[') { "" } else { "." };
    invalid.field = format!("{place}{join}{}", invalid.field);
    invalid
}

pub(super) fn model(value: Value) -> Result<ModelIdentity, Invalid> {
    let mut fields = Fields::read(value, &["id", "dimensions"])?;
    Ok(ModelIdentity {
        id: needed("id", fields.string("id")?)?,
        dimensions: needed("dimensions", fields.whole("dimensions", 1, limits::EXACT_INTEGER)?)? as usize,
    })
}
