//! Which requests concern one memory?

use serde_json::Value;

use super::properties::{ACTOR, AS_OF, AT, ID, IF_VERSION, REASON, page_limit, version};
use super::{Fields, Kind, Property, update};
use crate::valid_time::PointInTime;
use crate::{Event, Feedback, Invalid, MemoryId, Provenance, limits};

/// `{id}`
#[derive(Debug, Clone, PartialEq)]
pub struct ById {
    pub id: MemoryId,
}

impl ById {
    pub const PROPERTIES: &[Property] = &[ID];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        Ok(Self { id: Fields::of(value, Self::PROPERTIES)?.id("id")? })
    }
}

/// `{id, ifVersion?, actor?, reason?}`
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    pub id: MemoryId,
    /// Rejects the deletion unless this is the current version.
    pub if_version: Option<u64>,
    /// The author and reason, which the tombstone keeps.
    pub actor: Option<String>,
    pub reason: Option<String>,
}

impl Delete {
    pub const PROPERTIES: &[Property] = &[
        ID,
        IF_VERSION,
        ACTOR.about("Stored with the id of the deleted memory"),
        REASON.about("Stored with the id of the deleted memory"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        Ok(Self {
            id: fields.id("id")?,
            if_version: fields.version("ifVersion")?,
            actor: fields.note("actor")?,
            reason: fields.note("reason")?,
        })
    }
}

impl From<MemoryId> for Delete {
    fn from(id: MemoryId) -> Self {
        Self { id, if_version: None, actor: None, reason: None }
    }
}

/// `{id, version?, at?, asOf?}`: the newest version, a version by number, or the one at a point in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Get {
    pub id: MemoryId,
    pub version: Option<u64>,
    pub point: PointInTime,
}

impl Get {
    pub const PROPERTIES: &[Property] = &[ID, version("version").about("As it was in this version"), AT, AS_OF];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let (id, version) = (fields.id("id")?, fields.version("version")?);
        let point = fields.point_in_time()?;
        if version.is_some() && !point.is_now() {
            let field = if point.at.is_some() { "at" } else { "asOf" };
            return Err(Invalid::argument(field, "cannot be used together with version"));
        }
        Ok(Self { id, version, point })
    }
}

/// `{id, limit?, before?}`: versions below `before`, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub id: MemoryId,
    pub limit: usize,
    pub before: Option<u64>,
}

impl History {
    pub const PROPERTIES: &[Property] =
        &[ID, page_limit("100"), version("before").about("Only versions below this one")];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        Ok(Self {
            id: fields.id("id")?,
            limit: fields.whole("limit", 1, limits::PAGE as u64)?.unwrap_or(100) as usize,
            before: fields.version("before")?,
        })
    }
}

/// `{id, version, ifVersion?, actor?, reason?}`
#[derive(Debug, Clone, PartialEq)]
pub struct Restore {
    pub id: MemoryId,
    pub version: u64,
    pub if_version: Option<u64>,
    pub provenance: Provenance,
}

impl Restore {
    pub const PROPERTIES: &[Property] =
        &[ID, version("version").about("The one to restore").required(), IF_VERSION, ACTOR, REASON];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let id = fields.id("id")?;
        let version = fields
            .version("version")?
            .ok_or_else(|| Invalid::argument("version", "is required: the version to restore"))?;
        let provenance = Provenance { event: Event::Restore { from: version }, ..update::provenance(&mut fields)? };
        Ok(Self { id, version, if_version: fields.version("ifVersion")?, provenance })
    }
}

/// `{id, boost?}`
#[derive(Debug, Clone, PartialEq)]
pub struct Reinforce {
    pub id: MemoryId,
    /// Above 0, at most 1.
    pub boost: f64,
}

impl Reinforce {
    pub const PROPERTIES: &[Property] = &[
        ID,
        Property::new("boost", Kind::Number { least: 0.0, open: true, most: Some(1.0) })
            .about("Above 0, at most 1")
            .default("0.1"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let id = fields.id("id")?;
        let boost = fields.number("boost")?.unwrap_or(0.1);
        if boost > 0.0 && boost <= 1.0 {
            Ok(Self { id, boost })
        } else {
            Err(Invalid::argument("boost", "must be above 0 and at most 1"))
        }
    }
}

/// `{id, feedback, reason?}`; null withdraws the feedback.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedbackRequest {
    pub id: MemoryId,
    pub feedback: Option<Feedback>,
    pub reason: Option<String>,
}

impl FeedbackRequest {
    pub const PROPERTIES: &[Property] = &[
        ID,
        Property::new("feedback", Kind::OneOf(&Feedback::NAMES)).about("Null takes it back").required().or_null(),
        REASON.about("Stored with the feedback"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let id = fields.id("id")?;
        let feedback = match fields.take("feedback") {
            Some(Value::Null) => None,
            Some(Value::String(name)) => Some(Feedback::read("feedback", &name)?),
            _ => return Err(Invalid::argument("feedback", "must be POSITIVE, NEGATIVE, VERY_NEGATIVE or null")),
        };
        Ok(Self { id, feedback, reason: fields.note("reason")? })
    }
}
