//! What state must the store have? Determined by the manifest, the log and the checkpoint, without reading sled.

use std::collections::HashMap;
use std::path::Path;

use crate::checkpoint::format::{self, Reader};
use crate::error::StorageError;
use crate::files::layout::{Layout, StoreId, name};
use crate::files::manifest::{Manifest, Session};
use crate::rows::backend::Row;
use crate::rows::digest::{Digest, RowDigest, State};
use crate::rows::records::is_applied;
use crate::wal::log::Log;
use crate::wal::segment::Segment;
use openmemory_domain::Timestamp;

/// The manifest, or a reconstruction if it is damaged or missing, with the problem. `None` if there is no store.
pub(crate) fn manifest(layout: &Layout) -> Result<Option<(Manifest, Option<String>)>, StorageError> {
    let problem = match Manifest::read(layout) {
        Ok(Some(manifest)) => return Ok(Some((manifest, None))),
        Ok(None) if layout.is_empty()? || is_unfinished(layout)? => return Ok(None),
        Ok(None) => "manifest: the file is missing".to_owned(),
        Err(StorageError::Corrupted(problem)) => problem,
        Err(error) => return Err(error),
    };
    let rebuilt = rebuild_manifest(layout)?;
    match rebuilt {
        Some(rebuilt) => Ok(Some((rebuilt, Some(problem)))),
        None => Err(StorageError::Corrupted(format!(
            "{problem}, and the redo log and the checkpoint are damaged or missing too"
        ))),
    }
}

/// Whether the creation of a store was interrupted before the manifest: there is only a log, which is intact and empty.
fn is_unfinished(layout: &Layout) -> Result<bool, StorageError> {
    let log_alone = layout.sleds()?.is_empty() && layout.checkpoints()?.is_empty() && layout.logs()? == [1];
    let untouched = |segment: &Segment| segment.last() == 0 && segment.acknowledged == 0;
    Ok(log_alone && Segment::read(&layout.log(1)).is_ok_and(|(segment, _)| untouched(&segment)))
}

/// Reconstructs the manifest from the other files.
fn rebuild_manifest(layout: &Layout) -> Result<Option<Manifest>, StorageError> {
    let logs = layout.logs()?;
    let mut checkpoint: Option<format::Header> = None;
    for sequence in layout.checkpoints()? {
        checkpoint = Reader::open(&layout.checkpoint(sequence)).ok().map(|reader| reader.header).or(checkpoint);
    }
    let mut store: Option<StoreId> = checkpoint.map(|header| header.store);
    for first in logs.iter().rev() {
        match Segment::read(&layout.log(*first)) {
            Ok((segment, _)) => store = store.or(Some(segment.header.store)),
            Err(error @ StorageError::FormatUnsupported { .. }) => return Err(error),
            Err(_) => {}
        }
    }
    let (Some(store), Some(newest)) = (store, logs.last()) else { return Ok(None) };
    let checkpoint = checkpoint.map(|header| header.state);
    // Older segments may remain. Those that are needed begin with the last one that does not start after the
    // checkpoint.
    let needed = checkpoint.map_or(1, |state| state.sequence + 1);
    let oldest = logs.iter().rev().find(|first| **first <= needed).copied().unwrap_or(1);
    let session = Session::Open { interval: false };
    let sled = layout.sleds()?.pop().unwrap_or(1);
    let made = Manifest::new(store, Timestamp::from_millis(0), session);
    Ok(Some(Manifest { sled, checkpoint, oldest, newest: *newest, ..made }))
}

/// The state that the store must have, or why it cannot be determined. Reports gaps in the log.
pub(crate) fn expected_state(manifest: &Manifest, log: &mut Log) -> Result<State, String> {
    let base = manifest.checkpoint.unwrap_or_default();
    // Every segment except the newest was full and synced before the next one began.
    let at_least = base.sequence.max(manifest.newest.saturating_sub(1));
    let last = match &manifest.session {
        Session::Closed { state, .. } if log.last_known() <= state.sequence => {
            log.note_gap(base.sequence, state.sequence);
            return Ok(*state);
        }
        _ if log.cut => return Err(log.problems.join("; ")),
        Session::Open { interval: true } => log.end_of_run(base.sequence).max(at_least),
        _ => log.last_known().max(at_least),
    };
    log.note_gap(base.sequence, last);
    if last == base.sequence {
        return Ok(base);
    }
    log.state_after(last).ok_or_else(|| log.problems.join("; "))
}

/// The digest of a checkpoint's rows after replaying the log up to `last`.
pub(crate) fn digest_after(
    checkpoint: Option<&Path>,
    log: &Log,
    store: StoreId,
    last: u64,
) -> Result<Digest, StorageError> {
    let mut reader = checkpoint.map(|path| open_checkpoint(path, store)).transpose()?;
    let base = reader.as_ref().map_or(0, |reader| reader.header.state.sequence);
    let mut changed: HashMap<Vec<u8>, Option<RowDigest>> = HashMap::new();
    log.replay(base, last, |_, batch| {
        for (key, value) in batch {
            let row = value.map(|value| RowDigest::of(&key, &value));
            changed.insert(key, row);
        }
        Ok(())
    })?;
    let mut digest = Digest::default();
    changed.values().flatten().for_each(|row| digest.add(*row));
    while let Some(block) = reader.as_mut().map_or(Ok(None), Reader::block)? {
        for (key, value) in block {
            if !changed.contains_key(&key) {
                digest.add(RowDigest::of(&key, &value));
            }
        }
    }
    Ok(digest)
}

/// Opens a checkpoint, which must belong to this store.
pub(crate) fn open_checkpoint(path: &Path, store: StoreId) -> Result<Reader, StorageError> {
    let reader = Reader::open(path)?;
    if reader.header.store != store {
        return Err(StorageError::Corrupted(format!("{}: the file belongs to another store", name(path))));
    }
    Ok(reader)
}

/// The digest of all rows.
pub(crate) fn digest_of(rows: impl Iterator<Item = Result<Row, StorageError>>) -> Result<Digest, StorageError> {
    let mut digest = Digest::default();
    for row in rows {
        let (key, value) = row?;
        if !is_applied(&key) {
            digest.add(RowDigest::of(&key, &value));
        }
    }
    Ok(digest)
}
