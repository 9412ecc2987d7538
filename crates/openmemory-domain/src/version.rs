//! What was a memory at one time? Every accepted change makes a version, and versions are never rewritten.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::valid_time::or_unknown;
use super::{ContentHash, MemoryId, Metadata, Scope, Sectors, Tags, Timestamp, Validity};

/// One version, with the hash of its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub id: MemoryId,
    /// 1 for the first version.
    pub number: u64,
    pub content: ContentHash,
    pub tags: Tags,
    pub metadata: Metadata,
    pub scope: Scope,
    pub created_at: Timestamp,
    /// Never earlier than that of the previous version, even if the clock jumps back.
    pub updated_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub immutable: bool,
    /// The sectors that the model assigns to the text, even if the metadata pins another.
    pub classified: Sectors,
    pub provenance: Provenance,
    /// The last field, and not written if nothing is known, so that a version without it has the same bytes as before.
    #[serde(skip_serializing_if = "Validity::is_unknown", deserialize_with = "or_unknown")]
    pub validity: Validity,
}

/// The origin of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    pub event: Event,
    pub actor: Option<String>,
    pub reason: Option<String>,
}

/// Begins the reason of a memory that was merged into another one, which the rest of it names.
const MERGED: &str = "merged into ";

impl Provenance {
    /// The reason of a version that retires a memory because another one says the same.
    pub fn merged_into(id: &MemoryId) -> String {
        format!("{MERGED}{id}")
    }

    /// The memory that says the same since, if the version retires its memory for that reason.
    pub fn replaced_by(&self) -> Option<MemoryId> {
        let reason = self.reason.as_deref().filter(|_| self.event == Event::Retire)?;
        MemoryId::read("reason", reason.strip_prefix(MERGED)?).ok()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    Add,
    Update,
    /// A copy of an earlier version.
    Restore {
        from: u64,
    },
    /// Says that the memory has ended or was wrong.
    Retire,
}

impl Event {
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Update => "UPDATE",
            Self::Restore { .. } => "RESTORE",
            Self::Retire => "RETIRE",
        }
    }
}

/// Which memories a call includes besides the current ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    pub expired: bool,
    /// Retired or ended.
    pub retired: bool,
}

/// A field that differs between two versions. A missing side means that the field was absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

impl Version {
    /// The pinned sector, or the sectors of the text.
    pub fn sectors(&self) -> Sectors {
        match self.metadata.pinned_sector() {
            Some(pinned) => Sectors::new(pinned, []),
            None => self.classified.clone(),
        }
    }

    /// Whether searches and lists leave it out unless they are asked for it.
    pub fn is_hidden(&self, shown: Shown, now: Timestamp) -> bool {
        !shown.expired && self.expired(now) || !shown.retired && self.validity.is_over(now)
    }

    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// The differences of this version with `text` from the one before it.
    pub fn changes_since(&self, text: &str, (before, text_before): (&Self, &str)) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut note = |field: String, from: Option<Value>, to: Option<Value>| {
            if from != to {
                changes.push(Change { field, from, to });
            }
        };
        note("content".into(), Some(text_before.into()), Some(text.into()));
        note("tags".into(), Some(before.tags_json()), Some(self.tags_json()));
        let (old, new) = (before.metadata.fields(), self.metadata.fields());
        for (key, value) in &old {
            note(format!("metadata.{key}"), Some(value.clone()), new.get(key).cloned());
        }
        for (key, value) in new.into_iter().filter(|(key, _)| !old.contains_key(key)) {
            note(format!("metadata.{key}"), None, Some(value));
        }
        let moment = |version: &Self| version.expires_at.map(|at| at.to_string().into());
        note("expires_at".into(), moment(before), moment(self));
        for ((name, old), (_, new)) in before.validity.fields().into_iter().zip(self.validity.fields()) {
            note(name.into(), old.map(Value::from), new.map(Value::from));
        }
        let made = |version: &Self| Some(version.created_at.to_string().into());
        note("created_at".into(), made(before), made(self));
        let names = |version: &Self| Some(version.sectors().names().into());
        note("sectors".into(), names(before), names(self));
        changes
    }

    fn tags_json(&self) -> Value {
        Value::Array(self.tags.as_slice().iter().map(|tag| tag.as_str().into()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_memory_names_the_one_that_says_the_same() {
        let id = MemoryId::generate();
        let merged = |event, reason: String| Provenance { event, actor: None, reason: Some(reason) }.replaced_by();
        assert_eq!(merged(Event::Retire, Provenance::merged_into(&id)), Some(id.clone()));
        // Neither a reason of somebody's own nor another event says so.
        assert_eq!(merged(Event::Retire, "said twice".into()), None);
        assert_eq!(merged(Event::Retire, Provenance::merged_into(&id).replace(id.as_str(), "")), None);
        assert_eq!(merged(Event::Update, Provenance::merged_into(&id)), None);
    }
}
