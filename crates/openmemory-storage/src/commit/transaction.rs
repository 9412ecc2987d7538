//! How do several changes become one? Writes gather over the store; each job's can be taken back until the commit.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::error::StorageError;
use crate::rows::backend::{Backend, Batch, Row};
use crate::rows::digest::{Digest, RowDigest};
use crate::rows::envelope;
use crate::rows::keys;
use crate::rows::records::{self, Records};
use crate::rows::typed::rows_over_records;
use openmemory_rules::Number;

/// A value to set, or none to remove.
type Write = Option<Vec<u8>>;
type Writes = BTreeMap<Vec<u8>, Write>;
/// Longer values are read again: few of them are replaced, and a transaction may read many.
const MAX_CACHED_VALUE_BYTES: usize = 4096;

/// The store as it will be after the commit.
pub struct Transaction<'a> {
    base: &'a dyn Backend,
    writes: Writes,
    /// What the store held before the transaction under the keys that were read.
    before: RefCell<HashMap<Vec<u8>, Option<Vec<u8>>>>,
    /// Memories with this number or a higher one are new.
    first_new: Option<Number>,
    /// What each write of the job at hand replaced, oldest first.
    undo: Vec<(Vec<u8>, Option<Write>)>,
    bytes: usize,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(base: &'a dyn Backend) -> Self {
        let (writes, before) = (Writes::new(), RefCell::default());
        Self { base, writes, before, first_new: None, undo: Vec::new(), bytes: 0 }
    }

    /// Bytes written so far, a bound for how many jobs share a commit.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is written from here on can be taken back by itself.
    pub(crate) fn begin_job(&mut self) {
        self.undo.clear();
    }

    /// Takes back every write since [`Transaction::begin_job`].
    pub(crate) fn abort_job(&mut self) {
        self.take_back_to(0);
    }

    /// Runs a piece of work; an error takes back what the piece wrote and nothing else. Pieces may nest.
    pub(crate) fn undo_on_error<T, E>(&mut self, piece: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let begin = self.undo.len();
        let result = piece(self);
        if result.is_err() {
            self.take_back_to(begin);
        }
        result
    }

    fn take_back_to(&mut self, length: usize) {
        for (key, before) in self.undo.drain(length..).rev() {
            match before {
                Some(write) => self.writes.insert(key, write),
                None => self.writes.remove(&key),
            };
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    pub(crate) fn into_batch(self) -> Batch {
        self.writes.into_iter().collect()
    }

    /// What the writes add to the digest of all rows.
    pub(crate) fn digest(&self) -> Result<Digest, StorageError> {
        let mut digest = Digest::default();
        for (key, value) in &self.writes {
            if let Some(old) = self.stored(key)? {
                digest.subtract(RowDigest::of(key, &old));
            }
            if let Some(new) = value {
                digest.add(RowDigest::of(key, new));
            }
        }
        Ok(digest)
    }

    /// What the store holds under a key.
    fn stored(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        if self.is_new(key) {
            return Ok(None);
        }
        if let Some(value) = self.before.borrow().get(key) {
            return Ok(value.clone());
        }
        let value = self.base.value(key)?;
        if value.as_ref().is_none_or(|value| value.len() <= MAX_CACHED_VALUE_BYTES) {
            self.before.borrow_mut().insert(key.to_vec(), value.clone());
        }
        Ok(value)
    }

    /// Notes that `number` is a new memory's: no key that contains it, or a later one, is in the store.
    pub(crate) fn begin_memory(&mut self, number: Number) {
        self.first_new.get_or_insert(number);
    }

    fn is_new(&self, key: &[u8]) -> bool {
        self.first_new.is_some_and(|first| keys::number(key).is_some_and(|number| number >= first))
    }

    fn write(&mut self, key: Vec<u8>, value: Write) {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        let before = self.writes.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    /// Writes a row as the store has it, if it has it.
    pub(crate) fn rewrite(&mut self, key: Vec<u8>) -> Result<(), StorageError> {
        if let Some(value) = self.stored(&key)? {
            self.write(key, Some(value));
        }
        Ok(())
    }

    /// Sets a marker: a key that says all by being there.
    pub(crate) fn mark(&mut self, key: Vec<u8>) {
        self.write(key, Some(Vec::new()));
    }

    pub(crate) fn unmark(&mut self, key: Vec<u8>) {
        self.write(key, None);
    }

    pub(crate) fn put_payload(&mut self, key: &[u8], payload: &[u8]) -> Result<(), StorageError> {
        if let Some(row) = self.raw(key)? {
            self.remove_parts(key, &row);
        }
        for (key, value) in envelope::seal(key, payload) {
            self.write(key, Some(value));
        }
        Ok(())
    }

    pub(crate) fn put<T: Serialize>(&mut self, key: &[u8], record: &T) -> Result<(), StorageError> {
        self.put_payload(key, &records::encode(record)?)
    }

    pub(crate) fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        if let Some(row) = self.raw(key)? {
            self.remove_parts(key, &row);
            self.write(key.to_vec(), None);
        }
        Ok(())
    }

    fn remove_parts(&mut self, key: &[u8], row: &[u8]) {
        for i in 0..envelope::parts(row) {
            self.write(keys::part(key, i), None);
        }
    }
}

impl Records for Transaction<'_> {
    fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        match self.writes.get(key) {
            Some(write) => Ok(write.clone()),
            None => self.stored(key),
        }
    }

    fn raw_with_prefix(&self, prefix: &[u8]) -> Result<Vec<Row>, StorageError> {
        let end = keys::after(prefix);
        let mut rows: BTreeMap<_, _> = self.base.rows(prefix, &end, false).collect::<Result<_, _>>()?;
        for (key, write) in self.writes.range(prefix.to_vec()..end) {
            match write {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(rows.into_iter().collect())
    }
}

rows_over_records!(Transaction<'_>);
