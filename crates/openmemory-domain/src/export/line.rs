//! How is a line parsed? Versions and links are parsed one at a time, so that a line with millions of values is
//! rejected at the first bad one instead of after it is in memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::memory::{ExportedLink, ExportedVersion};
use super::read::within;
use crate::Invalid;
use crate::json::{Bounded, Budget, without_bom};

/// Memory limit for parsing one version or link, and for all other fields of a line together.
const VALUES: usize = 16 << 20;

#[derive(Debug, Default)]
pub(super) struct LineFields {
    /// All fields except the lists.
    pub(super) fields: Value,
    pub(super) links: Vec<ExportedLink>,
    pub(super) versions: Vec<ExportedVersion>,
}

impl LineFields {
    pub(super) fn read(line: &[u8]) -> Result<Self, Invalid> {
        let mut deserializer = serde_json::Deserializer::from_slice(without_bom(line));
        let mut refusal = None;
        let read = LineReader { refusal: &mut refusal }.deserialize(&mut deserializer);
        read.and_then(|fields| deserializer.end().map(|()| fields)).map_err(|error| match error.classify() {
            Category::Data => refusal.unwrap_or_else(|| Invalid::argument("", "must be a JSON object")),
            Category::Syntax | Category::Eof | Category::Io => {
                Invalid::argument("", format!("is not valid JSON: {error}"))
            }
        })
    }
}

struct LineReader<'r> {
    /// The error to report if parsing stops here although the JSON is valid.
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
                    let read = ListReader { name: "versions", read: ExportedVersion::read, refusal };
                    match map.next_value_seed(read)? {
                        List::Entries(versions) => line.versions = versions,
                        List::Count(count) => drop(fields.insert(name, count)),
                    }
                }
                "waypoints" => {
                    let read = ListReader { name: "waypoints", read: ExportedLink::read, refusal };
                    match map.next_value_seed(read)? {
                        List::Entries(links) => line.links = links,
                        List::Count(count) => drop(fields.insert(name, count)),
                    }
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

/// The value of a list field. In the trailer it is a count.
enum List<T> {
    Entries(Vec<T>),
    Count(Value),
}

/// Parses a list. `read` turns a value and the entry before it into an entry.
struct ListReader<'r, T> {
    name: &'static str,
    read: fn(Value, Option<&T>) -> Result<T, Invalid>,
    refusal: &'r mut Option<Invalid>,
}

impl<'de, T> DeserializeSeed<'de> for ListReader<'_, T> {
    type Value = List<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<List<T>, D::Error> {
        *self.refusal = Some(Invalid::argument(self.name, "must be an array"));
        deserializer.deserialize_any(self)
    }
}

impl<'de, T> Visitor<'de> for ListReader<'_, T> {
    type Value = List<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an array in {}", self.name)
    }

    fn visit_u64<E>(self, count: u64) -> Result<List<T>, E> {
        *self.refusal = None;
        Ok(List::Count(count.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
        let mut entries: Vec<T> = Vec::new();
        loop {
            let path = format!("{}[{}]", self.name, entries.len());
            *self.refusal = Some(Invalid::limit(&path, "holds too many values"));
            let Some(value) = items.next_element_seed(Bounded(&mut Budget::new(VALUES)))? else { break };
            match (self.read)(value, entries.last()) {
                Ok(entry) => entries.push(entry),
                Err(invalid) => {
                    *self.refusal = Some(within(&path, invalid));
                    return Err(A::Error::custom("refused"));
                }
            }
        }
        *self.refusal = None;
        Ok(List::Entries(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;
    use crate::InvalidKind;

    const VERSION: &str = r#"{"version":1,"event":"ADD","updated_at":"2024-01-01","content":"x","tags":["a"],"metadata":{"b":[1,null,"c"]}}"#;

    fn line(fields: &str) -> Result<Line, Invalid> {
        Line::read(format!(r#"{{"id":"a","created_at":"2024-01-01",{fields}}}"#).as_bytes())
    }

    #[test]
    fn tags_and_metadata_kept_as_text_are_read_back_unchanged() {
        let Ok(Line::Memory(memory)) = line(&format!(r#""versions":[{VERSION}]"#)) else { panic!("no memory") };
        let sectors = crate::Sectors::new(crate::Sector::Semantic, []);
        let version = memory.version(&memory.versions[0], &sectors).unwrap();
        assert_eq!(version.tags.as_slice(), ["a"]);
        assert_eq!(version.metadata.as_json().get(), r#"{"b":[1,null,"c"]}"#);
    }

    #[test]
    fn the_trailer_has_a_count_under_versions() {
        let read = Line::read(br#"{"end":true,"memories":1,"versions":3,"tombstones":0}"#);
        assert!(matches!(read, Ok(Line::End(trailer)) if trailer.versions == Some(3)));
    }

    #[test]
    fn an_error_names_the_path_in_the_line() {
        let many = format!("[{}0]", "0,".repeat(1 << 20));
        for (fields, field, kind) in [
            (r#""versions":7"#.to_owned(), "versions", InvalidKind::Argument),
            (r#""versions":"x""#.to_owned(), "versions", InvalidKind::Argument),
            (r#""versions":null"#.to_owned(), "versions", InvalidKind::Argument),
            (r#""versions":[0]"#.to_owned(), "versions[0]", InvalidKind::Argument),
            (format!(r#""versions":[{VERSION},{VERSION}]"#), "versions[1].version", InvalidKind::Argument),
            (format!(r#""versions":[{{"metadata":{many}}}]"#), "versions[0]", InvalidKind::Limit),
            (format!(r#""waypoints":[{many}]"#), "waypoints[0]", InvalidKind::Limit),
            (format!(r#""feedback":{many}"#), "feedback", InvalidKind::Limit),
            (format!(r#""versions":[{VERSION}]],"#), "", InvalidKind::Argument),
            (format!(r#""versions":[{VERSION}],"colour":1"#), "colour", InvalidKind::Argument),
        ] {
            let refused = line(&fields).unwrap_err();
            assert_eq!((refused.field.as_str(), refused.kind), (field, kind), "{refused}");
        }
        assert_eq!(Line::read(b"[]").unwrap_err().field, "");
    }
}
