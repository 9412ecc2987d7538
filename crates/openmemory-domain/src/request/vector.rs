//! Which vectors does a caller pass? Those that the model of the store has made.

use serde_json::Value;

use super::{Fields, Kind, Property};
use crate::{Invalid, limits};

pub(super) const PROPERTY: Property = Property::new("vector", Kind::Numbers { most: limits::DIMENSIONS });
/// Of the texts of a memory.
pub(super) const OF_TEXTS: Property = Property::new("vector", Kind::Vectors { most: limits::DIMENSIONS });

/// Whether the vector has the dimensions of the model is checked where the model is known.
pub(super) fn read(fields: &mut Fields) -> Result<Option<Vec<f32>>, Invalid> {
    fields.array("vector")?.map(|items| vector("vector", &items)).transpose()
}

/// One vector, or one for each text.
pub(super) fn of_texts(fields: &mut Fields) -> Result<Option<Vec<Vec<f32>>>, Invalid> {
    let Some(items) = fields.array("vector")? else { return Ok(None) };
    if !items.first().is_some_and(Value::is_array) {
        return Ok(Some(vec![vector("vector", &items)?]));
    }
    let vectors = items.iter().enumerate().map(|(at, item)| {
        let field = format!("vector[{at}]");
        match item {
            Value::Array(numbers) => vector(&field, numbers),
            _ => Err(Invalid::argument(field, "must be an array of numbers, as the first one is")),
        }
    });
    vectors.collect::<Result<_, _>>().map(Some)
}

fn vector(field: &str, items: &[Value]) -> Result<Vec<f32>, Invalid> {
    if items.is_empty() {
        return Err(Invalid::argument(field, "must not be empty"));
    }
    if items.len() > limits::DIMENSIONS {
        return Err(Invalid::limit(field, format!("has at most {} numbers", limits::DIMENSIONS)));
    }
    let numbers = items.iter().enumerate().map(|(at, item)| {
        let number = item.as_f64().map(|number| number as f32).filter(|number| number.is_finite());
        number.ok_or_else(|| Invalid::argument(format!("{field}[{at}]"), "must be a finite number"))
    });
    numbers.collect()
}
