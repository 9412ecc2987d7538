//! What stands in a line? Its versions and links are read one by one, each into what it may be: a line of many million
//! other values is refused with the first of them, and not when all are in memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::memory::{ExportedLink, ExportedVersion};
use super::read::below;
use crate::domain::Invalid;
use crate::domain::json::{Bounded, Budget};

/// Bytes in memory of a version or a link while it is read, and of the other fields of a line together.
const VALUES: usize = 16 << 20;

#[derive(Debug, Default)]
pub(super) struct LineFields {
    /// An object of all fields but the lists.
    pub(super) fields: Value,
    pub(super) links: Vec<ExportedLink>,
    pub(super) versions: Vec<ExportedVersion>,
}

impl LineFields {
    pub(super) fn read(line: &[u8]) -> Result<Self, Invalid> {
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        let mut refusal = None;
        let read = LineReader { refusal: &mut refusal }.deserialize(&mut deserializer);
        read.and_then(|fields| deserializer.end().map(|()| fields)).map_err(|error| match error.classify() {
            Category::Data => refusal.unwrap_or_else(|| Invalid::argument("", "must be a JSON object")),
            Category::Syntax | Category::Eof | Category::Io => Invalid::argument("", format!("is no JSON: {error}")),
        })
    }
}

struct LineReader<'r> {
    /// Why reading fails if it does so now, where the text itself is JSON.
    refusal: &'r mut Option<Invalid>,
}

impl<'de> DeserializeSeed<'de> for LineReader<'_> {
    type Value = LineFields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<LineFields, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LineReader<'_> {
    type Value = LineFields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LineFields, A::Error> {
        let mut line = LineFields::default();
        let (mut fields, mut budget) = (Map::new(), Budget::new(VALUES));
        while let Some(name) = map.next_key::<String>()? {
            let refusal = &mut *self.refusal;
            match name.as_str() {
                "versions" => {
                    line.versions =
                        map.next_value_seed(ListReader { name: "versions", read: ExportedVersion::read, refusal })?;
                }
                "waypoints" => {
                    line.links = map.next_value_seed(ListReader {
                        name: "waypoints",
                        read: |value, _| ExportedLink::read(value),
                        refusal,
                    })?;
                }
                _ => {
                    *refusal = Some(Invalid::limit(name.as_str(), "holds too many values"));
                    let value = map.next_value_seed(Bounded(&mut budget))?;
                    *refusal = None;
                    fields.insert(name, value);
                }
            }
        }
        line.fields = fields.into();
        Ok(line)
    }
}

/// Reads a list whose entries `read` makes of their value and of the entry before it.
struct ListReader<'r, T> {
    name: &'static str,
    read: fn(Value, Option<&T>) -> Result<T, Invalid>,
    refusal: &'r mut Option<Invalid>,
}

impl<'de, T> DeserializeSeed<'de> for ListReader<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        *self.refusal = Some(Invalid::argument(self.name, "must be an array"));
        deserializer.deserialize_any(self)
    }
}

impl<'de, T> Visitor<'de> for ListReader<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an array in {}", self.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut entries: Vec<T> = Vec::new();
        loop {
            let place = format!("{}[{}]", self.name, entries.len());
            *self.refusal = Some(Invalid::limit(&place, "holds too many values"));
            let Some(value) = items.next_element_seed(Bounded(&mut Budget::new(VALUES)))? else { break };
            match (self.read)(value, entries.last()) {
                Ok(entry) => entries.push(entry),
                Err(invalid) => {
                    *self.refusal = Some(below(&place, invalid));
                    return Err(A::Error::custom("refused"));
                }
            }
        }
        *self.refusal = None;
        Ok(entries)
    }
}
