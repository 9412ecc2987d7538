//! What else is known of a memory? A JSON object; updates are merged into it field by field.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Invalid, Sector, limits};

/// The field that pins a memory to a sector.
pub const SECTOR_FIELD: &str = "sector";

/// A JSON object of at most 1 MiB as text, at most 32 levels deep, with integers within ±2^53 and no top-level `null`.
///
/// It stays text: most reads pass it on as it is or look at one field, and building all values takes longer than the rest of
/// reading a version. Nor is it checked again when a version is read: rows have checksums.
#[derive(Clone, Serialize, Deserialize)]
pub struct Metadata(Box<str>);

impl Metadata {
    /// Checks the metadata of a new memory. Top-level nulls are dropped, since there is nothing to remove.
    pub fn read(field: &str, fields: Map<String, Value>) -> Result<Self, Invalid> {
        merge(field, Map::new(), fields)
    }

    /// Merges `changes`: new fields are added, existing ones replaced, and `null` removes a field.
    pub fn merged(&self, field: &str, changes: &Map<String, Value>) -> Result<Self, Invalid> {
        merge(field, self.fields(), changes.clone())
    }

    /// All fields, which are parsed.
    pub fn fields(&self) -> Map<String, Value> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// One top-level field. The others are not built, and those after it are not read.
    pub fn field(&self, name: &str) -> Option<Value> {
        let mut found = None;
        let mut deserializer = serde_json::Deserializer::from_str(&self.0);
        // Always an error once the field is found: the object goes on.
        let _ = deserializer.deserialize_map(OneField { name, found: &mut found });
        found
    }

    /// The sector to which `metadata.sector` pins the memory.
    pub fn pinned_sector(&self) -> Option<Sector> {
        // Most have none, and this is asked of every memory that is read.
        if !self.0.contains(SECTOR_FIELD) {
            return None;
        }
        self.field(SECTOR_FIELD)?.as_str().and_then(Sector::from_name)
    }

    /// Reads the output of [`Metadata::as_json`] without checking its values again.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let json: &RawValue = serde_json::from_str(text)?;
        if !json.get().starts_with('{') {
            return Err(serde::de::Error::custom("metadata is not an object"));
        }
        Ok(Self(json.get().into()))
    }

    /// The object as JSON without spaces, its fields in the order in which they were given.
    pub fn as_json(&self) -> &RawValue {
        serde_json::from_str(&self.0).unwrap_or(RawValue::NULL)
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self("{}".into())
    }
}

fn merge(field: &str, mut fields: Map<String, Value>, changes: Map<String, Value>) -> Result<Metadata, Invalid> {
    for (key, value) in changes {
        if value.is_null() {
            fields.shift_remove(&key);
        } else {
            check(&value, 2, &mut || format!("{field}.{key}"))?;
            fields.insert(key, value);
        }
    }
    if let Some(value) = fields.get(SECTOR_FIELD) {
        let path = format!("{field}.{SECTOR_FIELD}");
        let name = value.as_str().ok_or_else(|| Invalid::argument(&path, Sector::expected()))?;
        Sector::read(&path, name)?;
    }
    let json = serde_json::to_string(&fields).map_err(|error| Invalid::argument(field, error.to_string()))?;
    let bytes = json.len();
    if bytes > limits::METADATA_BYTES {
        return Err(Invalid::limit(
            field,
            format!("is {bytes} bytes of JSON; the limit is {}", limits::METADATA_BYTES),
        ));
    }
    Ok(Metadata(json.into()))
}

/// Builds the value of the field with this name, passes over those before it and leaves out those after it.
struct OneField<'a> {
    name: &'a str,
    found: &'a mut Option<Value>,
}

impl<'de> Visitor<'de> for OneField<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(is_wanted) = map.next_key_seed(IsName(self.name))? {
            if is_wanted {
                *self.found = Some(map.next_value()?);
                break;
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Compares a key without keeping it.
struct IsName<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
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

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The order of fields does not matter.
impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.fields() == other.fields()
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
        old.merged("metadata", &object(new)).map(|merged| merged.fields().into())
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
    fn only_the_json_of_an_object_is_metadata() {
        for text in ["[]", "null", "{", "{} {}", "{\"a\":}"] {
            assert!(Metadata::from_json(text).is_err(), "{text}");
        }
    }

    #[test]
    fn equal_fields_are_equal_in_any_order() {
        let [one, other, third] =
            [r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, r#"{"a":1,"b":3}"#].map(|text| Metadata::from_json(text).unwrap());
        assert_eq!(one, other);
        assert_ne!(one, third);
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
