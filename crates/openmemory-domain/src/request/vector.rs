//! Which vector does a caller pass? One that the model of the store has made.

use super::{Fields, Kind, Property};
use crate::{Invalid, limits};

pub(super) const PROPERTY: Property = Property::new("vector", Kind::Numbers { most: limits::DIMENSIONS });

/// Whether the vector has the dimensions of the model is checked where the model is known.
pub(super) fn read(fields: &mut Fields) -> Result<Option<Vec<f32>>, Invalid> {
    let Some(items) = fields.array("vector")? else { return Ok(None) };
    if items.is_empty() {
        return Err(Invalid::argument("vector", "must not be empty"));
    }
    if items.len() > limits::DIMENSIONS {
        return Err(Invalid::limit("vector", format!("has at most {} numbers", limits::DIMENSIONS)));
    }
    let numbers = items.iter().enumerate().map(|(at, item)| {
        let number = item.as_f64().map(|number| number as f32).filter(|number| number.is_finite());
        number.ok_or_else(|| Invalid::argument(format!("vector[{at}]"), "must be a finite number"))
    });
    numbers.collect::<Result<_, _>>().map(Some)
}
