//! What does a caller get of a search?

use openmemory_domain::Memory;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

/// A memory that answers, and how well.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub memory: Memory,
    /// How likely it answers, 0 to 1; comparable between queries and stores.
    pub score: f32,
    /// The highest cosine of the query and one of the memory's vectors, −1 to 1.
    pub similarity: f32,
    /// The memories by which this one was reached, itself last.
    pub path: Vec<String>,
    /// What the score is made of, if that was asked for.
    pub explain: Option<Vec<ScorePart>>,
}

impl Hit {
    /// The measured value of a part of the score, if it was explained.
    pub fn part(&self, name: &str) -> Option<f32> {
        self.explain.as_ref()?.iter().find(|part| part.name == name).map(|part| part.value)
    }
}

/// One addend of the score: a measured value times its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScorePart {
    pub name: &'static str,
    pub value: f32,
    pub weight: f32,
}

impl Serialize for Hit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.memory.serialize_fields(&mut map)?;
        map.serialize_entry("score", &self.score)?;
        map.serialize_entry("similarity", &self.similarity)?;
        map.serialize_entry("path", &self.path)?;
        if let Some(parts) = &self.explain {
            let part = |part: &ScorePart| (part.name.to_owned(), json!({ "value": part.value, "weight": part.weight }));
            map.serialize_entry("explain", &Value::Object(parts.iter().map(part).collect::<Map<_, _>>()))?;
        }
        map.end()
    }
}
