//! Which rows exist, and how are they read? The same reads serve the store and a transaction on it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::rows::backend::Row;
use crate::rows::envelope;
use crate::rows::keys::{self, IndexedKind};
use openmemory_domain::learning::{KeptLearning, KeptMessage, KeptSource, LearningId, MessageId};
use openmemory_domain::{ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, Scope, TextKey, Version};
use openmemory_rules::{IndexedText, Labels, Number, Reindex, Tombstone, Waypoint, Words};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counters {
    pub next_number: u64,
    pub memories: u64,
}

pub(crate) const COUNTERS: &str = "counters";
/// The sequence of the last commit that is in sled.
const APPLIED: &str = "applied";
const MODEL: &str = "model";
const REINDEX: &str = "reindex";
const PROTOTYPES: &str = "prototypes";
const TEXTS: &str = "texts";

/// Most records are shorter, and written without growing.
const USUAL_BYTES: usize = 512;

/// Names of the rows about the whole store.
pub(crate) fn model_key() -> Vec<u8> {
    keys::meta(MODEL)
}

pub(crate) fn reindex_key() -> Vec<u8> {
    keys::meta(REINDEX)
}

pub(crate) fn prototypes_key() -> Vec<u8> {
    keys::meta(PROTOTYPES)
}

/// The row that says that every memory is found by its text. Stores of earlier builds are without it until a text is
/// looked for.
pub(crate) fn texts_key() -> Vec<u8> {
    keys::meta(TEXTS)
}

/// The row by which sled says which commit is the last that it has. It is no row of the store: each sled has its own.
pub(crate) fn applied_key() -> Vec<u8> {
    keys::meta(APPLIED)
}

/// That row, saying `sequence`.
pub(crate) fn applied_row(sequence: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), StorageError> {
    let key = applied_key();
    let row = envelope::seal_short(&key, &encode(&sequence)?);
    Ok((key, Some(row)))
}

pub(crate) fn is_applied(key: &[u8]) -> bool {
    key.strip_prefix(&[keys::META]).is_some_and(|name| name == APPLIED.as_bytes())
}

pub(crate) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, StorageError> {
    postcard::to_extend(record, Vec::with_capacity(USUAL_BYTES))
        .map_err(|error| StorageError::Corrupted(format!("a record cannot be written: {error}")))
}

pub(crate) fn encode_json<T: Serialize>(record: &T) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(record)
        .map_err(|error| StorageError::Corrupted(format!("a record cannot be written as JSON: {error}")))
}

pub(crate) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, StorageError> {
    match postcard::take_from_bytes(payload) {
        Ok((record, [])) => Ok(record),
        Ok(_) => Err(StorageError::Corrupted("a record is longer than its form".into())),
        Err(error) => Err(StorageError::Corrupted(format!("a record cannot be read: {error}"))),
    }
}

pub(crate) fn encode_indexed_text(text: &IndexedText) -> Result<Vec<u8>, StorageError> {
    encode(&(text.content, text.words.as_bytes(), &*text.embedding))
}

pub(crate) fn decode_indexed_text(payload: &[u8]) -> Result<IndexedText, StorageError> {
    let (content, words, embedding): (ContentHash, Vec<u8>, Embedding) = decode(payload)?;
    Ok(IndexedText { content, words: Words::new(words), embedding: Arc::new(whole(embedding)?) })
}

pub(crate) fn whole(embedding: Embedding) -> Result<Embedding, StorageError> {
    if embedding.is_whole() {
        return Ok(embedding);
    }
    Err(StorageError::Corrupted("the vectors of a memory do not fit together".into()))
}

/// Reads of typed rows over raw ones.
pub(crate) trait Records {
    /// The bytes under a key as they are stored.
    fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// The keys that begin with `prefix`, in order, with their raw values.
    fn raw_with_prefix(&self, prefix: &[u8]) -> Result<Vec<Row>, StorageError>;

    fn payload(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        loop {
            let Some(row) = self.raw(key)? else { return Ok(None) };
            if let Some(payload) = envelope::open(key, &row, |key| self.raw(key))? {
                return Ok(Some(payload.into_owned()));
            }
        }
    }

