//! Which commit was the last that somebody was told of? A number in a file of its own: what damages the end of the log,
//! where the last record and its mark stand together, does not reach it.

use std::fs::{File, OpenOptions};
use std::io;

use super::layout::{Layout, StoreId};
use super::redo_log::write_at;

const BYTES: usize = 12;

pub(super) struct Acknowledged {
    file: File,
    store: StoreId,
}

impl Acknowledged {
    pub(super) fn open(layout: &Layout, store: StoreId) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(layout.acknowledged())?;
        Ok(Self { file, store })
    }

    /// Notes a commit that is durable. Not synced, as nothing depends on it: after a power cut it may be an earlier one.
    pub(super) fn note(&self, sequence: u64) {
        let [number, checksum] =
            [sequence.to_le_bytes().to_vec(), checksum(self.store, sequence).to_le_bytes().to_vec()];
        let _ = write_at(&self.file, &[number, checksum].concat(), 0);
    }

    /// The commit that was noted last for this store; 0 if none was, or nobody can tell.
    pub(super) fn read(layout: &Layout, store: StoreId) -> u64 {
        let bytes = std::fs::read(layout.acknowledged()).unwrap_or_default();
        let Some((number, expected)) = bytes.first_chunk::<BYTES>().and_then(|bytes| bytes.split_first_chunk()) else {
            return 0;
        };
        let sequence = u64::from_le_bytes(*number);
        if checksum(store, sequence).to_le_bytes() == expected { sequence } else { 0 }
    }
}

fn checksum(store: StoreId, sequence: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&store);
    hasher.update(&sequence.to_le_bytes());
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_is_read_and_a_damaged_or_foreign_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        assert_eq!(Acknowledged::read(&layout, [1; 16]), 0);
        let acknowledged = Acknowledged::open(&layout, [1; 16]).unwrap();
        for sequence in [7, 1 << 40] {
            acknowledged.note(sequence);
            assert_eq!(Acknowledged::read(&layout, [1; 16]), sequence);
        }
        assert_eq!(Acknowledged::read(&layout, [2; 16]), 0);
        let mut bytes = std::fs::read(layout.acknowledged()).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 4;
            std::fs::write(layout.acknowledged(), &bytes).unwrap();
            assert_eq!(Acknowledged::read(&layout, [1; 16]), 0);
            bytes[at] ^= 4;
        }
    }
}
