//! What does a search return?

use openmemory_domain::{Memory, PartialDate, Timestamp};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

/// A memory that matches a query, with its score.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub memory: Memory,
    /// The probability that the memory answers the query, 0 to 1; comparable across queries and stores.
    pub score: f32,
    /// The highest cosine similarity of the query and any of the memory's vectors, −1 to 1.
    pub similarity: f32,
    /// Ids of the memories through which this one was reached, ending with its own.
    pub path: Vec<String>,
    /// The features of the score, if the request asked for them.
    pub explain: Option<Vec<ScoreFeature>>,
    /// The newest version, if this is an earlier one; `None` if the request did not ask for the past.
    pub standing: Option<Standing>,
    /// The texts that were true before, newest first, if the request asked for them.
    pub before: Option<Vec<EarlierText>>,
}

/// Whether a hit is the newest version of its memory, in a search that finds others too.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    Current,
    Replaced {
        /// Until when it was true.
        until: Option<Timestamp>,
        version: u64,
        content: String,
    },
}

/// A text that another one has replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierText {
    pub version: u64,
    pub content: String,
    pub valid_from: Option<PartialDate>,
    /// Until when it was true.
    pub until: Option<Timestamp>,
    /// When the store was told, and why.
    pub replaced_at: Timestamp,
    pub reason: Option<String>,
}

impl Serialize for EarlierText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("content", &self.content)?;
        map.serialize_entry("version", &self.version)?;
        if let Some(date) = self.valid_from {
            map.serialize_entry("valid_from", &date.to_string())?;
        }
        if let Some(at) = self.until {
            map.serialize_entry("until", &at.to_string())?;
        }
        map.serialize_entry("replaced_at", &self.replaced_at.to_string())?;
        if let Some(reason) = &self.reason {
            map.serialize_entry("reason", reason)?;
        }
        map.end()
    }
}

impl Hit {
    /// The value of a feature, if the score was explained.
    pub fn feature(&self, name: &str) -> Option<f32> {
        self.explain.as_ref()?.iter().find(|feature| feature.name == name).map(|feature| feature.value)
    }
}

/// One term of the score: the value of a feature and its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreFeature {
    pub name: &'static str,
    pub value: f32,
    pub weight: f32,
}

impl Serialize for Hit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_fields(&mut map)?;
        map.end()
    }
}

impl Hit {
    /// Writes the fields of a hit into a map that may have more.
    pub fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.memory.serialize_fields(map)?;
        map.serialize_entry("score", &self.score)?;
        map.serialize_entry("similarity", &self.similarity)?;
        map.serialize_entry("path", &self.path)?;
        if let Some(features) = &self.explain {
            let field = |feature: &ScoreFeature| {
                (feature.name.to_owned(), json!({ "value": feature.value, "weight": feature.weight }))
            };
            map.serialize_entry("explain", &Value::Object(features.iter().map(field).collect::<Map<_, _>>()))?;
        }
        match &self.standing {
            None => {}
            Some(Standing::Current) => map.serialize_entry("current", &true)?,
            Some(Standing::Replaced { until, version, content }) => {
                map.serialize_entry("current", &false)?;
                if let Some(at) = until {
                    map.serialize_entry("until", &at.to_string())?;
                }
                map.serialize_entry("now", &json!({ "version": version, "content": content }))?;
            }
        }
        if let Some(before) = &self.before {
            map.serialize_entry("before", before)?;
        }
        Ok(())
    }
}