    /// The payload of a row that was read before. If it has changed since and its parts with it, it is read again.
    fn payload_of<'r>(&self, key: &[u8], row: &'r [u8]) -> Result<Option<Cow<'r, [u8]>>, StorageError> {
        match envelope::open(key, row, |key| self.raw(key))? {
            None => Ok(self.payload(key)?.map(Cow::Owned)),
            payload => Ok(payload),
        }
    }

    fn record<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StorageError>
    where
        Self: Sized,
    {
        self.payload(key)?.map(|payload| decode(&payload)).transpose()
    }

    fn number(&self, id: &MemoryId) -> Result<Option<Number>, StorageError>
    where
        Self: Sized,
    {
        self.record(&keys::id(id))
    }

    /// The newest version of a memory.
    fn head(&self, number: Number) -> Result<Option<Version>, StorageError>
    where
        Self: Sized,
    {
        self.record(&keys::head(number))
    }

    /// A version that a later one has replaced.
    fn earlier(&self, number: Number, version: u64) -> Result<Option<Version>, StorageError>
    where
        Self: Sized,
    {
        self.record(&keys::history(number, version))
    }

    fn content(&self, number: Number, hash: ContentHash) -> Result<Option<String>, StorageError>
    where
        Self: Sized,
    {
        let Some(payload) = self.payload(&keys::content(number, hash))? else { return Ok(None) };
        String::from_utf8(payload)
            .map(Some)
            .map_err(|_| StorageError::Corrupted("the text of a memory is not UTF-8".into()))
    }

    /// What the index needs of a memory's newest text.
    fn indexed_text(&self, number: Number, scope: &Scope) -> Result<Option<IndexedText>, StorageError>
    where
        Self: Sized,
    {
        let key = keys::indexed(scope.user_id.as_deref(), number, IndexedKind::Text);
        self.payload(&key)?.map(|payload| decode_indexed_text(&payload)).transpose()
    }

    fn replaced_embedding(&self, number: Number, hash: ContentHash) -> Result<Option<Embedding>, StorageError>
    where
        Self: Sized,
    {
        self.record(&keys::replaced_embedding(number, hash))?.map(whole).transpose()
    }

    fn labels(&self, number: Number, scope: &Scope) -> Result<Option<Labels>, StorageError>
    where
        Self: Sized,
    {
        self.record(&keys::indexed(scope.user_id.as_deref(), number, IndexedKind::Labels))
    }

    fn dynamics(&self, number: Number, scope: &Scope) -> Result<Option<Dynamics>, StorageError>
    where
        Self: Sized,
    {
        self.record(&keys::indexed(scope.user_id.as_deref(), number, IndexedKind::Dynamics))
    }

    fn tombstone(&self, id: &MemoryId) -> Result<Option<Tombstone>, StorageError>
    where
        Self: Sized,
    {
        self.record(&keys::tombstone(id))
    }

    /// The links of a memory, in the order of the others' numbers.
    fn waypoints(&self, number: Number) -> Result<Vec<(Number, Waypoint)>, StorageError>
    where
        Self: Sized,
    {
        Ok(self.record(&keys::waypoints(number))?.unwrap_or_default())
    }

    /// Whether every memory is found by its text.
    fn finds_texts(&self) -> Result<bool, StorageError>
    where
        Self: Sized,
    {
        Ok(self.record::<()>(&texts_key())?.is_some())
    }

    /// The memories whose newest text and scope are these, oldest first.
    fn numbers_of_text(&self, text: TextKey) -> Result<Vec<Number>, StorageError>
    where
        Self: Sized,
    {
        let rows = self.raw_with_prefix(&keys::text_prefix(text))?;
        Ok(rows.iter().filter_map(|(key, _)| keys::trailing_number(key)).collect())
    }

    /// A record that is kept as JSON.
    fn json<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StorageError>
    where
        Self: Sized,
    {
        let Some(payload) = self.payload(key)? else { return Ok(None) };
        let read = serde_json::from_slice(&payload);
        read.map(Some)
            .map_err(|error| StorageError::Corrupted(format!("a record is not the JSON that it should be: {error}")))
    }

    fn learning(&self, id: &LearningId) -> Result<Option<KeptLearning>, StorageError>
    where
        Self: Sized,
    {
        self.json(&keys::learning(id))
    }

    fn learning_of_key(&self, hash: &str) -> Result<Option<LearningId>, StorageError>
    where
        Self: Sized,
    {
        self.json(&keys::learning_key(hash))
    }

    fn learnings_of(&self, user: Option<&str>) -> Result<Vec<LearningId>, StorageError>
    where
        Self: Sized,
    {
        let prefix = keys::learnings_prefix(user);
        let id = |(key, _): &Row| LearningId::read("id", keys::trailing_id(key, &prefix, 0)?).ok();
        Ok(self.raw_with_prefix(&prefix)?.iter().filter_map(id).collect())
    }

    fn message(&self, user: Option<&str>, id: &MessageId) -> Result<Option<KeptMessage>, StorageError>
    where
        Self: Sized,
    {
        self.json(&keys::message(user, id))
    }

    fn messages_of(&self, user: Option<&str>) -> Result<Vec<MessageId>, StorageError>
    where
        Self: Sized,
    {
        let prefix = keys::message_times_prefix(user);
        let id = |(key, _): &Row| MessageId::read("id", keys::trailing_id(key, &prefix, 8)?).ok();
        Ok(self.raw_with_prefix(&prefix)?.iter().filter_map(id).collect())
    }

    fn sources(&self, number: Number) -> Result<Vec<KeptSource>, StorageError>
    where
        Self: Sized,
    {
        let rows = self.raw_with_prefix(&keys::sources_prefix(number))?;
        rows.iter().filter_map(|(key, _)| self.json(key).transpose()).collect()
    }

    fn document(&self, name: &str) -> Result<Option<serde_json::Value>, StorageError>
    where
        Self: Sized,
    {
        self.json(&keys::document(name))
    }

    fn document_names(&self, prefix: &str) -> Result<Vec<String>, StorageError>
    where
        Self: Sized,
    {
        let rows = self.raw_with_prefix(&keys::document(prefix))?;
        let name = |(key, _): &Row| keys::trailing_id(key, &[keys::DOCUMENT], 0).map(str::to_owned);
        Ok(rows.iter().filter_map(name).collect())
    }

    /// The model whose vectors the store holds; none before the first one.
    fn model(&self) -> Result<Option<ModelIdentity>, StorageError>
    where
        Self: Sized,
    {
        self.record(&model_key())
    }

    fn reindex(&self) -> Result<Option<Reindex>, StorageError>
    where
        Self: Sized,
    {
        self.record(&reindex_key())
    }
}

