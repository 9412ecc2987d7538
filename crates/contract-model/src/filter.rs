//! Which memories does a filter match? Evaluated by the engine, from its JSON, and by the model.

use serde_json::{Value, json};

use crate::rng::Rng;
use crate::state::{MemoryState, iso};

#[derive(Debug, Clone)]
pub enum Filter {
    Tag(String),
    User(String),
    VersionAtLeast(u64),
    Immutable(bool),
    HasField(String),
    CreatedBefore(i64),
    ExpiresSet,
    Says(String),
    Id(String),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
}

impl Filter {
    pub fn any(rng: &mut Rng, now: i64, depth: usize) -> Self {
        let kinds = if depth == 0 { 9 } else { 12 };
        match rng.below(kinds) {
            0 => Self::Tag(format!("tag{}", rng.below(4))),
            1 => Self::User(format!("u{}", rng.below(4))),
            2 => Self::VersionAtLeast(rng.below(6) as u64),
            3 => Self::Immutable(rng.below(2) == 0),
            4 => Self::HasField((*rng.one(&["a", "b", "c", "sector"])).into()),
            5 => Self::CreatedBefore(now - rng.below(5000) as i64),
            6 => Self::ExpiresSet,
            7 => Self::Says(format!("ord{}", rng.below(6))),
            8 => Self::Id(format!("m{}", rng.below(12))),
            9 => Self::And((0..=rng.below(2)).map(|_| Self::any(rng, now, depth - 1)).collect()),
            10 => Self::Or((0..=rng.below(2)).map(|_| Self::any(rng, now, depth - 1)).collect()),
            _ => Self::Not(Box::new(Self::any(rng, now, depth - 1))),
        }
    }

    pub fn to_json(&self) -> Value {
        let all = |parts: &[Self]| parts.iter().map(Self::to_json).collect::<Vec<_>>();
        match self {
            Self::Tag(tag) => json!({ "tags": tag }),
            Self::User(user) => json!({ "user_id": user }),
            Self::VersionAtLeast(version) => json!({"version": {"gte": version}}),
            Self::Immutable(immutable) => json!({ "immutable": immutable }),
            Self::HasField(key) => json!({format!("metadata.{key}"): {"exists": true}}),
            Self::CreatedBefore(at) => json!({"created_at": {"lt": iso(*at)}}),
            Self::ExpiresSet => json!({"expires_at": "*"}),
            Self::Says(text) => json!({"keywords": {"contains": text}}),
            Self::Id(id) => json!({"memory_ids": [id]}),
            Self::And(parts) => json!({"AND": all(parts)}),
            Self::Or(parts) => json!({"OR": all(parts)}),
            Self::Not(part) => json!({"NOT": part.to_json()}),
        }
    }

    pub fn matches(&self, id: &str, memory: &MemoryState) -> bool {
        let last = memory.last();
        match self {
            Self::Tag(tag) => last.tags.as_array().unwrap().iter().any(|own| own == tag.as_str()),
            Self::User(user) => memory.user.as_ref() == Some(user),
            Self::VersionAtLeast(version) => memory.versions.len() as u64 >= *version,
            Self::Immutable(immutable) => memory.immutable == *immutable,
            Self::HasField(key) => last.metadata.contains_key(key),
            Self::CreatedBefore(at) => memory.created_at < *at,
            Self::ExpiresSet => last.expires_at.is_some(),
            Self::Says(text) => last.content.contains(text.as_str()),
            Self::Id(named) => named == id,
            Self::And(parts) => parts.iter().all(|part| part.matches(id, memory)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(id, memory)),
            Self::Not(part) => !part.matches(id, memory),
        }
    }
}
