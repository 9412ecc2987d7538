//! How is a request object read? Field by field, with types checked and unknown fields rejected by name.

use serde_json::{Map, Value};

use super::Property;
use crate::valid_time::PointInTime;
use crate::{Content, Invalid, MemoryId, PartialDate, Scope, Shown, Timestamp};

/// Refuses the first field that the table does not list.
pub fn check_names(fields: &Map<String, Value>, properties: &[Property]) -> Result<(), Invalid> {
    check(fields, &properties.iter().map(|property| property.name).collect::<Vec<_>>())
}

fn check(fields: &Map<String, Value>, known: &[&str]) -> Result<(), Invalid> {
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => {
            Err(Invalid::argument(unknown, format!("is not a field here; known are {}", known.join(", "))))
        }
        None => Ok(()),
    }
}

/// The fields of a request that have not been taken yet.
pub struct Fields {
    fields: Map<String, Value>,
}

impl Fields {
    /// Takes an object whose fields are all in the table of its request.
    pub fn of(value: Value, properties: &[Property]) -> Result<Self, Invalid> {
        let Value::Object(fields) = value else {
            return Err(Invalid::argument("", "must be an object"));
        };
        check_names(&fields, properties)?;
        Ok(Self { fields })
    }

    /// Takes an object; all its fields must be in `known`.
    pub fn read(value: Value, known: &[&str]) -> Result<Self, Invalid> {
        let Value::Object(fields) = value else {
            return Err(Invalid::argument("", "must be an object"));
        };
        check(&fields, known)?;
        Ok(Self { fields })
    }

    /// Drops null fields, for requests in which null means absent.
    pub fn without_nulls(mut self) -> Self {
        self.fields.retain(|_, value| !value.is_null());
        self
    }

    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.swap_remove(field)
    }

    pub fn is_null(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(Value::is_null)
    }

    /// Whether an array or object is absent or has nothing in it.
    pub fn is_empty(&self, field: &str) -> bool {
        match self.fields.get(field) {
            None | Some(Value::Null) => true,
            Some(Value::Array(items)) => items.is_empty(),
            Some(Value::Object(fields)) => fields.is_empty(),
            Some(_) => false,
        }
    }

    /// All fields that were not taken.
    pub fn rest(self) -> Map<String, Value> {
        self.fields
    }

    pub fn string(&mut self, field: &str) -> Result<Option<String>, Invalid> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Invalid::argument(field, "must be a string")),
        }
    }

    pub fn strings(&mut self, field: &str) -> Result<Option<Vec<String>>, Invalid> {
        let Some(items) = self.array(field)? else { return Ok(None) };
        let strings = items.into_iter().enumerate().map(|(i, item)| match item {
            Value::String(text) => Ok(text),
            _ => Err(Invalid::argument(format!("{field}[{i}]"), "must be a string")),
        });
        strings.collect::<Result<_, _>>().map(Some)
    }

    /// A text, or several texts.
    pub fn content(&mut self, field: &str) -> Result<Option<Content>, Invalid> {
        if matches!(self.fields.get(field), Some(Value::Array(_))) {
            let texts = self.strings(field)?.unwrap_or_default();
            return Content::of_texts(field, &texts).map(Some);
        }
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Content::read(field, text).map(Some),
            Some(_) => Err(Invalid::argument(field, "must be a string, or an array of strings")),
        }
    }

    pub fn array(&mut self, field: &str) -> Result<Option<Vec<Value>>, Invalid> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(Invalid::argument(field, "must be an array")),
        }
    }

    pub fn object(&mut self, field: &str) -> Result<Option<Map<String, Value>>, Invalid> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(Invalid::argument(field, "must be an object")),
        }
    }

    pub fn boolean(&mut self, field: &str) -> Result<Option<bool>, Invalid> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(Invalid::argument(field, "must be true or false")),
        }
    }

    pub fn number(&mut self, field: &str) -> Result<Option<f64>, Invalid> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(_) => Err(Invalid::argument(field, "must be a number")),
        }
    }

    /// A whole number of at least `least`. A value above `most` exceeds a limit.
    pub fn whole(&mut self, field: &str, least: u64, most: u64) -> Result<Option<u64>, Invalid> {
        let Some(number) = self.number(field)? else { return Ok(None) };
        if number.fract() != 0.0 || number < least as f64 {
            return Err(Invalid::argument(field, format!("must be a whole number from {least} to {most}")));
        }
        if number > most as f64 {
            return Err(Invalid::limit(field, format!("is at most {most}")));
        }
        Ok(Some(number as u64))
    }

    /// A version number: 1 or more.
    pub fn version(&mut self, field: &str) -> Result<Option<u64>, Invalid> {
        self.whole(field, 1, crate::limits::EXACT_INTEGER)
    }

    pub fn time(&mut self, field: &str) -> Result<Option<Timestamp>, Invalid> {
        self.string(field)?.map(|text| Timestamp::read(field, &text)).transpose()
    }

    pub fn date(&mut self, field: &str) -> Result<Option<PartialDate>, Invalid> {
        self.string(field)?.map(|text| PartialDate::read(field, &text)).transpose()
    }

    /// `showExpired` and `showRetired`.
    pub fn shown(&mut self) -> Result<Shown, Invalid> {
        Ok(Shown {
            expired: self.boolean("showExpired")?.unwrap_or(false),
            retired: self.boolean("showRetired")?.unwrap_or(false),
        })
    }

    /// `at` and `asOf`.
    pub fn point_in_time(&mut self) -> Result<PointInTime, Invalid> {
        let mut moment = |field| Ok::<_, Invalid>(self.date(field)?.map(PartialDate::start));
        Ok(PointInTime { at: moment("at")?, as_of: moment("asOf")? })
    }

    /// A required id.
    pub fn id(&mut self, field: &str) -> Result<MemoryId, Invalid> {
        match self.take(field) {
            None | Some(Value::Null) => Err(Invalid::missing_id(field)),
            Some(Value::String(text)) => MemoryId::read(field, &text),
            Some(_) => Err(Invalid::argument(field, "must be a string")),
        }
    }

    /// `user_id`, `agent_id`, `app_id` and `run_id`, where present.
    pub fn scope(&mut self) -> Result<Scope, Invalid> {
        let mut one = |field: &str| self.string(field)?.map(|text| Scope::read(field, text)).transpose();
        Ok(Scope {
            user_id: one("user_id")?,
            agent_id: one("agent_id")?,
            app_id: one("app_id")?,
            run_id: one("run_id")?,
        })
    }

    /// A note of at most 1024 characters.
    pub fn note(&mut self, field: &str) -> Result<Option<String>, Invalid> {
        let most = crate::limits::NOTE_CHARACTERS;
        match self.string(field)? {
            Some(text) if text.chars().count() > most => {
                Err(Invalid::limit(field, format!("has at most {most} characters")))
            }
            other => Ok(other),
        }
    }
}
