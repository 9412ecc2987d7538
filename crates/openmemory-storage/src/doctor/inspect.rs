//! Are all rows intact and consistent? A scan over all rows.

use std::collections::HashSet;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::commit::transaction::Transaction;
use crate::error::StorageError;
use crate::rows::backend::Backend;
use crate::rows::backend::all_rows;
use crate::rows::format1::{self, Indexed};
use crate::rows::keys;
use crate::rows::records::{self, COUNTERS, Counters, Records};
use openmemory_domain::learning::{KeptLearning, KeptMessage, KeptSource, LearningId};
use openmemory_domain::{ContentHash, MemoryId, TextKey, Version};
use openmemory_rules::{Labels, Number, Tombstone};

/// An inconsistency or damage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The affected memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub problem: String,
}

#[derive(Debug, Default)]
pub(crate) struct Inspection {
    pub memories: u64,
    pub versions: u64,
    pub rows: u64,
    pub problems: Vec<Problem>,
    /// Memories whose newest version, text and dynamics are intact. Vectors can be recomputed.
    pub intact: Vec<Number>,
}

/// Checks all rows. Stops early only if the key-value engine cannot be read further.
pub(crate) fn inspect(backend: &dyn Backend) -> Inspection {
    let rows = Transaction::new(backend);
    let reindexing = matches!(rows.reindex(), Ok(Some(_)));
    let finds_texts = matches!(rows.finds_texts(), Ok(true));
    let upgraded = matches!(rows.record(&format1::indexed_key()), Ok(Some(Indexed { next: None, .. })));
    let mut walk = Walk {
        rows,
        reindexing,
        finds_texts,
        upgraded,
        found: Inspection::default(),
        markers: 0,
        expected: 0,
        unlisted: 0,
        indexed: 0,
        expected_indexed: 0,
    };
    let (mut heads, mut ids, mut greatest) = (Vec::new(), 0u64, 0);
    for row in all_rows(backend) {
        let key = match row {
            Ok((key, _)) => key,
            Err(error) => {
                walk.note(None, error.to_string());
                break;
            }
        };
        walk.found.rows += 1;
        match key.first().copied() {
            Some(keys::HEAD) => heads.extend(keys::trailing_number(&key)),
            Some(keys::CREATED | keys::UPDATED | keys::SCOPE | keys::TAG) => walk.markers += 1,
            Some(keys::TEXT) if finds_texts => walk.markers += 1,
            Some(keys::ID) => {
                ids += 1;
                walk.readable::<Number>(&key);
            }
            Some(keys::TOMBSTONE) => walk.readable::<Tombstone>(&key),
            Some(keys::LEARNING) => walk.is_json::<KeptLearning>(&key, 1),
            Some(keys::MESSAGE) => walk.is_json::<KeptMessage>(&key, 1),
            Some(keys::SOURCE) => walk.is_json::<KeptSource>(&key, 0),
            Some(keys::LEARNING_KEY) => walk.is_json::<LearningId>(&key, 0),
            Some(keys::DOCUMENT) => walk.is_json::<serde_json::Value>(&key, 0),
            Some(keys::LEARNING_OF_USER | keys::MESSAGE_TIME) => walk.unlisted -= 1,
            Some(
                keys::CONTENT
                | keys::REPLACED_EMBEDDING
                | keys::INDEXED
                | keys::WAYPOINT
                | keys::HISTORY
                | keys::META
                | format1::EMBEDDING
                | format1::DYNAMICS,
            ) => {
                walk.indexed += u64::from(key.first() == Some(&keys::INDEXED));
                if let Err(error) = walk.rows.payload(&key) {
                    walk.note(None, error.to_string());
                }
            }
            _ => {}
        }
    }
    for number in heads {
        greatest = greatest.max(number.0 + 1);
        walk.memory(number);
    }
    if walk.markers != walk.expected {
        let what = format!(
            "{} entries in the orders of time, scopes, tags and texts that should be {}",
            walk.markers, walk.expected
        );
        walk.note(None, what);
    }
    if walk.unlisted != 0 {
        walk.note(None, format!("{} learnings and messages are missing in their lists", walk.unlisted));
    }
    if upgraded && walk.indexed != walk.expected_indexed {
        walk.note(None, format!("{} rows of the index that should be {}", walk.indexed, walk.expected_indexed));
    }
    if ids != walk.found.memories {
        walk.note(None, format!("{ids} ids lead to {} memories", walk.found.memories));
    }
    let counters: Counters = match walk.rows.record(&keys::meta(COUNTERS)) {
        Ok(counters) => counters.unwrap_or_default(),
        Err(_) => Counters::default(),
    };
    if counters.memories != walk.found.memories || counters.next_number < greatest {
        walk.note(None, format!("{} memories are counted, and {} are there", counters.memories, walk.found.memories));
    }
    walk.found
}

