//! How is a field of an exported line read? Like a field of a request, with errors that name its path in the line.

use serde_json::Value;

use crate::request::Fields;
use crate::{Invalid, ModelIdentity, limits};

pub(super) fn required<T>(field: &str, value: Option<T>) -> Result<T, Invalid> {
    value.ok_or_else(|| Invalid::argument(field, "is missing"))
}

/// The same error for a value inside `path`.
pub(super) fn within(path: &str, mut invalid: Invalid) -> Invalid {
    let join = if invalid.field.is_empty() || invalid.field.starts_with('[') { "" } else { "." };
    invalid.field = format!("{path}{join}{}", invalid.field);
    invalid
}

pub(super) fn model(value: Value) -> Result<ModelIdentity, Invalid> {
    let mut fields = Fields::read(value, &["id", "dimensions"])?;
    Ok(ModelIdentity {
        id: required("id", fields.string("id")?)?,
        dimensions: required("dimensions", fields.whole("dimensions", 1, limits::EXACT_INTEGER)?)? as usize,
    })
}
