//! How does sled offer it, durably? One tree; a flush, and then the `fdatasync` that sled leaves out on Linux.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::StorageError;
use crate::files::disk;
use crate::rows::backend::{Backend, Batch, RowIterator};
use crate::rows::keys;

/// The least and the most of pages that sled keeps in memory, and in between one byte for 256 of the rows. A page that is
/// not kept is read from the system's cache of the file: with eight times as many, nothing was faster.
const CACHE_BYTES: RangeInclusive<u64> = 128 * 1024..=64 * 1024 * 1024;
/// While it is built it keeps more, an eighth: it shares the room out to 256 places by the pages' numbers, and where the pages of a
/// place do not fit, building takes twice as long and more.
const CACHE_BYTES_TO_BUILD: RangeInclusive<u64> = 8 * 1024 * 1024..=64 * 1024 * 1024;
/// At each flush sled cleans one segment at most: with 512 KiB twice a second, which it does by itself, its files grow
/// without bound under steady writing.
const FLUSH_EVERY_MS: u64 = 50;
const SEGMENT_BYTES: usize = 2 * 1024 * 1024;
/// sled looks at what it keeps of a place's pages at every 64th access to them, and always keeps the last one. Among so
/// many small rows, one in so many, there are pages of nearly all places; read so often each, a small page is the last.
const ROWS_OF_ALL_PLACES: usize = 16_384;
const ONE_IN: usize = 8;
const READ_TIMES: usize = 65;

pub(crate) struct SledTree {
    db: Guarded<sled::Db>,
    /// sled's log, opened once more: syncing any handle syncs the file.
    log: File,
    failed: Failed,
}

impl SledTree {
    /// `bytes`: how much the rows take, about.
    pub(crate) fn open(directory: &Path, bytes: u64) -> Result<Self, StorageError> {
        Self::open_with(directory, within(bytes / 256, CACHE_BYTES), Some(FLUSH_EVERY_MS))
    }

    /// To be filled, synced and closed: pages are not moved meanwhile.
    pub(crate) fn open_to_build(directory: &Path, bytes: u64) -> Result<Self, StorageError> {
        Self::open_with(directory, within(bytes / 8, CACHE_BYTES_TO_BUILD), None)
    }

    fn open_with(directory: &Path, cache: u64, flush_every_ms: Option<u64>) -> Result<Self, StorageError> {
        check_clock(SystemTime::now())?;
        disk::create_directory(directory)?;
        let failed = Failed::default();
        let db = failed.guard(|| {
            sled::Config::new()
                .path(directory)
                .segment_size(SEGMENT_BYTES)
                .cache_capacity(cache)
                .flush_every_ms(flush_every_ms)
                .open()
        })?;
        let log = File::open(directory.join("db"))?;
        disk::make_private(directory)?;
        Ok(Self { db: Guarded(Some(db)), log, failed })
    }

    pub(crate) fn owned_rows(&self, from: &[u8], to: &[u8], backwards: bool) -> RowIterator<'static> {
        let failed = self.failed.clone();
        let mut rows = Guarded(self.db.get().ok().map(|db| db.range(from.to_vec()..to.to_vec())));
        Box::new(std::iter::from_fn(move || {
            let rows = rows.0.as_mut()?;
            let next = failed.guard(|| if backwards { rows.next_back().transpose() } else { rows.next().transpose() });
            next.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec()))).transpose()
        }))
    }
}

