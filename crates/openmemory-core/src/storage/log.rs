//! Which commits does the redo log hold, and is it whole? All its segments together, as they were found.

use super::backend::Batch;
use super::digest::State;
use super::error::StorageError;
use super::layout::{Layout, StoreId, name};
use super::log_segment::{Record, Segment};
use super::manifest::Manifest;

pub(super) struct Log {
    /// The segments that can be read, oldest first, each without what later ones took the place of.
    segments: Vec<Segment>,
    /// What is wrong with the others, or missing.
    pub problems: Vec<String>,
    /// Whether nobody can tell where the log ended.
    pub cut: bool,
}

impl Log {
    /// Reads the segments that a manifest asks for, and later ones.
    pub(super) fn read(layout: &Layout, manifest: &Manifest) -> Result<Self, StorageError> {
        let firsts: Vec<u64> = layout.logs()?.into_iter().filter(|first| *first >= manifest.oldest).collect();
        let mut log = Self { segments: Vec::new(), problems: Vec::new(), cut: false };
        for (i, first) in firsts.iter().enumerate() {
            match read_segment(layout, manifest.store, *first) {
                Ok(mut segment) => {
                    if let Some(next) = firsts.get(i + 1) {
                        segment.records.retain(|record| record.state.sequence < *next);
                        segment.acknowledged = segment.acknowledged.min(next - 1);
                    }
                    log.segments.push(segment);
                }
                Err(StorageError::Corrupted(problem)) => {
                    log.problems.push(problem);
                    log.cut |= i + 1 == firsts.len();
                }
                Err(error) => return Err(error),
            }
        }
        for first in [manifest.oldest, manifest.newest] {
            if !firsts.contains(&first) {
                log.problems.push(format!("{}: the file is missing", name(&layout.log(first))));
                log.cut |= first == manifest.newest;
            }
        }
        log.problems.dedup();
        Ok(log)
    }

    fn records(&self) -> impl Iterator<Item = (&Segment, &Record)> {
        self.segments.iter().flat_map(|segment| segment.records.iter().map(move |record| (segment, record)))
    }

    /// The last commit that the log knows of, whether it can be read or not.
    pub(super) fn last_known(&self) -> u64 {
        self.segments.iter().map(|segment| segment.last().max(segment.acknowledged)).max().unwrap_or(0)
    }

    /// The last commit of those that follow `after` without a gap.
    pub(super) fn end_of_run(&self, after: u64) -> u64 {
        self.records().fold(after, |end, (_, record)| end + u64::from(record.state.sequence == end + 1))
    }

    pub(super) fn state_after(&self, sequence: u64) -> Option<State> {
        self.records().map(|(_, record)| record.state).find(|state| state.sequence == sequence)
    }

    /// Notes where commits up to `last` are missing behind `after`.
    pub(super) fn note_gap(&mut self, after: u64, last: u64) {
        let end = self.end_of_run(after);
        if end >= last {
            return;
        }
        let missing = end + 1;
        let at = self.segments.iter().rev().find(|segment| segment.header.first <= missing);
        let file = at.map_or_else(|| "the redo log".to_owned(), |segment| name(&segment.path));
        self.problems.push(format!("{file}: commit {missing} of {last} is damaged or missing"));
    }

    pub(super) fn newest(&self) -> Option<&Segment> {
        self.segments.last()
    }

    /// Hands over the commits behind `after` up to `last`, in order.
    ///
    /// # Errors
    /// `Corrupted` when one of them is missing; those before it were handed over.
    pub(super) fn replay(
        &self,
        after: u64,
        last: u64,
        mut apply: impl FnMut(State, Batch) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut next = after + 1;
        for segment in &self.segments {
            let from = next;
            let mut wanted = segment.records.iter().filter(|record| (from..=last).contains(&record.state.sequence));
            let Some(first) = wanted.next() else { continue };
            // Read again: nobody keeps the bytes of the whole log.
            let (_, bytes) = Segment::read(&segment.path)?;
            for record in std::iter::once(first).chain(wanted) {
                if record.state.sequence != next {
                    break;
                }
                apply(record.state, segment.batch(&bytes, record)?)?;
                next += 1;
            }
        }
        if next <= last {
            return Err(StorageError::Corrupted(format!("commit {next} of the redo log is damaged or missing")));
        }
        Ok(())
    }
}

impl Log {
    /// Hands over every commit behind `after` that is whole, in order, whatever is missing between.
    pub(super) fn replay_whole(
        &self,
        after: u64,
        mut apply: impl FnMut(Batch) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        for segment in &self.segments {
            let (_, bytes) = Segment::read(&segment.path)?;
            for record in segment.records.iter().filter(|record| record.state.sequence > after) {
                if let Ok(batch) = segment.batch(&bytes, record) {
                    apply(batch)?;
                }
            }
        }
        Ok(())
    }
}

fn read_segment(layout: &Layout, store: StoreId, first: u64) -> Result<Segment, StorageError> {
    let path = layout.log(first);
    let (segment, _) = Segment::read(&path)?;
    if segment.header.store != store || segment.header.first != first {
        return Err(StorageError::Corrupted(format!("{}: the file belongs to another store", name(&path))));
    }
    Ok(segment)
}
