//! How does a commit become durable with one sync? It is appended to a file beside sled, which catches up later.
//!
//! A segment has a fixed size and is written in place from its beginning, so that a sync has nothing but data to write.

use std::fs::{self, File, OpenOptions};
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

/// The segment that commits are appended to.
pub(crate) struct RedoLog {
    layout: Layout,
    segment_bytes: u64,
    header: Header,
    file: Arc<File>,
    /// Where the next record goes.
    end: u64,
    /// The record at hand.
    record: Vec<u8>,
    /// The commit that is marked as told.
    marked: u64,
}

impl RedoLog {
    /// Begins a segment with the commit `first`.
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
        // The header's block, and one for a mark behind the last record.
        let capacity = segment_bytes.max(record + 2 * BLOCK as u64);
        let (header, block) = Header::new(store, first, capacity);
        let next = layout.next_log();
        // Taken before it is written: whoever prepares a spare may put another one there.
        let prepared = has_length(&layout.spare(), capacity);
        if !prepared || fs::rename(layout.spare(), &next).is_err() {
            fill_with_zeros(&next, capacity)?;
        }
        let file = OpenOptions::new().read(true).write(true).open(&next)?;
        write_at(&file, &block, 0)?;
        file.sync_all()?;
        fs::rename(&next, layout.log(first))?;
        layout.sync_names()?;
        Ok(Self::at(BLOCK as u64, file, header, layout, segment_bytes))
    }

    /// Goes on behind the last record of a segment.
    pub(crate) fn resume(layout: &Layout, segment: &Segment, bounds: &SizeLimits) -> Result<Self, StorageError> {
        let file = OpenOptions::new().read(true).write(true).open(&segment.path)?;
        Ok(Self::at(segment.end, file, segment.header, layout, bounds.segment_bytes))
    }

    /// With the next record at `end` of a segment's file.
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

    /// Makes the record of a commit. False: it does not fit into this segment, see [`RedoLog::next_segment`].
    pub(crate) fn encode(&mut self, state: &State, batch: &Batch) -> bool {
        segment::encode(state, batch, self.header.seed, &mut self.record);
        self.end + (self.record.len() + BLOCK) as u64 <= self.header.capacity
    }

    /// The next segment, under a durable name, with the record of a commit at hand that does not fit into this one. This
    /// one gets a mark that names the commit: should the next segment be missed later, so is the commit, even where the
    /// manifest does not know of it.
    ///
    /// # Errors
    /// Nothing has changed, unless [`RedoLog::may_have_next`].
    pub(crate) fn next_segment(&mut self, state: &State, batch: &Batch) -> Result<Self, StorageError> {
        let (store, bytes) = (self.header.store, self.record.len() as u64);
        let mut next = Self::begin_with(&self.layout, store, state.sequence, self.segment_bytes, bytes)?;
        next.encode(state, batch);
        self.mark(state);
        Ok(next)
    }

    /// Whether a segment that begins with `first` may be there: after an error, only opening the store again tells which
    /// of the two counts.
    pub(crate) fn may_have_next(&self, first: u64) -> bool {
        !matches!(self.layout.log(first).try_exists(), Ok(false))
    }

    pub(crate) fn directory(&self) -> &Path {
        self.layout.directory()
    }

    /// Writes the record at hand; it is durable after [`RedoLog::sync`].
    pub(crate) fn write(&mut self) -> Result<(), StorageError> {
        write_at(&self.file, &self.record, self.end)?;
        self.end += self.record.len() as u64;
        Ok(())
    }

    pub(crate) fn sync(&self) -> Result<(), StorageError> {
        Ok(self.file.sync_data()?)
    }

    /// Notes behind the last record that its commit was told, where the next record goes: a record that is damaged
    /// later is told from one that was torn while it was written. Not synced, as nothing depends on it.
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

/// Prepares the next segment, so that who needs it does not wait.
pub(crate) fn prepare_spare(layout: &Layout, bytes: u64) -> io::Result<()> {
    let beside = layout.spare().with_added_extension("new");
    if has_length(&layout.spare(), bytes) {
        return Ok(());
    }
    fill_with_zeros(&beside, bytes)?;
    fs::rename(&beside, layout.spare())
}

fn has_length(path: &Path, length: u64) -> bool {
    path.metadata().is_ok_and(|found| found.len() == length)
}

/// Makes a file of zeros, or none: a full disk gets back what it gave.
fn fill_with_zeros(path: &Path, length: u64) -> io::Result<()> {
    let filled = disk::create(path).and_then(|mut file| {
        let zeros = vec![0; 256 * 1024];
        let mut left = length;
        while left > 0 {
            let piece = left.min(zeros.len() as u64);
            file.write_all(&zeros[..piece as usize])?;
            left -= piece;
        }
        file.sync_all()
    });
    filled.inspect_err(|_| drop(disk::remove_file(path)))
}
