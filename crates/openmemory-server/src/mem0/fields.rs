//! How is a request body read? Known fields are checked, and null counts as absent. Fields that only concern the hosted
//! service are ignored. Any other field is rejected by name.

use openmemory_domain::{Invalid, MemoryId, Timestamp};
use serde_json::{Map, Value, json};

use crate::http::ApiError;

/// The fields of a scope. Some clients call a run a session.
pub const ENTITIES: [&str; 4] = ["user_id", "agent_id", "app_id", "run_id"];

/// Fields of the hosted service that do not affect what is stored or found here: its projects, its models and its response
/// formats.
pub const HOSTED: [&str; 15] = [
    "org_id",
    "project_id",
    "source",
    "version",
    "api_version",
    "output_format",
    "async_mode",
    "rerank",
    "keyword_search",
    "filter_memories",
    "prompt_profile_id",
    "temporal_reasoning",
    "timezone",
    "observation_date",
    "observation_datetime",
];

pub struct Fields(Map<String, Value>);

impl Fields {
    pub fn read(body: Value) -> Result<Self, ApiError> {
        match body {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(ApiError::invalid("body", "must be an object")),
        }
    }

    /// Rejects remaining fields, since a misspelt one would otherwise be ignored silently.
    pub fn done(self) -> Result<(), ApiError> {
        match self.0.keys().find(|name| !HOSTED.contains(&name.as_str())) {
            Some(name) => Err(ApiError::invalid(name, "is not a field here")),
            None => Ok(()),
        }
    }

    /// Takes a field, including null.
    pub fn raw(&mut self, name: &str) -> Option<Value> {
        self.0.swap_remove(name)
    }

    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.raw(name).filter(|value| !value.is_null())
    }

    pub fn string(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::invalid(name, "must be a string")),
        }
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(ApiError::invalid(name, "must be true or false")),
        }
    }

    pub fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(ApiError::invalid(name, "must be an object")),
        }
    }

    pub fn array(&mut self, name: &str) -> Result<Option<Vec<Value>>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(ApiError::invalid(name, "must be an array")),
        }
    }

    pub fn whole(&mut self, name: &str, min: u64, max: u64) -> Result<Option<u64>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let whole = value.as_u64().filter(|n| (min..=max).contains(n));
        whole.map(Some).ok_or_else(|| ApiError::invalid(name, &format!("must be a whole number from {min} to {max}")))
    }

    /// The users, agents, apps and runs named at the top level of a search or list.
    ///
    /// # Errors
    /// If one is null, which probably comes from a bug in the caller and must not select the memories of all users.
    pub fn entities(&mut self) -> Result<Vec<(&'static str, Value)>, ApiError> {
        let mut entities = Vec::new();
        for name in ENTITIES {
            match self.raw(name) {
                None => {}
                Some(Value::Null) => return Err(ApiError::invalid(name, "must be a string; or omit it")),
                Some(value) => entities.push((name, value)),
            }
        }
        Ok(entities)
    }

    /// Takes a time: seconds since 1970, or ISO 8601.
    pub fn timestamp(&mut self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        self.take(name).map(|value| timestamp(name, &value)).transpose()
    }
}

/// Reads a time: seconds since 1970, or ISO 8601.
pub fn timestamp(name: &str, value: &Value) -> Result<Timestamp, ApiError> {
    if let Value::String(text) = value {
        return Ok(Timestamp::read(name, text)?);
    }
    let seconds = value.as_f64().filter(|seconds| seconds.abs() < 3e11);
    let millis = seconds.map(|seconds| (seconds * 1000.0).round() as i64);
    let why = "must be seconds since 1970, or an ISO 8601 time with offset";
    millis.map(Timestamp::from_millis).ok_or_else(|| ApiError::invalid(name, why))
}

/// The end of a day, when a memory with this expiration date expires.
pub fn end_of_day(name: &str, value: &Value) -> Result<Timestamp, ApiError> {
    let date = value.as_str().filter(|text| text.len() == 10).and_then(Timestamp::parse);
    let start = date.ok_or_else(|| ApiError::invalid(name, "must be a date (YYYY-MM-DD)"))?;
    Ok(Timestamp::from_millis(start.millis() + DAY))
}

/// The day at whose end a memory expires.
pub fn expiration_date(expires_at: Timestamp) -> String {
    let mut text = Timestamp::from_millis(expires_at.millis() - 1).to_string();
    text.truncate(10);
    text
}

const DAY: i64 = 86_400_000;

/// Reads a required memory id.
pub fn memory_id(name: &str, value: Option<Value>) -> Result<MemoryId, ApiError> {
    match value {
        None => Err(Invalid::missing_id(name).into()),
        Some(Value::String(text)) => Ok(MemoryId::read(name, &text)?),
        Some(_) => Err(ApiError::invalid(name, "must be a string")),
    }
}

/// A filter for exactly this value, even if it is `*`.
pub fn exactly(field: &str, value: Value) -> Value {
    json!({ field: { "in": [value] } })
}
