//! Which commits does the redo log contain, and is it complete? All segments are read together.

use crate::error::StorageError;
use crate::files::layout::{Layout, StoreId, name};
use crate::files::manifest::Manifest;
use crate::rows::backend::Batch;
use crate::rows::digest::State;
use crate::wal::ack_watermark::AckWatermark;
use crate::wal::segment::{Record, Segment};

pub(crate) struct Log {
    /// The readable segments, oldest first, without records that later segments supersede.
    segments: Vec<Segment>,
    /// Truncated segments. Only repairs use their records.
    truncated: Vec<Segment>,
    /// Damaged and missing segments.
    pub problems: Vec<String>,
    /// Whether the end of the log cannot be determined.
    pub cut: bool,
    /// The last acknowledged commit according to the watermark file.
    acknowledged: u64,
}

impl Log {
    /// Reads the segments that a manifest needs, and later ones.
    pub(crate) fn read(layout: &Layout, manifest: &Manifest) -> Result<Self, StorageError> {
        let firsts: Vec<u64> = layout.logs()?.into_iter().filter(|first| *first >= manifest.oldest).collect();
        let acknowledged = AckWatermark::read(layout, manifest.store);
        let mut log =
            Self { segments: Vec::new(), truncated: Vec::new(), problems: Vec::new(), cut: false, acknowledged };
        for (i, first) in firsts.iter().enumerate() {
            match read_segment(layout, manifest.store, *first) {
                Ok(segment) => log.segments.push(segment),
                Err(StorageError::Corrupted(problem)) => {
                    log.problems.push(problem);
                    log.truncated.extend(readable_records(layout, manifest.store, *first, &firsts));
                    log.cut |= i + 1 == firsts.len();
                }
                Err(error) => return Err(error),
            }
        }
        drop_superseded(&mut log.segments, &firsts);
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

    /// The last commit known to have existed, whether or not it can be read.
    pub(crate) fn last_known(&self) -> u64 {
        self.segments.iter().fold(self.acknowledged, |last, segment| last.max(segment.last()).max(segment.acknowledged))
    }

    /// The last of the consecutive commits after `after`.
    pub(crate) fn end_of_run(&self, after: u64) -> u64 {
        self.records().fold(after, |end, (_, record)| end + u64::from(record.state.sequence == end + 1))
    }

    /// The newest state in any record, for repairs.
    pub(crate) fn newest_state(&self) -> Option<State> {
        self.all_segments()
            .into_iter()
            .flat_map(|segment| &segment.records)
            .map(|record| record.state)
            .max_by_key(|s| s.sequence)
    }

    /// All segments including truncated ones, oldest first.
    fn all_segments(&self) -> Vec<&Segment> {
        let mut all: Vec<&Segment> = self.segments.iter().chain(&self.truncated).collect();
        all.sort_by_key(|segment| segment.header.first);
        all
    }

    /// The number of known commits after `after` that are missing, for repairs.
    pub(crate) fn missing_after(&self, after: u64) -> u64 {
        let records = self.all_segments().into_iter().flat_map(|segment| &segment.records);
        let there = records.filter(|record| record.state.sequence > after).count() as u64;
        self.last_known().saturating_sub(after).saturating_sub(there)
    }

    pub(crate) fn state_after(&self, sequence: u64) -> Option<State> {
        self.records().map(|(_, record)| record.state).find(|state| state.sequence == sequence)
    }

    /// Reports missing commits after `after` and up to `last`.
    pub(crate) fn note_gap(&mut self, after: u64, last: u64) {
        let end = self.end_of_run(after);
        if end >= last {
            return;
        }
        let missing = end + 1;
        let at = self.segments.iter().rev().find(|segment| segment.header.first <= missing);
        let file = at.map_or_else(|| "the redo log".to_owned(), |segment| name(&segment.path));
        self.problems.push(format!("{file}: commit {missing} of {last} is damaged or missing"));
    }

    pub(crate) fn newest(&self) -> Option<&Segment> {
        self.segments.last()
    }

    /// Passes the commits after `after` up to `last` to `apply`, in order.
    ///
    /// # Errors
    /// `Corrupted` if a commit is missing; earlier ones have been applied then.
    pub(crate) fn replay(
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
            // Read again, so that the bytes of the whole log need not stay in memory.
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
    /// Passes every intact commit after `after` to `apply`, in order and despite gaps.
    pub(crate) fn replay_whole(
        &self,
        after: u64,
        mut apply: impl FnMut(Batch) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        for segment in self.all_segments() {
            let (_, bytes) = Segment::read_truncated(&segment.path)?;
            for record in segment.records.iter().filter(|record| record.state.sequence > after) {
                if let Ok(batch) = segment.batch(&bytes, record) {
                    apply(batch)?;
                }
            }
        }
        Ok(())
    }
}

/// Drops records that later segments supersede.
///
/// A segment supersedes all records from its first commit on, because it was begun where the log was found to end. A
/// segment without records does so only if no earlier segment has that commit: otherwise its creation failed, and
/// commits continued in the earlier segment.
fn drop_superseded(segments: &mut Vec<Segment>, firsts: &[u64]) {
    let empty: Vec<u64> =
        segments.iter().filter(|segment| segment.records.is_empty()).map(|segment| segment.header.first).collect();
    let mut abandoned = Vec::new();
    for segment in &mut *segments {
        let later = firsts.iter().copied().filter(|first| *first > segment.header.first);
        for first in later {
            if empty.contains(&first) && segment.records.iter().any(|record| record.state.sequence == first) {
                abandoned.push(first);
                continue;
            }
            segment.records.retain(|record| record.state.sequence < first);
            segment.acknowledged = segment.acknowledged.min(first - 1);
            break;
        }
    }
    segments.retain(|segment| !abandoned.contains(&segment.header.first));
}

/// The readable records of a truncated segment, without those that later segments supersede.
fn readable_records(layout: &Layout, store: StoreId, first: u64, firsts: &[u64]) -> Option<Segment> {
    let (mut segment, _) = Segment::read_truncated(&layout.log(first)).ok()?;
    let later = firsts.iter().find(|later| **later > first).copied().unwrap_or(u64::MAX);
    segment.records.retain(|record| record.state.sequence < later);
    (segment.header.store == store && segment.header.first == first).then_some(segment)
}

fn read_segment(layout: &Layout, store: StoreId, first: u64) -> Result<Segment, StorageError> {
    let path = layout.log(first);
    let (segment, _) = Segment::read(&path)?;
    if segment.header.store != store || segment.header.first != first {
        return Err(StorageError::Corrupted(format!("{}: the file belongs to another store", name(&path))));
    }
    Ok(segment)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::manifest::Session;
    use crate::options::size_limits::SizeLimits;
    use crate::rows::digest::Digest;
    use crate::wal::redo_log::RedoLog;
    use crate::wal::segment::BLOCK;
    use openmemory_domain::Timestamp;

    const BOUNDS: SizeLimits = SizeLimits { segment_bytes: 9 * BLOCK as u64, log_bytes: 0 };

    fn batch(n: u64) -> Batch {
        vec![
            (vec![1; n as usize + 1], Some(vec![n as u8; 3])),
            (b"gone".to_vec(), None),
            (b"empty".to_vec(), Some(vec![])),
        ]
    }

    /// Writes a log of commits, seven per segment.
    fn written(last: u64, marked: bool) -> (tempfile::TempDir, Layout, Manifest) {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path());
        let session = Session::Open { interval: false };
        let mut manifest = Manifest::new([5; 16], Timestamp::from_millis(0), session);
        let mut log = RedoLog::begin(&layout, manifest.store, 1, &BOUNDS).unwrap();
        for sequence in 1..=last {
            let state = State { sequence, digest: Digest::default() };
            if !log.encode(&state, &batch(sequence)) {
                log = log.next_segment(&state, &batch(sequence)).unwrap();
                manifest.newest = sequence;
            }
            log.write().unwrap();
            if marked {
                log.mark(&state);
            }
        }
        (directory, layout, manifest)
    }

    fn replayed(log: &Log, after: u64, last: u64) -> Result<Vec<(u64, Batch)>, StorageError> {
        let mut all = Vec::new();
        log.replay(after, last, |state, batch| {
            all.push((state.sequence, batch));
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn commits_are_replayed_in_order_across_segments() {
        let (_directory, layout, manifest) = written(20, true);
        assert_eq!(layout.logs().unwrap(), [1, 8, 15]);
        let log = Log::read(&layout, &manifest).unwrap();
        assert_eq!((log.last_known(), log.end_of_run(0), log.problems.len()), (20, 20, 0));
        assert_eq!(replayed(&log, 0, 20).unwrap(), (1..=20).map(|n| (n, batch(n))).collect::<Vec<_>>());
        assert_eq!(replayed(&log, 6, 9).unwrap(), (7..=9).map(|n| (n, batch(n))).collect::<Vec<_>>());
    }

    #[test]
    fn an_unacknowledged_record_may_be_torn() {
        let (_directory, layout, manifest) = written(3, false);
        let whole = fs::read(layout.log(1)).unwrap();
        for byte in 3 * BLOCK..3 * BLOCK + 60 {
            let mut torn = whole.clone();
            torn[byte] ^= 0x20;
            fs::write(layout.log(1), &torn).unwrap();
            let log = Log::read(&layout, &manifest).unwrap();
            assert_eq!((log.last_known(), log.cut), (2, false), "byte {byte}");
        }
    }

    #[test]
    fn a_damaged_record_is_missed_if_acknowledged_or_followed_by_others() {
        let (_directory, layout, manifest) = written(3, true);
        let whole = fs::read(layout.log(1)).unwrap();
        for record in 1..=3 {
            for byte in (record * BLOCK..record * BLOCK + 60).step_by(7) {
                let mut damaged = whole.clone();
                damaged[byte] ^= 0x20;
                fs::write(layout.log(1), &damaged).unwrap();
                let mut log = Log::read(&layout, &manifest).unwrap();
                assert_eq!(log.last_known(), 3, "byte {byte}");
                log.note_gap(0, 3);
                assert!(log.problems[0].contains(&format!("commit {record} of 3")), "{:?}", log.problems);
                assert!(replayed(&log, 0, 3).is_err());
            }
        }
    }

    #[test]
    fn stale_records_of_a_reused_file_are_ignored() {
        let (_directory, layout, manifest) = written(5, true);
        fs::rename(layout.log(1), layout.spare()).unwrap();
        let mut log = RedoLog::begin(&layout, manifest.store, 1, &BOUNDS).unwrap();
        let state = State { sequence: 1, digest: Digest::default() };
        assert!(log.encode(&state, &batch(9)));
        log.write().unwrap();
        let log = Log::read(&layout, &manifest).unwrap();
        assert_eq!((log.last_known(), replayed(&log, 0, 1).unwrap()), (1, vec![(1, batch(9))]));
    }

    #[test]
    fn a_missing_newest_segment_is_detected_without_the_manifest() {
        for marked in [true, false] {
            let (_directory, layout, manifest) = written(20, marked);
            let unaware = Manifest { newest: 8, ..manifest.clone() };
            fs::remove_file(layout.log(15)).unwrap();
            let mut log = Log::read(&layout, &unaware).unwrap();
            assert_eq!(log.last_known(), 15);
            log.note_gap(0, 15);
            assert!(log.problems[0].contains("commit 15 of 15"), "{:?}", log.problems);
            // A segment that was begun but has no commit is not missing any.
            RedoLog::begin(&layout, manifest.store, 15, &BOUNDS).unwrap();
            let log = Log::read(&layout, &unaware).unwrap();
            assert_eq!((log.last_known(), log.end_of_run(0)), (14, 14));
        }
    }

    #[test]
    fn an_empty_segment_supersedes_nothing() {
        for aware in [false, true] {
            let (_directory, layout, manifest) = written(5, true);
            // Begun for the sixth commit, but the sixth and the seventh were written to the first segment.
            RedoLog::begin(&layout, manifest.store, 6, &BOUNDS).unwrap();
            let manifest = Manifest { newest: if aware { 6 } else { 1 }, ..manifest };
            let (segment, _) = Segment::read(&layout.log(1)).unwrap();
            let mut log = RedoLog::resume(&layout, &segment, &BOUNDS).unwrap();
            for sequence in 6..=7 {
                let state = State { sequence, digest: Digest::default() };
                assert!(log.encode(&state, &batch(sequence)));
                log.write().unwrap();
                log.mark(&state);
            }
            let log = Log::read(&layout, &manifest).unwrap();
            assert_eq!((log.last_known(), log.end_of_run(0), log.problems.len()), (7, 7, 0), "{aware}");
            assert_eq!(log.newest().unwrap().header.first, 1);
            assert_eq!(replayed(&log, 0, 7).unwrap().len(), 7);
        }
    }

    #[test]
    fn a_segment_begun_after_a_gap_supersedes_later_records() {
        let (_directory, layout, manifest) = written(5, false);
        let mut bytes = fs::read(layout.log(1)).unwrap();
        bytes[4 * BLOCK + 20] ^= 1;
        fs::write(layout.log(1), bytes).unwrap();
        assert_eq!(Log::read(&layout, &manifest).unwrap().last_known(), 5);
        RedoLog::begin(&layout, manifest.store, 4, &BOUNDS).unwrap();
        let log = Log::read(&layout, &Manifest { newest: 4, ..manifest }).unwrap();
        assert_eq!((log.last_known(), log.end_of_run(0)), (3, 3));
    }

    #[test]
    fn a_missing_truncated_or_foreign_segment_is_named() {
        let (_directory, layout, manifest) = written(20, true);
        let whole = fs::read(layout.log(15)).unwrap();
        for harmed in [Some(whole[..whole.len() - 1].to_vec()), Some(vec![]), None] {
            match harmed {
                Some(bytes) => fs::write(layout.log(15), bytes).unwrap(),
                None => fs::remove_file(layout.log(15)).unwrap(),
            }
            let log = Log::read(&layout, &manifest).unwrap();
            assert!(log.cut && log.problems[0].contains("log-000000000000000f"), "{:?}", log.problems);
        }
        fs::write(layout.log(15), &whole).unwrap();
        let stranger = Manifest { store: [6; 16], ..manifest };
        assert!(Log::read(&layout, &stranger).unwrap().problems[0].contains("another store"));
    }
}
