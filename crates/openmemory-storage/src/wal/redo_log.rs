//! How does a commit become durable with one sync? It is appended to the redo log, and applied to sled afterwards.
//!
//! A segment has a fixed size and is overwritten in place, so that a sync writes data but no metadata.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use crate::error::StorageError;
use crate::files::disk::{self, write_at};
use crate::files::layout::{Layout, StoreId};
use crate::options::size_limits::SizeLimits;
use crate::rows::backend::Batch;
use crate::rows::digest::State;
use crate::wal::segment::{self, BLOCK, Header, Segment};

/// The segment to which commits are appended.
pub(crate) struct RedoLog {
    layout: Layout,
    segment_bytes: u64,
    header: Header,
    file: Arc<File>,
    /// The position of the next record.
    end: u64,
    /// The encoded record of the current commit.
    record: Vec<u8>,
    /// The last commit that is marked as acknowledged.
    marked: u64,
}

impl RedoLog {
    /// Begins a segment, whose first commit will be `first`.
    pub(crate) fn begin(
        layout: &Layout,
        store: StoreId,
        first: u64,
        bounds: &SizeLimits,
    ) -> Result<Self, StorageError> {
        Self::begin_with(layout, store, first, bounds.segment_bytes, 0)
    }

    fn begin_with(
        layout: &Layout,
        store: StoreId,
        first: u64,
        segment_bytes: u64,
        record: u64,
    ) -> Result<Self, StorageError> {
        // One block for the header, and one for a mark after the last record.
        let capacity = segment_bytes.max(record + 2 * BLOCK as u64);
        let (header, block) = Header::new(store, first, capacity);
        let next = layout.next_log();
        // Renamed before it is written, because a new spare may be prepared at any time.
        let prepared = has_length(&layout.spare(), capacity);
        if !prepared || disk::rename(&layout.spare(), &next).is_err() {
            fill_with_zeros(&next, capacity)?;
        }
        let file = OpenOptions::new().read(true).write(true).open(&next)?;
        write_at(&file, &block, 0)?;
        disk::sync(&file)?;
        disk::rename(&next, &layout.log(first))?;
        layout.sync_names()?;
        Ok(Self::at(BLOCK as u64, file, header, layout, segment_bytes))
    }

    /// Continues after the last record of a segment.
    pub(crate) fn resume(layout: &Layout, segment: &Segment, bounds: &SizeLimits) -> Result<Self, StorageError> {
        let file = OpenOptions::new().read(true).write(true).open(&segment.path)?;
        Ok(Self::at(segment.end, file, segment.header, layout, bounds.segment_bytes))
    }

    /// A segment whose next record is written at `end`.
    fn at(end: u64, file: File, header: Header, layout: &Layout, segment_bytes: u64) -> Self {
        let (layout, file) = (layout.clone(), file.into());
        Self { layout, segment_bytes, header, file, end, record: Vec::new(), marked: 0 }
    }

    /// The first sequence of the segment.
    pub(crate) fn first(&self) -> u64 {
        self.header.first
    }

    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Encodes the record of a commit. False if it does not fit into this segment: see [`RedoLog::next_segment`].
    pub(crate) fn encode(&mut self, state: &State, batch: &Batch) -> bool {
        segment::encode(state, batch, self.header.seed, &mut self.record);
        self.end + (self.record.len() + BLOCK) as u64 <= self.header.capacity
    }

    /// Creates the next segment durably, with the encoded record of a commit that does not fit into this one. This
    /// segment gets a mark with the sequence of that commit, so that a lost next segment is detected even if the
    /// manifest does not name it.
    ///
    /// # Errors
    /// Nothing has changed, unless [`RedoLog::may_have_next`] says so.
    pub(crate) fn next_segment(&mut self, state: &State, batch: &Batch) -> Result<Self, StorageError> {
        let (store, bytes) = (self.header.store, self.record.len() as u64);
        let mut next = Self::begin_with(&self.layout, store, state.sequence, self.segment_bytes, bytes)?;
        next.encode(state, batch);
        self.mark(state);
        Ok(next)
    }

    /// Whether a segment that begins with `first` may exist. After an error, only reopening the store determines which
    /// segment counts.
    pub(crate) fn may_have_next(&self, first: u64) -> bool {
        !matches!(self.layout.log(first).try_exists(), Ok(false))
    }

    pub(crate) fn directory(&self) -> &Path {
        self.layout.directory()
    }

    /// Writes the encoded record. It is durable after [`RedoLog::sync`].
    pub(crate) fn write(&mut self) -> Result<(), StorageError> {
        write_at(&self.file, &self.record, self.end)?;
        self.end += self.record.len() as u64;
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), StorageError> {
        Ok(disk::sync_data(&self.file)?)
    }

    /// Writes a mark after the last record, where the next record will go: the commit was acknowledged. A damaged
    /// record can then be distinguished from a torn one. The mark is not synced, because nothing depends on it.
    pub(crate) fn mark(&mut self, state: &State) {
        if self.marked == state.sequence {
            return;
        }
        segment::encode(state, &Batch::new(), self.header.seed, &mut self.record);
        if write_at(&self.file, &self.record, self.end).is_ok() {
            self.marked = state.sequence;
        }
    }
}

/// Prepares a spare segment, so that commits need not wait for one.
pub(crate) fn prepare_spare(layout: &Layout, bytes: u64) -> io::Result<()> {
    let temporary = layout.spare().with_added_extension("new");
    if has_length(&layout.spare(), bytes) {
        return Ok(());
    }
    fill_with_zeros(&temporary, bytes)?;
    disk::rename(&temporary, &layout.spare())
}

fn has_length(path: &Path, length: u64) -> bool {
    path.metadata().is_ok_and(|found| found.len() == length)
}

/// Creates a file of zeros. If that fails, the file is removed, which frees its space.
fn fill_with_zeros(path: &Path, length: u64) -> io::Result<()> {
    let filled = disk::create(path).and_then(|mut file| {
        let zeros = vec![0; 256 * 1024];
        let mut left = length;
        while left > 0 {
            let piece = left.min(zeros.len() as u64);
            file.write_all(&zeros[..piece as usize])?;
            left -= piece;
        }
        disk::sync(&file)
    });
    filled.inspect_err(|_| drop(disk::remove_file(path)))
}
