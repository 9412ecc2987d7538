//! What is in a checkpoint? All rows of the store in one file of checksummed blocks, in key order.
//!
//! Rows are read while commits continue, so a row that changes meanwhile may be in the file in its old or its new form.
//! Replaying the log after the commit that the header names corrects this.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use crate::error::StorageError;
use crate::files::disk;
use crate::files::layout::{FORMAT_VERSION, StoreId, check_version, name};
use crate::rows::backend::Row;
use crate::rows::digest::{Digest, State};

const MAGIC: [u8; 8] = *b"omcheck\0";
const HEADER: usize = 40 + Digest::ENCODED;
const BLOCK: usize = 256 * 1024;
/// Bytes between syncs. The checkpoint shares the disk with commits, which would have to wait for a large sync.
const SYNC_EVERY: usize = 4 * 1024 * 1024;

/// The header of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub store: StoreId,
    /// The last commit that the checkpoint includes completely, and the digest of the store after it.
    pub state: State,
}

/// Writes a checkpoint to a temporary file and renames it durably when it is complete. `keep_going` is called after
/// each block.
pub(crate) fn write(
    path: &Path,
    header: &Header,
    rows: impl Iterator<Item = Result<Row, StorageError>>,
    keep_going: impl Fn() -> bool,
) -> Result<(), StorageError> {
    let temporary = path.with_added_extension("new");
    let result = write_all(&temporary, header, rows, keep_going);
    match result {
        Ok(()) => Ok(disk::rename_durably(&temporary, path)?),
        Err(error) => {
            let _ = disk::remove_file(&temporary);
            Err(error)
        }
    }
}

fn write_all(
    path: &Path,
    header: &Header,
    rows: impl Iterator<Item = Result<Row, StorageError>>,
    keep_going: impl Fn() -> bool,
) -> Result<(), StorageError> {
    let mut file = disk::create(path)?;
    let mut bytes = [0; HEADER];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[12..28].copy_from_slice(&header.store);
    bytes[28..36].copy_from_slice(&header.state.sequence.to_le_bytes());
    bytes[36..HEADER - 4].copy_from_slice(&header.state.digest.encode());
    let mut chain = crc32fast::hash(&bytes[..HEADER - 4]);
    bytes[HEADER - 4..].copy_from_slice(&chain.to_le_bytes());
    file.write_all(&bytes)?;
    let (mut block, mut count, mut unsynced) = (Vec::new(), 0u64, 0);
    for row in rows {
        let (key, value) = row?;
        block.extend_from_slice(&(key.len() as u32).to_le_bytes());
        block.extend_from_slice(&(value.len() as u32).to_le_bytes());
        block.extend_from_slice(&key);
        block.extend_from_slice(&value);
        count += 1;
        if block.len() >= BLOCK {
            unsynced += block.len();
            chain = put(&mut file, &block, chain)?;
            block.clear();
            if unsynced >= SYNC_EVERY {
                disk::sync_data(&file)?;
                unsynced = 0;
            }
            if !keep_going() {
                return Err(StorageError::Closed);
            }
        }
    }
    if !block.is_empty() {
        chain = put(&mut file, &block, chain)?;
    }
    // The trailer: length 0, and the number of rows, which the checksum covers.
    let checksum = continued(chain, &count.to_le_bytes()).to_le_bytes();
    file.write_all(&[&[0; 4], checksum.as_slice(), &count.to_le_bytes()].concat())?;
    Ok(disk::sync(&file)?)
}

/// Writes a block: its length, a checksum that continues the previous one, and compressed rows.
fn put(file: &mut File, rows: &[u8], chain: u32) -> Result<u32, StorageError> {
    let bytes = lz4_flex::compress_prepend_size(rows);
    let checksum = continued(chain, &bytes);
    file.write_all(&[&(bytes.len() as u32).to_le_bytes(), checksum.to_le_bytes().as_slice(), &bytes].concat())?;
    Ok(checksum)
}

fn continued(chain: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(chain);
    hasher.update(bytes);
    hasher.finalize()
}