#[cfg(test)]
mod tests {
    use openmemory_domain::{
        Event, Metadata, PartialDate, Provenance, Retired, Sector, Sectors, Tags, Timestamp, Validity,
    };

    use super::*;

    fn version(validity: Validity) -> Version {
        Version {
            id: MemoryId::read("id", "m").unwrap(),
            number: 3,
            content: ContentHash::of("x"),
            tags: Tags::read("tags", vec!["a".into()]).unwrap(),
            metadata: Metadata::read("metadata", serde_json::Map::new()).unwrap(),
            scope: Scope { user_id: Some("ada".into()), ..Scope::default() },
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(2),
            expires_at: None,
            immutable: false,
            classified: Sectors::new(Sector::Semantic, []),
            provenance: Provenance { event: Event::Update, actor: None, reason: Some("why".into()) },
            validity,
        }
    }

    fn known() -> Validity {
        let (from, to) = (PartialDate::parse("2024-05"), PartialDate::parse("2026-03-02"));
        Validity { from, to, retired: Some(Retired::Ended), correction: true }
    }

    #[test]
    fn a_version_without_valid_time_has_the_bytes_of_an_earlier_build() {
        let version = version(Validity::default());
        let scope = (&version.scope, version.created_at, version.updated_at, version.expires_at);
        let origin = (version.immutable, &version.classified, &version.provenance);
        let early = (&version.id, version.number, version.content, &version.tags, &version.metadata, scope, origin);
        let early = encode(&early).unwrap();
        assert_eq!(encode(&version).unwrap(), early);
        assert_eq!(decode::<Version>(&early).unwrap(), version);
        let labels = Labels::of(&version);
        let early = (&labels.sectors, &labels.tags, &labels.run, labels.created_at, labels.expires_at);
        assert_eq!(encode(&labels).unwrap(), encode(&early).unwrap());
        assert_eq!(decode::<Labels>(&encode(&early).unwrap()).unwrap(), labels);
    }

    #[test]
    fn valid_time_is_read_as_it_was_written() {
        let version = version(known());
        let written = encode(&version).unwrap();
        assert_eq!(decode::<Version>(&written).unwrap(), version);
        assert_eq!(written.len(), encode(&self::version(Validity::default())).unwrap().len() + 19);
        let labels = Labels::of(&version);
        assert_eq!(decode::<Labels>(&encode(&labels).unwrap()).unwrap(), labels);
    }

    #[test]
    fn a_tombstone_of_an_earlier_build_is_read() {
        let deleted_at = Timestamp::from_millis(1_700_000_000_000);
        let whole = Tombstone { deleted_at, version: 3, actor: Some("ada".into()), reason: Some("moved".into()) };
        assert_eq!(decode::<Tombstone>(&encode(&whole).unwrap()).unwrap(), whole);
        let early = encode(&(deleted_at, 3u64)).unwrap();
        assert_eq!(decode::<Tombstone>(&early).unwrap(), Tombstone { actor: None, reason: None, ..whole });
        assert!(decode::<Tombstone>(&early[..1]).is_err());
    }
}
