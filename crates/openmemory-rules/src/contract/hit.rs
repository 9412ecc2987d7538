//! What does a search return?

use openmemory_domain::Memory;
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
        self.memory.serialize_fields(&mut map)?;
        map.serialize_entry("score", &self.score)?;
        map.serialize_entry("similarity", &self.similarity)?;
        map.serialize_entry("path", &self.path)?;
        if let Some(features) = &self.explain {
            let field = |feature: &ScoreFeature| {
                (feature.name.to_owned(), json!({ "value": feature.value, "weight": feature.weight }))
            };
            map.serialize_entry("explain", &Value::Object(features.iter().map(field).collect::<Map<_, _>>()))?;
        }
        map.end()
    }
}
