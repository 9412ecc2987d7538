//! What does the engine see of all this? A directory of memories: typed reads, and commits.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::backend::{Backend, Row};
use super::commits::Commits;
use super::error::StorageError;
use super::keys::{self, Number};
use super::records::{self, COUNTERS, Counters, FORMAT, Records, Tombstone};
use super::sled_backend::SledBackend;
use super::transaction::Transaction;
use super::writer::Writer;
use crate::domain::request::{Order, TimeField};
use crate::domain::{MemoryId, Timestamp, Version};

/// The format that this version writes; docs/format.md describes it.
const FORMAT_VERSION: u32 = 1;

/// When does a commit answer?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When it survives a power cut.
    Flush,
    /// At once; a crash may lose the last half second.
    Interval,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Format {
    version: u32,
    created_at: Timestamp,
}

pub struct Store {
    backend: Arc<dyn Backend>,
    writer: Writer,
}

/// Which memories a walk in order of time visits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Among {
    All,
    Scope { field: &'static str, value: String },
    Tag(String),
}

/// A place in an order of time: the walk goes on behind it.
pub type Place = (Timestamp, Number);

impl Store {
    /// Opens the directory, or makes it. Only one store at a time can have it open.
    pub fn open(directory: &Path, durability: Durability, now: Timestamp) -> Result<Self, StorageError> {
        let backend: Arc<dyn Backend> = Arc::new(SledBackend::open(&directory.join("sled"))?);
        check_format(&backend, now)?;
        let commits = Commits::open(Arc::clone(&backend), directory, durability)?;
        sync_names(directory)?;
        let writer = Writer::start(commits)?;
        Ok(Self { backend, writer })
    }

    /// Runs `work` in one atomic, durable commit; see [`Writer::commit`].
    pub async fn commit<T, E, W, P>(&self, work: W, publish: P) -> Result<Result<T, E>, StorageError>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        P: FnOnce(&T) + Send + 'static,
    {
        self.writer.commit(work, publish).await
    }

    /// Makes everything committed durable, whatever the durability.
    pub fn flush(&self) -> Result<(), StorageError> {
        self.backend.sync()
    }

    /// Finishes what is queued and syncs; later commits are refused.
    pub fn close(&self) -> Result<(), StorageError> {
        self.writer.stop();
        self.backend.sync()
    }

    /// How many memories there are.
    pub fn count(&self) -> Result<u64, StorageError> {
        let counters: Option<Counters> = self.record(&keys::meta(COUNTERS))?;
        Ok(counters.unwrap_or_default().memories)
    }

    pub fn bytes_on_disk(&self) -> Result<u64, StorageError> {
        self.backend.bytes_on_disk()
    }

    /// Every memory's newest version, in the order in which they were added.
    pub fn heads(&self) -> impl Iterator<Item = Result<(Number, Version), StorageError>> + '_ {
        let prefix = keys::heads_prefix();
        self.backend.rows(&prefix, &keys::after(&prefix), false).filter_map(|row| {
            let number = match row {
                Ok((key, _)) => keys::trailing_number(&key)?,
                Err(error) => return Some(Err(error)),
            };
            // Read again by key: a long row lies in parts, and this one may be gone by now.
            self.head(number).map(|head| head.map(|head| (number, head))).transpose()
        })
    }

    /// What is left of deleted memories, in the order of their ids.
    pub fn tombstones(&self) -> impl Iterator<Item = Result<(MemoryId, Tombstone), StorageError>> + '_ {
        let prefix = keys::tombstones_prefix();
        self.backend.rows(&prefix, &keys::after(&prefix), false).filter_map(|row| {
            let key = match row {
                Ok((key, _)) => key,
                Err(error) => return Some(Err(error)),
            };
            let id = keys::tombstone_id(&key).and_then(|id| MemoryId::read("id", id).ok());
            let damaged = || StorageError::Corrupted("the id of a deleted memory".into());
            match self.record(&key) {
                Ok(tombstone) => tombstone.map(|tombstone| Ok((id.ok_or_else(damaged)?, tombstone))),
                Err(error) => Some(Err(error)),
            }
        })
    }

    /// The numbers of memories in order of a time, from behind `place` on.
    pub fn by_time(
        &self,
        among: &Among,
        order: Order,
        place: Option<Place>,
    ) -> impl Iterator<Item = Result<Number, StorageError>> + '_ {
        let prefix = match (among, order.by) {
            (_, TimeField::Updated) => keys::updated_prefix(),
            (Among::All, TimeField::Created) => keys::created_prefix(),
            (Among::Scope { field, value }, _) => keys::scope_prefix(field, value),
            (Among::Tag(tag), _) => keys::tag_prefix(tag),
        };
        let (mut from, mut to) = (prefix.clone(), keys::after(&prefix));
        if let Some((at, number)) = place {
            let mut here = prefix;
            here.extend_from_slice(&keys::sortable(at));
            here.extend_from_slice(&number.0.to_be_bytes());
            if order.newest_first {
                to = here;
            } else {
                here.push(0);
                from = here;
            }
        }
        self.backend
            .rows(&from, &to, order.newest_first)
            .filter_map(|row| row.map(|(key, _)| keys::trailing_number(&key)).transpose())
    }

    /// Replaced versions below `before`, newest first.
    pub fn history(&self, number: Number, before: u64) -> impl Iterator<Item = Result<Version, StorageError>> + '_ {
        let from = keys::history_prefix(number);
        self.backend.rows(&from, &keys::history(number, before), true).filter_map(move |row| match row {
            Ok((key, _)) => self.record(&key).transpose(),
            Err(error) => Some(Err(error)),
        })
    }

    /// A record that the engine keeps about the whole store, such as the vectors of sector prototypes.
    pub fn prototypes<T: DeserializeOwned>(&self) -> Result<Option<T>, StorageError> {
        self.record(&records::prototypes_key())
    }
}

impl Records for Store {
    fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.backend.value(key)
    }

    fn raw_with_prefix(&self, prefix: &[u8]) -> Result<Vec<Row>, StorageError> {
        self.backend.rows(prefix, &keys::after(prefix), false).collect()
    }
}

/// The names of new files must survive a power cut as well as what is in them.
fn sync_names(directory: &Path) -> Result<(), StorageError> {
    if cfg!(unix) {
        File::open(directory.join("sled"))?.sync_all()?;
        File::open(directory)?.sync_all()?;
        // The parent may be closed to this user; then the directory was not made by it either.
        if let Ok(parent) = directory.canonicalize().and_then(|path| File::open(path.join(".."))) {
            parent.sync_all()?;
        }
    }
    Ok(())
}

fn check_format(backend: &Arc<dyn Backend>, now: Timestamp) -> Result<(), StorageError> {
    let mut transaction = Transaction::new(&**backend);
    let key = keys::meta(FORMAT);
    match transaction.record::<Format>(&key)? {
        Some(format) if format.version == FORMAT_VERSION => Ok(()),
        Some(format) => Err(StorageError::FormatUnsupported { found: format.version, supported: FORMAT_VERSION }),
        None if backend.rows(&[0], &[u8::MAX], false).next().is_some() => {
            Err(StorageError::Corrupted("the format row is missing".into()))
        }
        None => {
            transaction.put(&key, &Format { version: FORMAT_VERSION, created_at: now })?;
            backend.apply(transaction.into_batch())?;
            backend.sync()
        }
    }
}

#[cfg(test)]
mod tests;
