//! What are the lines of an export? A header, memories and tombstones, and a trailer.

use super::read;

use serde::Serialize;
use serde_json::Value;

use super::super::learning::{KeptLearning, KeptMessage, KeptSource};
use super::super::request::Fields;
use super::super::{Invalid, MemoryId, ModelIdentity, Timestamp};

use super::line::LineFields;
use super::memory::ExportedMemory;

/// The name of the format in the header.
pub const FORMAT: &str = "openmemory-export";
/// The version that is written, and the only one that is read.
pub const FORMAT_VERSION: u64 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Header {
    pub format: &'static str,
    pub format_version: u64,
    /// The model of the store's vectors. Exports contain no vectors. `None` if the store never had one.
    pub model: Option<ModelIdentity>,
}

/// A deleted memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedTombstone {
    pub id: MemoryId,
    pub deleted_at: Timestamp,
    /// Its last version.
    pub version: u64,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

/// The last line. Exports always contain the counts and the checksum; files made by hand may omit them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    pub memories: Option<u64>,
    pub versions: Option<u64>,
    pub tombstones: Option<u64>,
    /// The hexadecimal BLAKE3 hash of all bytes before this line.
    pub blake3: Option<String>,
}

/// A line after the header.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    Memory(Box<ExportedMemory>),
    Tombstone(ExportedTombstone),
    Message(Box<KeptMessage>),
    Learning(Box<KeptLearning>),
    Source(Box<KeptSource>),
    End(Trailer),
}

/// Why a header cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderProblem {
    Invalid(Invalid),
    /// An unsupported version of the format.
    Version(u64),
}

impl From<Invalid> for HeaderProblem {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl Header {
    pub fn new(model: Option<ModelIdentity>) -> Self {
        Self { format: FORMAT, format_version: FORMAT_VERSION, model }
    }

    pub fn read(line: &[u8]) -> Result<Self, HeaderProblem> {
        let value = LineFields::read(line)?.fields;
        if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(Invalid::argument("format", "is missing: this file is not an export of memories").into());
        }
        match value.get("format_version").and_then(Value::as_u64) {
            Some(FORMAT_VERSION) => {}
            Some(other) => return Err(HeaderProblem::Version(other)),
            None => return Err(Invalid::argument("format_version", "must be a whole number").into()),
        }
        let mut fields = Fields::read(value, &["format", "format_version", "model"])?;
        let model = match fields.take("model") {
            None | Some(Value::Null) => None,
            Some(model) => Some(read::model(model).map_err(|invalid| read::within("model", invalid))?),
        };
        Ok(Self::new(model))
    }
}

impl Line {
    pub fn read(line: &[u8]) -> Result<Self, Invalid> {
        let LineFields { fields, links, versions } = LineFields::read(line)?;
        if fields.get("end").is_some() {
            return Trailer::read(fields).map(Self::End);
        }
        if fields.get("deleted").is_some() {
            return ExportedTombstone::read(fields).map(Self::Tombstone);
        }
        match fields.as_object().and_then(|fields| fields.iter().next()) {
            Some((name, value)) if name == "message" => return learnt("message", value).map(Self::Message),
            Some((name, value)) if name == "learning" => return learnt("learning", value).map(Self::Learning),
            Some((name, value)) if name == "source" => return learnt("source", value).map(Self::Source),
            _ => {}
        }
        ExportedMemory::read(fields, links, versions).map(|memory| Self::Memory(Box::new(memory)))
    }
}

/// One of the records that come of learning, which are exported as they are kept.
fn learnt<T: serde::de::DeserializeOwned>(field: &str, value: &Value) -> Result<Box<T>, Invalid> {
    T::deserialize(value).map(Box::new).map_err(|error| Invalid::argument(field, format!("cannot be read: {error}")))
}

impl ExportedTombstone {
    fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &["deleted", "deleted_at", "version", "actor", "reason"])?;
        Ok(Self {
            id: fields.id("deleted")?,
            deleted_at: read::required("deleted_at", fields.time("deleted_at")?)?,
            version: read::required("version", fields.version("version")?)?,
            actor: fields.note("actor")?,
            reason: fields.note("reason")?,
        })
    }
}

impl Trailer {
    fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &["end", "memories", "versions", "tombstones", "blake3"])?;
        if fields.boolean("end")? != Some(true) {
            return Err(Invalid::argument("end", "must be true"));
        }
        let mut count = |field: &str| fields.whole(field, 0, super::super::limits::EXACT_INTEGER);
        Ok(Self {
            memories: count("memories")?,
            versions: count("versions")?,
            tombstones: count("tombstones")?,
            blake3: fields.string("blake3")?,
        })
    }
}

impl Serialize for ExportedTombstone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("deleted", self.id.as_str())?;
        map.serialize_entry("deleted_at", &self.deleted_at.to_string())?;
        map.serialize_entry("version", &self.version)?;
        if let Some(actor) = &self.actor {
            map.serialize_entry("actor", actor)?;
        }
        if let Some(reason) = &self.reason {
            map.serialize_entry("reason", reason)?;
        }
        map.end()
    }
}

impl Serialize for Trailer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("end", &true)?;
        map.serialize_entry("memories", &self.memories)?;
        map.serialize_entry("versions", &self.versions)?;
        map.serialize_entry("tombstones", &self.tombstones)?;
        map.serialize_entry("blake3", &self.blake3)?;
        map.end()
    }
}
