//! What is in a segment of the redo log? A header block, then self-verifying records.
//!
//! A record's checksum is seeded with that of the header, which contains a unique number. Stale data in a reused file
//! is therefore never mistaken for a record, and a damaged record does not hide later ones.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::StorageError;
use crate::files::layout::{FORMAT_VERSION, StoreId, check_version, name};
use crate::rows::backend::Batch;
use crate::rows::digest::{Digest, State};
use openmemory_domain::unique::unique;

/// Records are aligned to blocks of this size: a block that is written whole and once needs neither a read nor a second
/// write.
pub(crate) const BLOCK: usize = 4096;

const MAGIC: [u8; 8] = *b"omredo\0\0";
const HEADER: usize = 64;
const RECORD: usize = 16 + Digest::ENCODED;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub store: StoreId,
    /// The sequence of the first record.
    pub first: u64,
    pub capacity: u64,
    /// The seed of the records' checksums.
    pub seed: u32,
}

impl Header {
    /// A new header, and its encoded block.
    pub(crate) fn new(store: StoreId, first: u64, capacity: u64) -> (Self, Vec<u8>) {
        let mut block = vec![0; BLOCK];
        block[..8].copy_from_slice(&MAGIC);
        block[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        block[12..28].copy_from_slice(&store);
        block[28..44].copy_from_slice(unique().as_bytes());
        block[44..52].copy_from_slice(&first.to_le_bytes());
        block[52..60].copy_from_slice(&capacity.to_le_bytes());
        let seed = crc32fast::hash(&block[..60]);
        block[60..HEADER].copy_from_slice(&seed.to_le_bytes());
        (Self { store, first, capacity, seed }, block)
    }

    fn read(bytes: &[u8]) -> Result<Option<Self>, StorageError> {
        let Some((header, _)) = bytes.split_first_chunk::<HEADER>() else { return Ok(None) };
        let seed = u32_at(header, 60);
        if header[..8] != MAGIC || crc32fast::hash(&header[..60]) != seed {
            return Ok(None);
        }
        check_version(u32_at(header, 8))?;
        let store = std::array::from_fn(|i| header[12 + i]);
        Ok(Some(Self { store, first: u64_at(header, 44), capacity: u64_at(header, 52), seed }))
    }
}

/// A commit in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    /// The state of the store after the commit.
    pub state: State,
    at: usize,
    length: usize,
}

/// A segment as it was read, without the batches.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub path: PathBuf,
    pub header: Header,
    /// Every intact record, in file order.
    pub records: Vec<Record>,
    /// The last commit that a mark acknowledges; 0 without a mark.
    pub acknowledged: u64,
    /// The position of the next record.
    pub end: u64,
}

impl Segment {
    /// Reads a segment, and the bytes of its batches.
    ///
    /// # Errors
    /// `Corrupted` if the header or the length is wrong. Damaged records are skipped.
    pub(crate) fn read(path: &Path) -> Result<(Self, Vec<u8>), StorageError> {
        let (segment, bytes) = Self::read_truncated(path)?;
        if (bytes.len() as u64) < segment.header.capacity {
            return Err(StorageError::Corrupted(format!("{}: the file is cut short", name(path))));
        }
        Ok((segment, bytes))
    }