struct Walk<'a> {
    rows: Transaction<'a>,
    /// Whether newest versions may lack vectors.
    reindexing: bool,
    /// Whether every memory must have a text marker.
    finds_texts: bool,
    /// Whether every memory must have the rows of this format. Otherwise it may have those of format 1.
    upgraded: bool,
    found: Inspection,
    markers: u64,
    expected: u64,
    /// Learnings and messages without their place in the lists of them.
    unlisted: i64,
    /// Rows of the index.
    indexed: u64,
    expected_indexed: u64,
}

impl Walk<'_> {
    fn note(&mut self, id: Option<&MemoryId>, problem: String) {
        self.found.problems.push(match id {
            Some(id) => Problem::of_memory(id, problem),
            None => Problem::of_file(problem),
        });
    }

    fn readable<T: DeserializeOwned>(&mut self, key: &[u8]) {
        if let Err(error) = self.rows.record::<T>(key) {
            self.note(None, error.to_string());
        }
    }

    /// Checks a record that is kept as JSON, and that is in so many lists.
    fn is_json<T: DeserializeOwned>(&mut self, key: &[u8], lists: i64) {
        self.unlisted += lists;
        if let Err(error) = self.rows.json::<T>(key) {
            self.note(None, error.to_string());
        }
    }

    fn memory(&mut self, number: Number) {
        self.found.memories += 1;
        let head = match self.rows.head(number) {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(error) => return self.note(None, format!("the newest version of memory {}: {error}", number.0)),
        };
        let before = self.found.problems.len();
        self.text(number, &head);
        let early = || if self.upgraded { Ok(None) } else { format1::dynamics(&self.rows, number) };
        let dynamics = self.rows.dynamics(number, &head.scope);
        match dynamics.and_then(|found| found.map_or_else(early, |found| Ok(Some(found)))) {
            Ok(Some(_)) => {}
            Ok(None) => self.note(Some(&head.id), "has no dynamics".into()),
            Err(error) => self.note(Some(&head.id), error.to_string()),
        }
        if self.found.problems.len() == before {
            self.found.intact.push(number);
        }
        self.indexed(number, &head);
        match self.rows.number(&head.id) {
            Ok(Some(found)) if found == number => {}
            _ => self.note(Some(&head.id), "its id does not lead to it".into()),
        }
        let text = text(&self.rows, number, head.content).ok().filter(|_| self.finds_texts);
        for key in markers(number, &head, text.as_deref()) {
            self.expected += 1;
            if !matches!(self.rows.raw(&key), Ok(Some(_))) {
                self.note(Some(&head.id), "is missing in an order of time, scope, tag or text".into());
            }
        }
        for earlier in 1..head.number {
            match self.rows.earlier(number, earlier) {
                Ok(Some(version)) => {
                    self.text(number, &version);
                    // Earlier texts may lack vectors, which are computed when the version is restored.
                    if let Err(error) = self.rows.replaced_embedding(number, version.content) {
                        self.note(Some(&version.id), format!("version {}: {error}", version.number));
                    }
                }
                Ok(None) => self.note(Some(&head.id), format!("version {earlier} is missing")),
                Err(error) => self.note(Some(&head.id), format!("version {earlier}: {error}")),
            }
        }
        match self.rows.waypoints(number) {
            Ok(links) => {
                for (other, _) in links {
                    let back = self.rows.waypoints(other).unwrap_or_default();
                    if back.iter().all(|(to, _)| *to != number) {
                        self.note(Some(&head.id), "a link leads one way only".into());
                    }
                }
            }
            Err(error) => self.note(Some(&head.id), error.to_string()),
        }
    }

    fn text(&mut self, number: Number, version: &Version) {
        self.found.versions += 1;
        if let Err(problem) = text(&self.rows, number, version.content) {
            self.note(Some(&version.id), format!("version {}: {problem}", version.number));
        }
    }

    /// Checks the rows of the index.
    fn indexed(&mut self, number: Number, head: &Version) {
        let mut note = |problem: String| self.found.problems.push(Problem::of_memory(&head.id, problem));
        match self.rows.labels(number, &head.scope) {
            Ok(Some(labels)) if labels == Labels::of(head) => {}
            Ok(Some(_)) => note("its labels in the index are of another version".into()),
            Ok(None) if self.upgraded => note("its labels in the index are missing".into()),
            Ok(None) => {}
            Err(error) => note(error.to_string()),
        }
        let mut has_text = true;
        match self.rows.indexed_text(number, &head.scope) {
            Ok(Some(text)) if text.content == head.content => {}
            Ok(Some(_)) => note(format!("version {}: its vectors are of another text", head.number)),
            Ok(None) => {
                has_text = false;
                let early = || matches!(format1::embedding(&self.rows, number, head.content), Ok(Some(_)));
                if !self.reindexing && (self.upgraded || !early()) {
                    note(format!("version {}: its vectors are missing", head.number));
                }
            }
            Err(error) => note(format!("version {}: {error}", head.number)),
        }
        self.expected_indexed += 2 + u64::from(has_text);
    }
}

