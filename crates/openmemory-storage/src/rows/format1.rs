//! Which rows did format 1 have where this one has others? Dynamics and vectors by number, in 32 bits. A store of format 1
//! is upgraded when it is opened.

use openmemory_domain::{ContentHash, Dynamics, Embedding, ModelTag, Sector, Vector};
use openmemory_rules::Number;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::rows::keys;
use crate::rows::records::{self, Records};

pub(crate) const EMBEDDING: u8 = b'E';
pub(crate) const DYNAMICS: u8 = b'D';

/// How far a store has the rows of this format. A store without this row has none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// The version of the stored words.
    pub words: u8,
    /// The first memory that is still to be done; `None` if all are.
    pub next: Option<Number>,
}

#[derive(Deserialize)]
struct WideEmbedding {
    model: ModelTag,
    vectors: Vec<Vec<f32>>,
    whole: u32,
    passages: Vec<u32>,
    sectors: Vec<(Sector, u32)>,
}

fn key(space: u8, number: Number) -> Vec<u8> {
    [&[space], number.0.to_be_bytes().as_slice()].concat()
}

pub(crate) fn dynamics_key(number: Number) -> Vec<u8> {
    key(DYNAMICS, number)
}

pub(crate) fn embeddings_prefix(number: Number) -> Vec<u8> {
    key(EMBEDDING, number)
}

pub(crate) fn dynamics(rows: &impl Records, number: Number) -> Result<Option<Dynamics>, StorageError> {
    rows.record(&dynamics_key(number))
}

/// The vectors of a text, in 8 bits.
pub(crate) fn embedding(
    rows: &impl Records,
    number: Number,
    hash: ContentHash,
) -> Result<Option<Embedding>, StorageError> {
    let mut key = embeddings_prefix(number);
    key.extend_from_slice(hash.as_bytes());
    rows.payload(&key)?.map(|payload| decode_embedding(&payload)).transpose()
}

pub(crate) fn decode_embedding(payload: &[u8]) -> Result<Embedding, StorageError> {
    let WideEmbedding { model, vectors, whole, passages, sectors } = records::decode(payload)?;
    let vectors = vectors.iter().map(|vector| Vector::new(vector)).collect();
    records::whole(Embedding::from_parts(model, vectors, whole, passages, sectors))
}

/// The text whose vectors are at a key.
pub(crate) fn text_of(key: &[u8]) -> Option<ContentHash> {
    key.last_chunk().copied().map(ContentHash::from_bytes)
}

/// The row about the whole store that says how far it has the rows of this format.
pub(crate) fn indexed_key() -> Vec<u8> {
    keys::meta("indexed")
}
