//! How is a store copied while it is in use? As a checkpoint plus the commits made meanwhile. The copy has no tree
//! until it is first opened.

use std::fs;
use std::path::Path;

use openmemory_rules::contract::BackedUp;

use crate::checkpoint::format::{self, Header};
use crate::commit::transaction::Transaction;
use crate::error::StorageError;
use crate::files::disk;
use crate::files::layout::{Layout, name};
use crate::files::manifest::{Manifest, Session};
use crate::files::space;
use crate::replay::expected_state;
use crate::rows::backend::all_rows;
use crate::rows::keys;
use crate::rows::records::{self, COUNTERS, Counters, Records, is_applied};
use crate::store::Store;
use crate::wal::log::Log;
use crate::wal::redo_log::RedoLog;

impl Store {
    /// Writes a copy of the store to a directory that is empty or does not exist. It includes all commits acknowledged
    /// before the call, and is read back and verified before it gets its name. `keep_going` can cancel it until then.
    pub fn backup(&self, directory: &Path, keep_going: &dyn Fn() -> bool) -> Result<BackedUp, StorageError> {
        if directory.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(StorageError::NotEmpty);
        }
        // `a/b/` and `b` need care: their parents are `a` and the current directory.
        let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        disk::create_directory(parent)?;
        let temporary = disk::create_temporary_directory(parent, ".backup-")?;
        disk::restrict_to_owner(temporary.path());
        let made = self.write_backup(&Layout::new(temporary.path()), keep_going)?;
        if !keep_going() {
            return Err(StorageError::Closed);
        }
        if directory.exists() {
            fs::remove_dir(directory)?;
        }
        disk::rename(temporary.path(), directory)?;
        let _ = temporary.keep();
        disk::sync_directory(parent)?;
        Ok(made)
    }

    fn write_backup(&self, copy: &Layout, keep_going: &dyn Fn() -> bool) -> Result<BackedUp, StorageError> {
        let checkpoints = &self.checkpoints.shared;
        // Prevents log segments from being removed before they are copied.
        let _busy = checkpoints.busy.lock();
        let begin = checkpoints.progress.applied();
        let manifest = checkpoints.manifest.now();
        let header = Header { store: manifest.store, state: begin };
        let mut counters = Transaction::new(&*self.backend).raw(&keys::meta(COUNTERS))?;
        space::check_bytes(copy.directory(), begin.digest.bytes)?;
        let rows = all_rows(&*self.backend).filter(|row| !row.as_ref().is_ok_and(|(key, _)| is_applied(key)));
        let keep_going = || keep_going() && !checkpoints.stop.load(std::sync::atomic::Ordering::Relaxed);
        format::write(&copy.checkpoint(begin.sequence), &header, rows, keep_going)?;
        let last = checkpoints.progress.begun();

        let live = Log::read(&checkpoints.layout, &checkpoints.manifest.now())?;
        let mut log = RedoLog::begin(copy, manifest.store, begin.sequence + 1, &checkpoints.bounds)?;
        let mut state = begin;
        live.replay(begin.sequence, last, |next, batch| {
            state = next;
            let changed = batch.iter().find(|(key, _)| *key == keys::meta(COUNTERS));
            counters = changed.map_or(counters.take(), |(_, value)| value.clone());
            if !log.encode(&next, &batch) {
                log.sync()?;
                log = log.next_segment(&next, &batch)?;
            }
            log.write()
        })?;
        log.sync()?;
        let session = Session::Backup;
        let (oldest, newest) = (begin.sequence + 1, log.first());
        let made = Manifest { session, checkpoint: Some(begin), oldest, newest, ..manifest };
        made.write(copy)?;

        let checkpoint = copy.checkpoint(begin.sequence);
        let found = expected_state::digest_after(Some(&checkpoint), &Log::read(copy, &made)?, made.store, last)?;
        if found != state.digest {
            return Err(StorageError::Corrupted(format!("{}: does not hold what the store holds", name(&checkpoint))));
        }
        let key = keys::meta(COUNTERS);
        let counters = counters.as_ref().map(|row| crate::rows::envelope::open(&key, row, |_| Ok(None))).transpose()?;
        let counters: Counters = counters.flatten().map_or(Ok(Counters::default()), |row| records::decode(&row))?;
        Ok(BackedUp { memories: counters.memories, bytes: copy.bytes()? })
    }
}
