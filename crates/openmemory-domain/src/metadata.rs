//! What else is known of a memory? A JSON object; updates are merged into it field by field.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Invalid, Sector, limits};

/// The field that pins a memory to a sector.
pub const SECTOR_FIELD: &str = "sector";

/// A JSON object of at most 1 MiB as text, at most 32 levels deep, with integers within ±2^53 and no top-level `null`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// Checks the metadata of a new memory. Top-level nulls are dropped, since there is nothing to remove.
    pub fn read(field: &str, fields: Map<String, Value>) -> Result<Self, Invalid> {
        Self::default().merged(field, &fields)
    }

    /// Merges `changes`: new fields are added, existing ones replaced, and `null` removes a field.
    pub fn merged(&self, field: &str, changes: &Map<String, Value>) -> Result<Self, Invalid> {
        let mut fields = self.0.clone();
        for (key, value) in changes {
            if value.is_null() {
                fields.shift_remove(key);
            } else {
                check(value, 2, &mut || format!("{field}.{key}"))?;
                fields.insert(key.clone(), value.clone());
            }
        }
        if let Some(value) = fields.get(SECTOR_FIELD) {
            let path = format!("{field}.{SECTOR_FIELD}");
            let name = value.as_str().ok_or_else(|| Invalid::argument(&path, Sector::expected()))?;
            Sector::read(&path, name)?;
        }
        let merged = Self(fields);
        let bytes = merged.to_json().len();
        if bytes > limits::METADATA_BYTES {
            return Err(Invalid::limit(
                field,
                format!("is {bytes} bytes of JSON; the limit is {}", limits::METADATA_BYTES),
            ));
        }
        Ok(merged)
    }

    pub fn fields(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The sector to which `metadata.sector` pins the memory.
    pub fn pinned_sector(&self) -> Option<Sector> {
        self.0.get(SECTOR_FIELD)?.as_str().and_then(Sector::from_name)
    }

    /// Reads the output of [`Metadata::to_json`] without checking it again.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

fn check(value: &Value, depth: usize, path: &mut dyn FnMut() -> String) -> Result<(), Invalid> {
    match value {
        Value::Number(number) => {
            let too_large = match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(n), _, _) => n > limits::EXACT_INTEGER,
                (_, Some(n), _) => n.unsigned_abs() > limits::EXACT_INTEGER,
                (_, _, Some(n)) => n.fract() == 0.0 && n.abs() > limits::EXACT_INTEGER as f64,
                _ => true,
            };
            if too_large {
                return Err(Invalid::argument(
                    path(),
                    format!("the integer {number} is outside ±2^53 and would be read inexactly; pass it as a string"),
                ));
            }
        }
        Value::Array(items) => {
            check_depth(depth, path)?;
            for (i, item) in items.iter().enumerate() {
                check(item, depth + 1, &mut || format!("{}[{i}]", path()))?;
            }
        }
        Value::Object(fields) => {
            check_depth(depth, path)?;
            for (key, item) in fields {
                check(item, depth + 1, &mut || format!("{}.{key}", path()))?;
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
    Ok(())
}

fn check_depth(depth: usize, path: &mut dyn FnMut() -> String) -> Result<(), Invalid> {
    if depth > limits::METADATA_DEPTH {
        return Err(Invalid::limit(path(), format!("is nested deeper than {}", limits::METADATA_DEPTH)));
    }
    Ok(())
}

// Stored as JSON text, which preserves the order of fields and the form of numbers.
impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_json())
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_json(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::InvalidKind;
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn merge(old: Value, new: Value) -> Result<Value, Invalid> {
        let old = Metadata::read("metadata", object(old))?;
        old.merged("metadata", &object(new)).map(|m| Value::Object(m.0))
    }

    #[test]
    fn a_merge_adds_replaces_and_removes_fields() {
        let merged = merge(json!({"a": 1, "b": {"x": 1, "y": 2}, "c": 3}), json!({"b": {"z": 1}, "c": null, "d": 4}));
        assert_eq!(merged.unwrap(), json!({"a": 1, "b": {"z": 1}, "d": 4}));
    }

    #[test]
    fn nulls_inside_a_value_are_part_of_the_value() {
        assert_eq!(merge(json!({}), json!({"a": {"b": null}})).unwrap(), json!({"a": {"b": null}}));
    }

    #[test]
    fn integers_beyond_2_pow_53_are_rejected_by_path() {
        for number in ["1152921504606846976", "-1152921504606846976", "9007199254740993", "1e300"] {
            let value: Value = serde_json::from_str(&format!(r#"{{"a": {{"b": [0, {number}]}}}}"#)).unwrap();
            let error = merge(json!({}), value).unwrap_err();
            assert_eq!((error.kind, error.field.as_str()), (InvalidKind::Argument, "metadata.a.b[1]"), "{number}");
        }
        assert!(
            merge(json!({}), json!({"a": 9_007_199_254_740_992_i64, "b": -9_007_199_254_740_992_i64, "c": 0.5}))
                .is_ok()
        );
    }

    #[test]
    fn depth_32_is_accepted_and_33_is_rejected() {
        let nested = |depth: usize| (2..depth).fold(json!({}), |inner, _| json!({ "n": inner }));
        assert!(merge(json!({}), json!({ "n": nested(32) })).is_ok());
        assert_eq!(merge(json!({}), json!({ "n": nested(33) })).unwrap_err().kind, InvalidKind::Limit);
    }

    #[test]
    fn the_limit_applies_after_the_merge() {
        let half = "x".repeat(limits::METADATA_BYTES * 5 / 8);
        let error = merge(json!({ "a": half }), json!({ "b": half })).unwrap_err();
        assert_eq!((error.kind, error.field.as_str()), (InvalidKind::Limit, "metadata"));
    }

    #[test]
    fn an_unknown_sector_is_rejected() {
        for sector in [json!("dreams"), json!(3)] {
            let error = merge(json!({}), json!({ "sector": sector })).unwrap_err();
            assert_eq!(error.field, "metadata.sector");
        }
        assert!(merge(json!({"sector": "semantic"}), json!({"sector": null})).is_ok());
    }
}
