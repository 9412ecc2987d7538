//! Which files make up the store, and how was it closed? A small file that is replaced atomically.

use std::fs;
use std::io;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::files::disk;
use crate::files::fingerprint::Fingerprint;
use crate::files::layout::{FORMAT_VERSION, Layout, StoreId, check_version};
use crate::files::lock::Lock;
use crate::rows::digest::State;
use crate::rows::records;
use openmemory_domain::Timestamp;

const MAGIC: [u8; 8] = *b"omstore\0";
const HEADER: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub store: StoreId,
    pub created_at: Timestamp,
    pub session: Session,
    /// The number of the sled tree in use.
    pub sled: u64,
    /// The state of the newest checkpoint.
    pub checkpoint: Option<State>,
    /// The first sequences of the oldest log segment that is needed, and of the newest.
    pub oldest: u64,
    pub newest: u64,
}

/// How the store was closed, or that it is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Session {
    /// In use, or not closed properly. With `interval` the last half second of the log may be missing.
    Open { interval: bool },
    /// Closed in this state and with these files of sled.
    Closed { state: State, sled: Fingerprint },
    /// A backup, whose sled tree has not been built yet.
    Backup,
}

impl Manifest {
    pub(crate) fn new(store: StoreId, created_at: Timestamp, session: Session) -> Self {
        Self { store, created_at, session, sled: 1, checkpoint: None, oldest: 1, newest: 1 }
    }

    /// The manifest, or `None` if there is no file.
    ///
    /// # Errors
    /// `Corrupted` if it is damaged, `FormatUnsupported` if another version wrote it.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Self>, StorageError> {
        let bytes = match fs::read(layout.manifest()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let damaged = || StorageError::Corrupted("manifest: the file fails its checksum".into());
        let (header, payload) = bytes.split_first_chunk::<HEADER>().ok_or_else(damaged)?;
        let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        if header[..8] != MAGIC || checksum(number(8), payload) != number(12) {
            return Err(damaged());
        }
        check_version(number(8))?;
        records::decode(payload).map(Some)
    }

    pub(crate) fn write(&self, layout: &Layout) -> Result<(), StorageError> {
        let payload = records::encode(self)?;
        let version = FORMAT_VERSION.to_le_bytes();
        let checksum = checksum(FORMAT_VERSION, &payload).to_le_bytes();
        let bytes = [MAGIC.as_slice(), &version, &checksum, &payload].concat();
        Ok(disk::publish(&layout.manifest(), &bytes)?)
    }
}

fn checksum(version: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&version.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// The manifest of an open store, which the writer and the checkpointer change.
pub(crate) struct SharedManifest {
    layout: Layout,
    lock: Lock,
    value: Mutex<Manifest>,
}

impl SharedManifest {
    pub(crate) fn new(layout: &Layout, lock: Lock, manifest: Manifest) -> Self {
        Self { layout: layout.clone(), lock, value: Mutex::new(manifest) }
    }

    /// Checks that the directory is still the one that was opened. Call it before writing to the directory.
    pub(crate) fn check_place(&self) -> Result<(), StorageError> {
        self.lock.check()
    }

    pub(crate) fn now(&self) -> Manifest {
        self.value.lock().clone()
    }

    /// Changes the manifest, first on disk.
    ///
    /// # Errors
    /// The change may have happened even so, if only the sync of the directory failed; see [`SharedManifest::now`].
    pub(crate) fn update(&self, change: impl FnOnce(&mut Manifest)) -> Result<(), StorageError> {
        self.check_place()?;
        let mut value = self.value.lock();
        let mut next = value.clone();
        change(&mut next);
        let written = next.write(&self.layout);
        if written.is_ok() || matches!(Manifest::read(&self.layout), Ok(Some(found)) if found == next) {
            *value = next;
        }
        written
    }

    /// Changes something that recovery can do without. If it cannot be written now, the next update writes it.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Manifest)) {
        let mut value = self.value.lock();
        change(&mut value);
        if self.check_place().is_ok() {
            let _ = value.write(&self.layout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (tempfile::TempDir, Layout, Manifest) {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        let session = Session::Closed { state: State::default(), sled: Fingerprint::default() };
        let manifest = Manifest::new([9; 16], Timestamp::from_millis(7), session);
        manifest.write(&layout).unwrap();
        (directory, layout, manifest)
    }

    #[test]
    fn every_changed_or_missing_byte_is_detected() {
        let (_directory, layout, manifest) = written();
        assert_eq!(Manifest::read(&layout).unwrap(), Some(manifest));
        let whole = fs::read(layout.manifest()).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(layout.manifest(), damaged).unwrap();
            assert!(matches!(Manifest::read(&layout), Err(StorageError::Corrupted(_))), "byte {at}");
            fs::write(layout.manifest(), &whole[..at]).unwrap();
            assert!(matches!(Manifest::read(&layout), Err(StorageError::Corrupted(_))), "cut at {at}");
        }
    }

    #[test]
    fn formats_1_and_2_are_read_and_others_are_unsupported() {
        let (_directory, layout, manifest) = written();
        let bytes = fs::read(layout.manifest()).unwrap();
        let read = |version: u32| {
            let mut bytes = bytes.clone();
            bytes[8..12].copy_from_slice(&version.to_le_bytes());
            let checksum = checksum(version, &bytes[HEADER..]).to_le_bytes();
            bytes[12..16].copy_from_slice(&checksum);
            fs::write(layout.manifest(), bytes).unwrap();
            Manifest::read(&layout)
        };
        for version in [1, 2] {
            assert_eq!(read(version).unwrap().as_ref(), Some(&manifest));
        }
        for version in [0, 3, 7, u32::MAX] {
            let refused = read(version).unwrap_err();
            let StorageError::FormatUnsupported { found, supported: 2 } = refused else { panic!("{refused}") };
            assert_eq!(found, version);
        }
    }
}
