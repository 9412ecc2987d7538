//! What is in the line of a memory? Its scope, versions, links and salience, each value checked.

use std::sync::Arc;

use serde_json::Value;

use super::read::required;
use crate::request::Fields;
use crate::{
    Content, Dynamics, Event, Feedback, Invalid, MemoryId, Metadata, Provenance, Retired, Scope, Sector, Sectors, Tags,
    Timestamp, Validity, Version, limits,
};

#[derive(Debug, Clone, PartialEq)]
pub struct ExportedMemory {
    pub id: MemoryId,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub immutable: bool,
    /// The value, 0 to 1, and its time.
    pub salience: Option<(f64, Timestamp)>,
    pub feedback: Option<Feedback>,
    pub feedback_reason: Option<String>,
    pub links: Vec<ExportedLink>,
    /// Newest first, without gaps down to version 1.
    pub versions: Vec<ExportedVersion>,
}

/// Compact, because a history may have many thousands of versions.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedVersion {
    pub number: u64,
    pub content: Arc<Content>,
    /// JSON text.
    tags: Box<str>,
    metadata: Metadata,
    pub updated_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub validity: Validity,
    /// `None`: let the model classify the text.
    pub classified: Option<Sectors>,
    pub provenance: Provenance,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ExportedLink {
    pub id: MemoryId,
    pub weight: f32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

const FIELDS: [&str; 13] = [
    "id",
    "user_id",
    "agent_id",
    "app_id",
    "run_id",
    "created_at",
    "immutable",
    "salience",
    "salience_at",
    "feedback",
    "feedback_reason",
    "waypoints",
    "versions",
];

const VERSION_FIELDS: [&str; 15] = [
    "version",
    "event",
    "restored_from",
    "actor",
    "reason",
    "updated_at",
    "expires_at",
    "valid_from",
    "valid_to",
    "retired",
    "correction",
    "classified",
    "tags",
    "metadata",
    "content",
];

impl ExportedMemory {
    /// `fields` has all fields of the line except its lists.
    pub(super) fn read(
        fields: Value,
        links: Vec<ExportedLink>,
        versions: Vec<ExportedVersion>,
    ) -> Result<Self, Invalid> {
        let mut fields = Fields::read(fields, &FIELDS)?;
        let id = fields.id("id")?;
        let scope = fields.scope()?;
        let created_at = required("created_at", fields.time("created_at")?)?;
        let immutable = fields.boolean("immutable")?.unwrap_or(false);
        let salience = read_salience(&mut fields)?;
        let feedback = fields.string("feedback")?.map(|name| Feedback::read("feedback", &name)).transpose()?;
        let feedback_reason = fields.note("feedback_reason")?.filter(|_| feedback.is_some());
        match versions.last() {
            None => return Err(Invalid::argument("versions", "must hold at least one version")),
            Some(first) if first.number != 1 => {
                return Err(Invalid::argument("versions", "must go down to version 1"));
            }
            Some(first) if first.updated_at < created_at => {
                return Err(Invalid::argument("versions", "must not begin before created_at"));
            }
            Some(_) => {}
        }
        Ok(Self { id, scope, created_at, immutable, salience, feedback, feedback_reason, links, versions })
    }

    /// The newest version's text.
    pub fn content(&self) -> Option<&Content> {
        self.versions.first().map(|newest| &*newest.content)
    }

    /// The versions, oldest first. `classified` applies to versions that do not name sectors.
    pub fn oldest_first<'a>(&'a self, classified: &'a Sectors) -> impl Iterator<Item = Result<Version, Invalid>> + 'a {
        self.versions.iter().rev().map(|version| self.version(version, classified))
    }

    pub fn version(&self, version: &ExportedVersion, classified: &Sectors) -> Result<Version, Invalid> {
        Ok(Version {
            id: self.id.clone(),
            number: version.number,
            content: version.content.hash(),
            tags: serde_json::from_str(&version.tags).map_err(|error| unreadable("tags", &error))?,
            metadata: version.metadata.clone(),
            scope: self.scope.clone(),
            created_at: self.created_at,
            updated_at: version.updated_at,
            expires_at: version.expires_at,
            immutable: self.immutable,
            classified: version.classified.as_ref().unwrap_or(classified).clone(),
            provenance: version.provenance.clone(),
            validity: version.validity,
        })
    }

    /// Salience and feedback, decaying at the rate of the newest version's `sectors`.
    pub fn dynamics(&self, sectors: &Sectors) -> Dynamics {
        let dynamics = match self.salience {
            Some((salience, at)) => Dynamics::of(salience, at, sectors),
            None => Dynamics::new(sectors, self.created_at),
        };
        dynamics.judged(self.feedback, self.feedback_reason.clone())
    }
}

impl ExportedVersion {
    /// Reads a version, which follows `newer` unless it is the first.
    pub(super) fn read(value: Value, newer: Option<&Self>) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &VERSION_FIELDS)?;
        let number = required("version", fields.version("version")?)?;
        if newer.is_some_and(|newer| newer.number != number + 1) {
            return Err(Invalid::argument("version", "must be one less than that of the previous entry"));
        }
        let updated_at = required("updated_at", fields.time("updated_at")?)?;
        if newer.is_some_and(|newer| newer.updated_at < updated_at) {
            return Err(Invalid::argument("updated_at", "must not be later than that of the next newer version"));
        }
        let content = match (fields.string("content")?, newer) {
            (Some(text), Some(newer)) if newer.content.as_str() == text => Arc::clone(&newer.content),
            (Some(text), _) => Arc::new(Content::recorded("content", text)?),
            (None, Some(newer)) => Arc::clone(&newer.content),
            (None, None) => return Err(Invalid::argument("content", "is missing: the newest version needs its text")),
        };
        let tags = Tags::read("tags", fields.strings("tags")?.unwrap_or_default())?;
        Ok(Self {
            number,
            content,
            tags: serde_json::to_string(&tags).map_err(|error| unreadable("tags", &error))?.into(),
            metadata: Metadata::read("metadata", fields.object("metadata")?.unwrap_or_default())?,
            updated_at,
            expires_at: fields.time("expires_at")?,
            validity: read_validity(&mut fields)?,
            classified: fields.strings("classified")?.map(read_sectors).transpose()?,
            provenance: Provenance {
                event: read_event(&mut fields, number)?,
                actor: fields.note("actor")?,
                reason: fields.note("reason")?,
            },
        })
    }
}

