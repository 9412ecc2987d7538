//! How is sled used durably? As one tree, with the `fdatasync` that sled omits on Linux.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::StorageError;
use crate::files::disk;
use crate::rows::backend::{Backend, Batch, RowIterator};

/// The limits of sled's page cache, which gets one byte per 16 bytes of rows in between. Other pages are read from the
/// system's file cache. A store without rows is going to be filled, and gets the most.
const CACHE_BYTES: RangeInclusive<u64> = 1024 * 1024..=8 * 1024 * 1024;
/// The cache while a tree is built: an eighth of the rows. sled divides its cache into 256 shards by page number, and
/// building is much slower if the pages of a shard do not fit.
const CACHE_BYTES_TO_BUILD: RangeInclusive<u64> = 8 * 1024 * 1024..=64 * 1024 * 1024;
/// sled cleans at most one segment per flush. With its defaults of 512 KiB twice a second, its files grow without bound
/// under steady writes. Elsewhere than on Linux each flush makes the disk write its cache, even if nothing has changed, and
/// commits wait for the same disk; there a tree that has grown too large is rebuilt sooner.
const FLUSH_EVERY_MS: u64 = if cfg!(target_os = "linux") { 50 } else { 500 };
const SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// How long sled's file may stay locked after it was closed. Nothing else locks it: the store has its own lock.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct SledTree {
    db: Guarded<sled::Db>,
    /// A second handle to sled's log: syncing any handle syncs the file.
    log: File,
    failed: Failed,
}

impl SledTree {
    /// `bytes`: the approximate size of the rows.
    pub(crate) fn open(directory: &Path, bytes: u64) -> Result<Self, StorageError> {
        let cache = if bytes == 0 { *CACHE_BYTES.end() } else { clamp(bytes / 16, CACHE_BYTES) };
        Self::open_with(directory, cache, Some(FLUSH_EVERY_MS))
    }

    /// For filling, syncing and closing: no background flush moves pages meanwhile.
    pub(crate) fn open_to_build(directory: &Path, bytes: u64) -> Result<Self, StorageError> {
        Self::open_with(directory, clamp(bytes / 8, CACHE_BYTES_TO_BUILD), None)
    }

    fn open_with(directory: &Path, cache: u64, flush_every_ms: Option<u64>) -> Result<Self, StorageError> {
        check_clock(SystemTime::now())?;
        disk::create_subdirectory(directory)?;
        let failed = Failed::default();
        let config = sled::Config::new()
            .path(directory)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(cache)
            .flush_every_ms(flush_every_ms);
        let db = failed.guard(|| open_when_released(&config))?;
        // Windows syncs only through a handle that may write.
        let log = OpenOptions::new().read(true).write(true).open(directory.join("db"))?;
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

    fn sync(&self) -> Result<(), StorageError> {
        self.failed.guard(|| self.db.get()?.flush())?;
        // On Linux the flush above ends with sync_file_range, which does not survive a power cut.
        Ok(disk::sync_data(&self.log)?)
    }
}

/// Opens sled, also if the system has not released the lock of its file yet, as Windows does some time after closing.
fn open_when_released(config: &sled::Config) -> sled::Result<sled::Db> {
    let begin = Instant::now();
    loop {
        match config.open() {
            Err(error) if is_lock(&error) && begin.elapsed() < RELEASE_TIMEOUT => sleep(Duration::from_millis(2)),
            opened => return opened,
        }
    }
}

fn is_lock(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(io) if io.to_string().contains("could not acquire lock"))
}

fn clamp(bytes: u64, bounds: RangeInclusive<u64>) -> u64 {
    bytes.clamp(*bounds.start(), *bounds.end())
}

/// A handle of sled. Dropping the last one makes sled sync its files, which panics if the disk fails.
struct Guarded<T>(Option<T>);

impl<T> Guarded<T> {
    /// The handle, until it is dropped.
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

/// sled panics while the clock is before 1970, which would look like damage.
pub(crate) fn check_clock(now: SystemTime) -> Result<(), StorageError> {
    if now < UNIX_EPOCH { Err(StorageError::Clock) } else { Ok(()) }
}

/// Whether sled has had an I/O error, even in the background. After a failed write sled fails every call with that
/// error, including reads.
#[derive(Clone, Default)]
struct Failed(Arc<AtomicBool>);

impl Failed {
    /// Turns panics of sled, which some damage causes, into errors.
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
        locked if is_lock(&locked) => StorageError::Locked(None),
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
    use super::*;

    #[test]
    fn an_io_error_fails_the_tree_but_damage_does_not() {
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
    fn a_tree_opens_once_the_lock_of_its_file_is_released() {
        let directory = tempfile::tempdir().unwrap();
        drop(SledTree::open(directory.path(), 0).unwrap());
        let held = File::open(directory.path().join("db")).unwrap();
        held.lock().unwrap();
        let released = std::thread::spawn(move || {
            sleep(RELEASE_TIMEOUT / 10);
            held.unlock()
        });
        assert!(SledTree::open(directory.path(), 0).is_ok());
        released.join().unwrap().unwrap();
    }

    #[test]
    fn a_clock_before_1970_is_not_damage() {
        let before = UNIX_EPOCH - Duration::from_secs(1_900_000_000);
        assert!(matches!(check_clock(before), Err(StorageError::Clock)));
        assert!(check_clock(UNIX_EPOCH).is_ok());
    }
}
