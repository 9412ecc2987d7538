//! How does a commit become durable with one sync? It is appended to a file beside sled, and sled catches up later.
//!
//! The file has a fixed size and is written in place from its beginning, so that a sync has nothing but data to write.
//! A record is `length, crc32, sequence` and the batch. When a record does not fit any more, sled is synced, which makes
//! all records superfluous, and writing begins anew at the file's start. Sequences go on, so what is left of an earlier
//! round is told from the records of this one.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::backend::Batch;
use super::error::StorageError;

const CAPACITY: u64 = 8 * 1024 * 1024;
const HEADER: usize = 16;
/// Records begin at multiples of this: a block that is written whole and once needs neither a read nor a second write.
const BLOCK: usize = 4096;

pub(super) struct RedoLog {
    file: File,
    /// Where the next record goes.
    end: u64,
    /// The checksum of the record before, which the next one continues; 0 at the start.
    chain: u32,
}

impl RedoLog {
    /// Opens the log, or makes it, and hands over the batches that come after `applied`, in order.
    ///
    /// # Errors
    /// `Corrupted` if batches between `applied` and the log's first are missing: sled has lost what it had synced.
    pub(super) fn open(
        file: &Path,
        applied: u64,
        mut replay: impl FnMut(u64, Batch) -> Result<(), StorageError>,
    ) -> Result<Self, StorageError> {
        let mut log = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(file)?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        let mut next = applied + 1;
        for (sequence, payload) in records(&bytes) {
            if sequence < next {
                continue;
            }
            if sequence > next {
                return Err(StorageError::Corrupted(format!("the commits from {next} to {sequence} are missing")));
            }
            let damaged = || StorageError::Corrupted("a record of the redo log cannot be read".into());
            replay(sequence, decode(payload).ok_or_else(damaged)?)?;
            next += 1;
        }
        let length = bytes.len() as u64;
        if length < CAPACITY {
            log.seek(SeekFrom::Start(length))?;
            log.write_all(&vec![0; (CAPACITY - length) as usize])?;
            log.sync_all()?;
        }
        Ok(Self { file: log, end: 0, chain: 0 })
    }

    /// Appends a batch and syncs it; false if it does not fit.
    pub(super) fn append(&mut self, sequence: u64, batch: &Batch) -> Result<bool, StorageError> {
        let mut record = vec![0; HEADER];
        encode(batch, &mut record);
        let length = (record.len() - HEADER) as u32;
        record.resize(record.len().next_multiple_of(BLOCK), 0);
        if self.end + record.len() as u64 > CAPACITY {
            return Ok(false);
        }
        record[8..HEADER].copy_from_slice(&sequence.to_le_bytes());
        let checksum = checksum(self.chain, &record[8..HEADER + length as usize]);
        record[..4].copy_from_slice(&length.to_le_bytes());
        record[4..8].copy_from_slice(&checksum.to_le_bytes());
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&record)?;
        self.file.sync_data()?;
        self.end += record.len() as u64;
        self.chain = checksum;
        Ok(true)
    }

    /// Begins anew at the start. Only after everything appended so far is durable elsewhere.
    pub(super) fn restart(&mut self) {
        self.end = 0;
        self.chain = 0;
    }
}

/// The records of the latest round: whole ones from the start, each with the sequence after the one before.
fn records(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = bytes;
    let mut expected = None;
    let mut chain = 0;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (found, after) = after.split_first_chunk::<4>()?;
        let found = u32::from_le_bytes(*found);
        let length = u32::from_le_bytes(*length) as usize;
        let checked = after.get(..8 + length)?;
        if length == 0 || checksum(chain, checked) != found {
            return None;
        }
        chain = found;
        let (sequence, payload) = checked.split_first_chunk::<8>()?;
        let sequence = u64::from_le_bytes(*sequence);
        if expected.is_some_and(|expected| sequence != expected) {
            return None;
        }
        expected = Some(sequence + 1);
        rest = rest.get((HEADER + length).next_multiple_of(BLOCK)..).unwrap_or_default();
        Some((sequence, payload))
    })
}

/// Continues the checksum of the record before: nothing that lies about in the file passes for the next record.
fn checksum(chain: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(chain);
    hasher.update(bytes);
    hasher.finalize()
}

/// Each write as `key length, key, value length + 1, value`; 0 in place of a value's length removes the key.
fn encode(batch: &Batch, record: &mut Vec<u8>) {
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

/// Bytes behind their length, which is `more` larger than it should be, and what comes after them.
fn piece(bytes: &[u8], more: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked((u32::from_le_bytes(*length) as usize).checked_sub(more)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(n: u64) -> Batch {
        vec![
            (vec![1; n as usize + 1], Some(vec![n as u8; 3])),
            (b"gone".to_vec(), None),
            (b"empty".to_vec(), Some(vec![])),
        ]
    }

    fn replayed(file: &Path, applied: u64) -> Result<Vec<(u64, Batch)>, StorageError> {
        let mut all = Vec::new();
        RedoLog::open(file, applied, |sequence, batch| {
            all.push((sequence, batch));
            Ok(())
        })?;
        Ok(all)
    }

    fn written(sequences: impl Iterator<Item = u64>) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("redo");
        let mut log = RedoLog::open(&file, 0, |_, _| Ok(())).unwrap();
        for sequence in sequences {
            assert!(log.append(sequence, &batch(sequence)).unwrap());
        }
        (directory, file)
    }

    #[test]
    fn what_was_appended_is_replayed_behind_what_was_applied() {
        let (_directory, file) = written(1..=5);
        assert_eq!(replayed(&file, 0).unwrap(), (1..=5).map(|n| (n, batch(n))).collect::<Vec<_>>());
        assert_eq!(replayed(&file, 3).unwrap(), (4..=5).map(|n| (n, batch(n))).collect::<Vec<_>>());
        assert_eq!(replayed(&file, 9).unwrap(), []);
    }

    #[test]
    fn a_store_that_lost_what_it_had_synced_is_noticed() {
        let (_directory, file) = written(7..=9);
        assert!(matches!(replayed(&file, 3), Err(StorageError::Corrupted(_))));
    }

    #[test]
    fn a_new_round_hides_the_rest_of_the_old_one() {
        let (_directory, file) = written(1..=5);
        let mut log = RedoLog::open(&file, 5, |_, _| Ok(())).unwrap();
        assert!(log.append(6, &batch(6)).unwrap());
        assert_eq!(replayed(&file, 5).unwrap(), [(6, batch(6))]);
    }

    #[test]
    fn a_torn_record_ends_the_log_and_harms_nothing_before_it() {
        let (_directory, file) = written(1..=3);
        let whole = std::fs::read(&file).unwrap();
        let third = records(&whole).last().map_or(0, |(_, payload)| payload.len() + HEADER);
        for cut in 2 * BLOCK..2 * BLOCK + third {
            let mut torn = whole.clone();
            torn[cut] ^= 0x20;
            std::fs::write(&file, &torn).unwrap();
            assert_eq!(replayed(&file, 0).unwrap().len(), 2, "byte {cut}");
        }
    }

    #[test]
    fn a_batch_that_does_not_fit_is_not_begun() {
        let (_directory, file) = written(1..=1);
        let mut log = RedoLog::open(&file, 1, |_, _| Ok(())).unwrap();
        let large = vec![(b"key".to_vec(), Some(vec![1; CAPACITY as usize]))];
        assert!(!log.append(2, &large).unwrap());
        assert_eq!(replayed(&file, 0).unwrap(), [(1, batch(1))]);
    }
}