/// Reads a checkpoint block by block.
pub(crate) struct Reader {
    file: BufReader<File>,
    name: String,
    pub header: Header,
    chain: u32,
    rows: u64,
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Result<Self, StorageError> {
        let name = name(path);
        let damaged = |what: &str| StorageError::Corrupted(format!("{name}: {what}"));
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged("the file is missing")),
            file => file?,
        };
        let mut file = BufReader::with_capacity(BLOCK, file);
        let mut bytes = [0; HEADER];
        file.read_exact(&mut bytes).map_err(|_| damaged("the file is cut short"))?;
        let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let chain = number(HEADER - 4);
        if bytes[..8] != MAGIC || crc32fast::hash(&bytes[..HEADER - 4]) != chain {
            return Err(damaged("the header fails its checksum"));
        }
        check_version(number(8))?;
        let sequence = u64::from_le_bytes(std::array::from_fn(|i| bytes[28 + i]));
        let digest = Digest::decode(&std::array::from_fn(|i| bytes[36 + i]));
        let header = Header { store: std::array::from_fn(|i| bytes[12 + i]), state: State { sequence, digest } };
        Ok(Self { file, name, header, chain, rows: 0 })
    }

    /// The next rows; `None` at the end.
    pub(crate) fn block(&mut self) -> Result<Option<Vec<Row>>, StorageError> {
        let mut fixed = [0; 8];
        self.file.read_exact(&mut fixed).map_err(|_| self.damaged("the file is cut short"))?;
        let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| fixed[at + i]));
        let (length, checksum) = (number(0) as usize, number(4));
        let mut bytes = Vec::new();
        let wanted = if length == 0 { 8 } else { length as u64 };
        (&mut self.file).take(wanted).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != wanted || continued(self.chain, &bytes) != checksum {
            return Err(self.damaged("a block fails its checksum"));
        }
        if length == 0 {
            let complete = bytes == self.rows.to_le_bytes() && self.file.read(&mut fixed)? == 0;
            return if complete { Ok(None) } else { Err(self.damaged("the end is not where it should be")) };
        }
        self.chain = checksum;
        let bytes = lz4_flex::decompress_size_prepended(&bytes).ok();
        let rows = bytes.and_then(|bytes| rows(&bytes)).ok_or_else(|| self.damaged("a block cannot be read"))?;
        self.rows += rows.len() as u64;
        Ok(Some(rows))
    }

    fn damaged(&self, what: &str) -> StorageError {
        StorageError::Corrupted(format!("{}: {what}", self.name))
    }
}

fn rows(mut bytes: &[u8]) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        let (key, rest) = bytes.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_first_chunk::<4>()?;
        let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*key) as usize)?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*value) as usize)?;
        rows.push((key.to_vec(), value.to_vec()));
        bytes = rest;
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: usize) -> (tempfile::TempDir, std::path::PathBuf, Vec<Row>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint");
        // Incompressible data.
        let noise = blake3::Hasher::new().finalize_xof();
        let value = |i: usize| {
            let (mut noise, mut value) = (noise.clone(), vec![0; i % 300]);
            noise.set_position(300 * i as u64);
            noise.fill(&mut value);
            value
        };
        let rows: Vec<Row> = (0..rows).map(|i| (format!("key{i:06}").into_bytes(), value(i))).collect();
        let header = Header { store: [7; 16], state: State { sequence: 9, digest: Digest::default() } };
        write(&path, &header, rows.iter().cloned().map(Ok), || true).unwrap();
        (directory, path, rows)
    }

    fn read(path: &Path) -> Result<Vec<Row>, StorageError> {
        let mut reader = Reader::open(path)?;
        assert_eq!((reader.header.store, reader.header.state.sequence), ([7; 16], 9));
        let mut rows = Vec::new();
        while let Some(block) = reader.block()? {
            rows.extend(block);
        }
        Ok(rows)
    }

    #[test]
    fn rows_round_trip_in_any_number_of_blocks() {
        for count in [0, 1, 5000] {
            let (_directory, path, rows) = written(count);
            assert_eq!(read(&path).unwrap(), rows);
        }
    }

    #[test]
    fn every_changed_or_missing_byte_is_detected() {
        let (_directory, path, _) = written(3000);
        let whole = std::fs::read(&path).unwrap();
        assert!(whole.len() > BLOCK);
        for at in (0..whole.len()).step_by(1 + whole.len() / 500) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            assert!(matches!(read(&path), Err(StorageError::Corrupted(_))), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(read(&path), Err(StorageError::Corrupted(_))), "cut at {at}");
        }
    }
}
