//! Which learnings, messages and sources does a caller ask for, and what is decided about what waits?

use std::collections::BTreeMap;

use serde_json::Value;

use super::properties::{ACTOR, AGENT_ID, APP_ID, ID, REASON, RUN_ID, USER_ID, any_text, page_limit, version};
use super::{Fields, Kind, Property};
use crate::learning::{LearningId, Status};
use crate::{Invalid, MemoryId, Scope, limits};

const LEARNING_ID: Property = any_text("id").about("`lrn_…`").required();

fn learning_id(fields: &mut Fields) -> Result<LearningId, Invalid> {
    let id = fields.string("id")?.ok_or_else(|| Invalid::missing_id("id"))?;
    LearningId::read("id", &id)
}

/// `{id, actor?, reason?}`
#[derive(Debug, Clone, PartialEq)]
pub struct LearningById {
    pub id: LearningId,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

impl LearningById {
    pub const PROPERTIES: &[Property] = &[LEARNING_ID, ACTOR, REASON];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        Ok(Self { id: learning_id(&mut fields)?, actor: fields.note("actor")?, reason: fields.note("reason")? })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Apply,
    Discard,
}

impl Decision {
    const NAMES: [&str; 2] = ["apply", "discard"];

    fn read(field: &str, name: &str) -> Result<Self, Invalid> {
        match name {
            "apply" => Ok(Self::Apply),
            "discard" => Ok(Self::Discard),
            _ => Err(Invalid::argument(field, "must be apply or discard")),
        }
    }
}

/// About all that waits, or by its place among the operations.
#[derive(Debug, Clone, PartialEq)]
pub enum Decisions {
    All(Decision),
    Each(BTreeMap<usize, Decision>),
}

/// `{id, all | decisions, actor?, reason?}`
#[derive(Debug, Clone, PartialEq)]
pub struct Decide {
    pub id: LearningId,
    pub decisions: Decisions,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

impl Decide {
    pub const PROPERTIES: &[Property] = &[
        LEARNING_ID,
        Property::new("all", Kind::OneOf(&Decision::NAMES)).about("About everything that waits; or `decisions`"),
        Property::new("decisions", Kind::Object)
            .about("`apply` or `discard` by the place among the operations, from 0"),
        ACTOR,
        REASON,
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        let id = learning_id(&mut fields)?;
        let decisions = match (fields.string("all")?, fields.object("decisions")?) {
            (Some(name), None) => Decisions::All(Decision::read("all", &name)?),
            (None, Some(each)) => {
                let one = |(place, decision): (String, Value)| {
                    let field = format!("decisions.{place}");
                    let place = place.parse().map_err(|_| Invalid::argument(&field, "must be a place from 0"))?;
                    let name = decision.as_str().unwrap_or_default();
                    Ok::<_, Invalid>((place, Decision::read(&field, name)?))
                };
                Decisions::Each(each.into_iter().map(one).collect::<Result<_, _>>()?)
            }
            _ => return Err(Invalid::argument("decisions", "is required: give all or decisions")),
        };
        Ok(Self { id, decisions, actor: fields.note("actor")?, reason: fields.note("reason")? })
    }
}

/// `{user_id?, …, status?, limit?, cursor?}`: newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ListLearnings {
    pub scope: Scope,
    pub status: Option<Status>,
    pub limit: usize,
    /// The last one of the page before.
    pub cursor: Option<LearningId>,
}

impl ListLearnings {
    pub const PROPERTIES: &[Property] = &[
        USER_ID,
        AGENT_ID,
        APP_ID,
        RUN_ID,
        Property::new("status", Kind::OneOf(&Status::NAMES)),
        page_limit("100"),
        any_text("cursor").about("`next_cursor` of the page before"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?.without_nulls();
        let status = |name: String| {
            let known = Some(name).filter(|name| Status::NAMES.contains(&name.as_str()));
            let status = known.and_then(|name| serde_json::from_value(Value::String(name)).ok());
            status.ok_or_else(|| Invalid::argument("status", format!("must be one of {}", Status::NAMES.join(", "))))
        };
        Ok(Self {
            scope: fields.scope()?,
            status: fields.string("status")?.map(status).transpose()?,
            limit: fields.whole("limit", 1, limits::PAGE as u64)?.unwrap_or(100) as usize,
            cursor: fields.string("cursor")?.map(|text| LearningId::read("cursor", &text)).transpose()?,
        })
    }
}

/// `{user_id?, …, limit?, cursor?}`: in the order in which they were kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ListMessages {
    pub scope: Scope,
    pub limit: usize,
    pub cursor: Option<String>,
}

impl ListMessages {
    pub const PROPERTIES: &[Property] = &[
        USER_ID,
        AGENT_ID,
        APP_ID,
        RUN_ID,
        page_limit("100"),
        any_text("cursor").about("`next_cursor` of the page before"),
    ];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?.without_nulls();
        Ok(Self {
            scope: fields.scope()?,
            limit: fields.whole("limit", 1, limits::PAGE as u64)?.unwrap_or(100) as usize,
            cursor: fields.string("cursor")?,
        })
    }
}

/// `{id, version?}`: the sources of a memory, of one version or of all.
#[derive(Debug, Clone, PartialEq)]
pub struct Sources {
    pub id: MemoryId,
    pub version: Option<u64>,
}

impl Sources {
    pub const PROPERTIES: &[Property] = &[ID, version("version").about("Only of this version")];

    pub fn read(value: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Self::PROPERTIES)?;
        Ok(Self { id: fields.id("id")?, version: fields.version("version")? })
    }
}