impl ExportedLink {
    pub(super) fn read(value: Value, _previous: Option<&Self>) -> Result<Self, Invalid> {
        let mut fields = Fields::read(value, &["id", "weight", "created_at", "updated_at"])?;
        let id = fields.id("id")?;
        // Parsed directly as 32 bits: by way of 64 it could be rounded twice.
        let weight = match fields.take("weight") {
            Some(Value::Number(number)) => number.to_string().parse().ok(),
            _ => None,
        };
        let weight = weight.filter(|weight: &f32| (0.0..=1.0).contains(weight));
        Ok(Self {
            id,
            weight: weight.ok_or_else(|| Invalid::argument("weight", "must be a number from 0 to 1"))?,
            created_at: required("created_at", fields.time("created_at")?)?,
            updated_at: required("updated_at", fields.time("updated_at")?)?,
        })
    }
}

fn unreadable(field: &str, error: &serde_json::Error) -> Invalid {
    Invalid::argument(field, format!("is not valid JSON: {error}"))
}

fn read_salience(fields: &mut Fields) -> Result<Option<(f64, Timestamp)>, Invalid> {
    match (fields.number("salience")?, fields.time("salience_at")?) {
        (None, None) => Ok(None),
        (Some(salience), Some(at)) if (0.0..=1.0).contains(&salience) => Ok(Some((salience, at))),
        (Some(_), Some(_)) => Err(Invalid::argument("salience", "must be from 0 to 1")),
        (Some(_), None) => Err(Invalid::argument("salience_at", "is missing, but salience is given")),
        (None, Some(_)) => Err(Invalid::argument("salience", "is missing, but salience_at is given")),
    }
}

fn read_sectors(names: Vec<String>) -> Result<Sectors, Invalid> {
    let read = |(i, name): (usize, &String)| Sector::read(&format!("classified[{i}]"), name);
    let sectors: Vec<Sector> = names.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Sectors::try_from(sectors).map_err(|problem| Invalid::argument("classified", problem))
}

fn read_validity(fields: &mut Fields) -> Result<Validity, Invalid> {
    let retired = fields.string("retired")?.map(|name| Retired::read("retired", &name)).transpose()?;
    let (from, to) = (fields.date("valid_from")?, fields.date("valid_to")?);
    Validity { from, to, retired, correction: fields.boolean("correction")?.unwrap_or(false) }.checked()
}

fn read_event(fields: &mut Fields, version: u64) -> Result<Event, Invalid> {
    let name = required("event", fields.string("event")?)?;
    let from = fields.whole("restored_from", 1, limits::EXACT_INTEGER)?;
    match (name.as_str(), from) {
        ("ADD", None) if version == 1 => Ok(Event::Add),
        ("UPDATE", None) if version > 1 => Ok(Event::Update),
        ("RETIRE", None) if version > 1 => Ok(Event::Retire),
        ("RESTORE", Some(from)) if from < version => Ok(Event::Restore { from }),
        ("RESTORE", _) => Err(Invalid::argument("restored_from", "must name an earlier version")),
        ("ADD" | "UPDATE" | "RETIRE", Some(_)) => Err(Invalid::argument("restored_from", "belongs to RESTORE only")),
        _ => Err(Invalid::argument("event", "must be ADD for version 1, and UPDATE, RESTORE or RETIRE for later ones")),
    }
}