impl Backend for SledTree {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.failed.guard(|| self.db.get()?.get(key)).map(|value| value.map(|bytes| bytes.to_vec()))
    }

    fn rows(&self, from: &[u8], to: &[u8], backwards: bool) -> RowIterator<'_> {
        self.owned_rows(from, to, backwards)
    }

    fn apply(&self, batch: Batch) -> Result<(), StorageError> {
        let mut writes = sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.failed.guard(|| self.db.get()?.apply_batch(writes))
    }

    fn write(&self, batch: Batch) -> Result<(), StorageError> {
        for (key, value) in batch {
            self.failed.guard(|| match value {
                Some(value) => self.db.get()?.insert(key, value),
                None => self.db.get()?.remove(key),
            })?;
        }
        Ok(())
    }

    fn has_failed(&self) -> bool {
        self.failed.0.load(Ordering::Relaxed)
    }

    fn evict_pages(&self) -> Result<(), StorageError> {
        // One for each memory.
        let small = keys::dynamics_prefix();
        let some = self.failed.guard(|| {
            let rows = self.db.get()?.range(small.clone()..keys::after(&small)).keys();
            rows.take(ROWS_OF_ALL_PLACES).step_by(ONE_IN).collect::<sled::Result<Vec<_>>>()
        })?;
        for key in some.iter().flat_map(|key| std::iter::repeat_n(key, READ_TIMES)) {
            self.failed.guard(|| self.db.get()?.get(key))?;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StorageError> {
        self.failed.guard(|| self.db.get()?.flush())?;
        // On Linux the flush above ends in sync_file_range, which no power cut respects.
        Ok(self.log.sync_data()?)
    }
}

fn within(bytes: u64, bounds: RangeInclusive<u64>) -> u64 {
    bytes.clamp(*bounds.start(), *bounds.end())
}

/// Something of sled's. Whoever drops the last one lets sled sync its files, which panics where the disk refuses.
struct Guarded<T>(Option<T>);

impl<T> Guarded<T> {
    /// What is held, until it is dropped.
    fn get(&self) -> sled::Result<&T> {
        self.0.as_ref().ok_or_else(|| sled::Error::Unsupported("sled is closed".into()))
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let held = self.0.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(held)));
    }
}

/// sled panics while the clock is before 1970, which would be taken for damage.
pub(crate) fn check_clock(now: SystemTime) -> Result<(), StorageError> {
    if now < UNIX_EPOCH { Err(StorageError::Clock) } else { Ok(()) }
}

/// Whether sled has met a failure of the disk, be it in the background: after a failed write it refuses every call, reads
/// too, with the error of that write.
#[derive(Clone, Default)]
struct Failed(Arc<AtomicBool>);

impl Failed {
    /// sled panics on some damage; a caller gets an error instead.
    fn guard<T>(&self, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StorageError> {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(result) => result.map_err(|error| {
                let error = translate(error);
                if matches!(error, StorageError::Io(_)) {
                    self.0.store(true, Ordering::Relaxed);
                }
                error
            }),
            Err(_) => Err(StorageError::Corrupted("sled could not read its log".into())),
        }
    }
}

fn translate(error: sled::Error) -> StorageError {
    match error {
        sled::Error::Io(io) if io.to_string().contains("could not acquire lock") => StorageError::Locked(None),
        sled::Error::Io(io) if io.kind() == io::ErrorKind::NotFound => {
            StorageError::Corrupted("sled: a file is missing".into())
        }
        sled::Error::Io(io) => io.into(),
        sled::Error::Corruption { .. } => StorageError::Corrupted("a page of sled's log fails its checksum".into()),
        other => StorageError::Corrupted(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_refusal_of_the_disk_fails_the_tree_and_damage_does_not() {
        for (error, fails) in [
            (sled::Error::Io(io::ErrorKind::StorageFull.into()), true),
            (sled::Error::Io(io::Error::from_raw_os_error(5)), true),
            (sled::Error::Io(io::ErrorKind::NotFound.into()), false),
            (sled::Error::Unsupported("closed".into()), false),
        ] {
            let failed = Failed::default();
            assert!(failed.clone().guard(|| Err::<(), _>(error)).is_err());
            assert_eq!(failed.0.load(Ordering::Relaxed), fails);
        }
    }

    #[test]
    fn a_clock_before_1970_is_no_damage() {
        let before = UNIX_EPOCH - Duration::from_secs(1_900_000_000);
        assert!(matches!(check_clock(before), Err(StorageError::Clock)));
        assert!(check_clock(UNIX_EPOCH).is_ok());
    }
}