/// The text of a version, verified by its hash.
pub(crate) fn text(rows: &impl Records, number: Number, hash: ContentHash) -> Result<String, String> {
    let text = rows.content(number, hash).map_err(|error| error.to_string())?.ok_or("its text is missing")?;
    if ContentHash::of(&text) == hash { Ok(text) } else { Err("its text does not match its hash".into()) }
}

/// The markers of a memory: its times, scopes and tags, and its text if that is given.
pub(crate) fn markers(number: Number, head: &Version, text: Option<&str>) -> HashSet<Vec<u8>> {
    let mut keys = HashSet::from([keys::created(head.created_at, number), keys::updated(head.updated_at, number)]);
    for (field, value) in head.scope.fields() {
        keys.extend(value.map(|value| keys::scope(field, value, head.created_at, number)));
    }
    keys.extend(head.tags.distinct().into_iter().map(|tag| keys::tag(tag, head.created_at, number)));
    keys.extend(text.map(|text| keys::text(TextKey::of(&head.scope, text), number)));
    keys
}

/// The rows about the whole store that can be copied, which excludes the counters.
pub(crate) fn whole_store_rows() -> [Vec<u8>; 4] {
    [records::model_key(), records::reindex_key(), records::prototypes_key(), format1::indexed_key()]
}

impl Problem {
    fn of_memory(id: &MemoryId, problem: String) -> Self {
        Self { id: Some(id.as_str().to_owned()), problem }
    }

    pub(crate) fn of_file(problem: String) -> Self {
        Self { id: None, problem }
    }

    pub(crate) fn of_error(error: &StorageError) -> Self {
        match error {
            StorageError::Corrupted(problem) => Self::of_file(problem.clone()),
            other => Self::of_file(other.to_string()),
        }
    }
}