    /// Like [`Segment::read`], but accepts a truncated file, whose intact records can be salvaged.
    pub(crate) fn read_truncated(path: &Path) -> Result<(Self, Vec<u8>), StorageError> {
        let damaged = |what: &str| StorageError::Corrupted(format!("{}: {what}", name(path)));
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(damaged("the file is missing")),
            bytes => bytes?,
        };
        let header = Header::read(&bytes)?.ok_or_else(|| damaged("the header fails its checksum"))?;
        let mut segment =
            Self { path: path.to_owned(), header, records: Vec::new(), acknowledged: 0, end: BLOCK as u64 };
        let mut at = BLOCK;
        while at + RECORD <= bytes.len() {
            at += match record(&bytes[at..], header.seed) {
                Some((state, 0)) => {
                    segment.acknowledged = segment.acknowledged.max(state.sequence);
                    BLOCK
                }
                Some((state, length)) => {
                    segment.records.push(Record { state, at: at + RECORD, length });
                    let whole = (RECORD + length).next_multiple_of(BLOCK);
                    segment.end = (at + whole) as u64;
                    whole
                }
                None => BLOCK,
            };
        }
        Ok((segment, bytes))
    }

    /// Whether a segment exists in its full length. Records are not checked.
    pub(crate) fn is_there(path: &Path) -> bool {
        let mut bytes = [0; HEADER];
        let Ok(mut file) = File::open(path) else { return false };
        let header = file.read_exact(&mut bytes).ok().and_then(|()| Header::read(&bytes).ok().flatten());
        file.metadata().is_ok_and(|found| header.is_some_and(|header| found.len() >= header.capacity))
    }

    /// The sequence of the last record; without records, the one before the first.
    pub(crate) fn last(&self) -> u64 {
        self.records.last().map_or(self.header.first.saturating_sub(1), |record| record.state.sequence)
    }

    pub(crate) fn batch(&self, bytes: &[u8], record: &Record) -> Result<Batch, StorageError> {
        let payload = bytes.get(record.at..record.at + record.length).and_then(decode);
        payload.ok_or_else(|| {
            StorageError::Corrupted(format!("{}: commit {} cannot be read", name(&self.path), record.state.sequence))
        })
    }
}

/// The record at the beginning of `bytes`, if it is intact: its state and the length of its batch, which is 0 for a
/// mark.
fn record(bytes: &[u8], seed: u32) -> Option<(State, usize)> {
    let (fixed, _) = bytes.split_first_chunk::<RECORD>()?;
    let length = u32_at(fixed, 0) as usize;
    let sequence = u64_at(fixed, 8);
    let checked = bytes.get(8..RECORD + length)?;
    if sequence == 0 || checksum(seed, length as u32, checked) != u32_at(fixed, 4) {
        return None;
    }
    let digest = Digest::decode(&std::array::from_fn(|i| fixed[16 + i]));
    Some((State { sequence, digest }, length))
}

/// Encodes a record into `buffer`, padded to full blocks. A record without a batch is a mark.
pub(crate) fn encode(state: &State, batch: &Batch, seed: u32, buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.resize(RECORD, 0);
    encode_batch(batch, buffer);
    let length = (buffer.len() - RECORD) as u32;
    buffer[8..16].copy_from_slice(&state.sequence.to_le_bytes());
    buffer[16..RECORD].copy_from_slice(&state.digest.encode());
    let checksum = checksum(seed, length, &buffer[8..]);
    buffer[..4].copy_from_slice(&length.to_le_bytes());
    buffer[4..8].copy_from_slice(&checksum.to_le_bytes());
    buffer.resize(buffer.len().next_multiple_of(BLOCK), 0);
}

fn checksum(seed: u32, length: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(&length.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

/// Each write is `key length, key, value length + 1, value`. A 0 instead of the value's length removes the key.
fn encode_batch(batch: &Batch, record: &mut Vec<u8>) {
    for (key, value) in batch {
        record.extend_from_slice(&(key.len() as u32).to_le_bytes());
        record.extend_from_slice(key);
        let length = value.as_ref().map_or(0, |value| value.len() as u32 + 1);
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(value.as_deref().unwrap_or_default());
    }
}

fn decode(mut payload: &[u8]) -> Option<Batch> {
    let mut batch = Batch::new();
    while !payload.is_empty() {
        let (key, rest) = piece(payload, 0)?;
        let removes = rest.starts_with(&[0; 4]);
        let (value, rest) = if removes { (&rest[..0], &rest[4..]) } else { piece(rest, 1)? };
        batch.push((key.to_vec(), (!removes).then(|| value.to_vec())));
        payload = rest;
    }
    Some(batch)
}

/// Splits off a piece that is preceded by its length plus `more`.
fn piece(bytes: &[u8], more: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked((u32::from_le_bytes(*length) as usize).checked_sub(more)?)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}
