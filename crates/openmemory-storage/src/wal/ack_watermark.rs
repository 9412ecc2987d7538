//! Which commit was acknowledged last? Its number is in a separate file, so that damage to the end of the log, where
//! the last record and its mark are next to each other, does not affect it.

use std::fs::{File, OpenOptions};
use std::io;

use crate::files::disk::{private, write_at};
use crate::files::layout::{Layout, StoreId};

const BYTES: usize = 12;

pub(crate) struct AckWatermark {
    file: File,
    store: StoreId,
    noted: u64,
}

impl AckWatermark {
    pub(crate) fn open(layout: &Layout, store: StoreId) -> io::Result<Self> {
        let path = layout.acknowledged();
        let file = private(OpenOptions::new().write(true).create(true).truncate(false)).open(path)?;
        Ok(Self { file, store, noted: 0 })
    }

    /// Records a durable commit. It is not synced, because nothing depends on it: after a power cut the number may be
    /// lower.
    pub(crate) fn note(&mut self, sequence: u64) {
        if self.noted != sequence && write_at(&self.file, &encode(self.store, sequence), 0).is_ok() {
            self.noted = sequence;
        }
    }

    /// The last recorded commit of this store; 0 if there is none or the file is invalid.
    pub(crate) fn read(layout: &Layout, store: StoreId) -> u64 {
        let bytes = std::fs::read(layout.acknowledged()).unwrap_or_default();
        let number = bytes.first_chunk().map_or(0, |number| u64::from_le_bytes(*number));
        if bytes == encode(store, number) { number } else { 0 }
    }
}

/// The number, followed by a checksum over the store's id and the number.
fn encode(store: StoreId, sequence: u64) -> [u8; BYTES] {
    let number = sequence.to_le_bytes();
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&store);
    hasher.update(&number);
    let mut bytes = [0; BYTES];
    bytes[..number.len()].copy_from_slice(&number);
    bytes[number.len()..].copy_from_slice(&hasher.finalize().to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_is_read_unless_damaged_or_foreign() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        assert_eq!(AckWatermark::read(&layout, [1; 16]), 0);
        let mut acknowledged = AckWatermark::open(&layout, [1; 16]).unwrap();
        for sequence in [7, 1 << 40] {
            acknowledged.note(sequence);
            assert_eq!(AckWatermark::read(&layout, [1; 16]), sequence);
        }
        assert_eq!(AckWatermark::read(&layout, [2; 16]), 0);
        let mut bytes = std::fs::read(layout.acknowledged()).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 4;
            std::fs::write(layout.acknowledged(), &bytes).unwrap();
            assert_eq!(AckWatermark::read(&layout, [1; 16]), 0);
            bytes[at] ^= 4;
        }
    }
}
