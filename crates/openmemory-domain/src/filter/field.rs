//! Which fields can a filter use, with which operators and values?

use serde_json::Value;

use super::normal_form::{canonical, canonical_json};
use super::operator::Operator;
use crate::{Invalid, MemoryId, PartialDate, Retired, Sector, Timestamp, limits};

/// A field that a filter can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    UserId,
    AgentId,
    AppId,
    RunId,
    Tags,
    Sectors,
    PrimarySector,
    CreatedAt,
    UpdatedAt,
    Version,
    Immutable,
    ExpiresAt,
    /// Compared by its first moment.
    ValidFrom,
    /// Compared by the first moment after it.
    ValidTo,
    Retired,
    MemoryIds,
    /// The content, for text searches.
    Keywords,
    /// A dot descends into an object; if that finds nothing, it is part of a key.
    Metadata(String),
}

pub(super) const KNOWN: &str = "user_id, agent_id, app_id, run_id, tags, sectors, primary_sector, created_at, \
     updated_at, version, immutable, expires_at, valid_from, valid_to, retired, memory_ids, keywords, metadata.<path>, AND, OR, NOT";

impl Field {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            // Mem0's TypeScript client sends the scope in camel case.
            "user_id" | "userId" => Self::UserId,
            "agent_id" | "agentId" => Self::AgentId,
            "app_id" | "appId" => Self::AppId,
            "run_id" | "runId" => Self::RunId,
            "tags" => Self::Tags,
            "sectors" => Self::Sectors,
            "primary_sector" => Self::PrimarySector,
            "created_at" => Self::CreatedAt,
            "updated_at" => Self::UpdatedAt,
            "version" => Self::Version,
            "immutable" => Self::Immutable,
            "expires_at" => Self::ExpiresAt,
            "valid_from" => Self::ValidFrom,
            "valid_to" => Self::ValidTo,
            "retired" => Self::Retired,
            "memory_ids" => Self::MemoryIds,
            "keywords" => Self::Keywords,
            _ => Self::Metadata(name.strip_prefix("metadata.").filter(|path| !path.is_empty())?.to_owned()),
        })
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::Tags | Self::Sectors)
    }

    pub(super) fn takes(&self, operator: Operator) -> bool {
        use Operator::{Contains, Eq, Exists, Icontains, In, Ne, Nin, StartsWith};
        match self {
            Self::Metadata(_) | Self::UserId | Self::AgentId | Self::AppId | Self::RunId => true,
            Self::Tags => !operator.compares(),
            Self::Sectors => matches!(operator, Eq | Ne | In | Nin | Contains | Exists),
            Self::PrimarySector | Self::Immutable | Self::Retired | Self::MemoryIds => {
                matches!(operator, Eq | Ne | In | Nin | Exists)
            }
            Self::CreatedAt | Self::UpdatedAt | Self::Version | Self::ExpiresAt | Self::ValidFrom | Self::ValidTo => {
                !matches!(operator, Contains | Icontains | StartsWith)
            }
            Self::Keywords => matches!(operator, Contains | Icontains),
        }
    }

    /// One value to compare with, normalised for the field.
    pub(super) fn operand(&self, value: &Value, path: &str) -> Result<Value, Invalid> {
        if let Value::Number(number) = value
            && number.as_f64().is_none_or(|n| n.abs() > limits::EXACT_INTEGER as f64 && !number.is_f64())
        {
            return Err(Invalid::argument(path, "is an integer beyond ±2^53"));
        }
        match (self, value) {
            (Self::Metadata(_), _) => Ok(canonical_json(value.clone())),
            (_, Value::Null) if !matches!(self, Self::Keywords) => Ok(Value::Null),
            (Self::CreatedAt | Self::UpdatedAt | Self::ExpiresAt, _) => time(value, path),
            (Self::ValidFrom, _) => date(value, path, PartialDate::start),
            (Self::ValidTo, _) => date(value, path, PartialDate::end),
            (Self::Retired, Value::String(name)) => Ok(Retired::read(path, name)?.name().into()),
            (Self::Version, Value::Number(_)) | (Self::Immutable, Value::Bool(_)) => Ok(value.clone()),
            (Self::Version, _) => Err(Invalid::argument(path, "needs a number")),
            (Self::Immutable, _) => Err(Invalid::argument(path, "needs true or false")),
            (Self::Sectors | Self::PrimarySector, Value::String(name)) => Ok(Sector::read(path, name)?.name().into()),
            (Self::MemoryIds, Value::String(id)) if id.is_empty() => Err(Invalid::argument(path, "an id is not empty")),
            (Self::MemoryIds, Value::String(id)) => Ok(MemoryId::read(path, id)?.as_str().into()),
            (Self::Tags, Value::String(tag)) => Ok(canonical(tag).into()),
            (_, Value::String(_)) => Ok(value.clone()),
            (_, Value::Array(_)) => Err(Invalid::argument(path, "needs one string; use in for a list")),
            _ => Err(Invalid::argument(path, "needs a string")),
        }
    }
}

fn time(value: &Value, path: &str) -> Result<Value, Invalid> {
    match value {
        Value::String(text) => Ok(Timestamp::read(path, text)?.millis().into()),
        _ => Err(Invalid::argument(path, "needs an ISO 8601 time, such as 2025-01-20T14:35:00Z, or a date")),
    }
}

fn date(value: &Value, path: &str, moment: fn(PartialDate) -> Timestamp) -> Result<Value, Invalid> {
    match value {
        Value::String(text) => Ok(moment(PartialDate::read(path, text)?).millis().into()),
        _ => Err(Invalid::argument(path, "needs a date such as 2024, 2024-05 or 2024-05-17, or an ISO 8601 time")),
    }
}
