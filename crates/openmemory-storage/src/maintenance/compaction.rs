//! How is sled kept small? Its files grow with every change and hardly shrink. When the
//! tree is too large, a new one is built from the checkpoint and the log, concurrently with reads and
//! commits, and swapped in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::commit::progress::Progress;
use crate::error::StorageError;
use crate::files::disk;
use crate::files::fingerprint::wait_until_free;
use crate::files::layout::Layout;
use crate::files::manifest::SharedManifest;
use crate::replay::rebuild;
use crate::tree::sled_tree::SledTree;
use crate::tree::swap::SwappableTree;
use crate::wal::log::Log;

pub(crate) struct Compaction {
    sled: Arc<SwappableTree>,
    /// Retired trees that scans may still read, and their directories.
    retired: Mutex<Vec<(Arc<SledTree>, PathBuf)>>,
}

impl Compaction {
    pub(crate) fn new(sled: Arc<SwappableTree>) -> Self {
        Self { sled, retired: Mutex::default() }
    }

    /// Builds a tree under the next number and swaps it in. If this fails, the current tree stays in use.
    pub(crate) fn run(
        &self,
        layout: &Layout,
        manifest: &SharedManifest,
        progress: &Progress,
    ) -> Result<(), StorageError> {
        let before = manifest.now().sled;
        let (path, old_path) = (layout.sled(before + 1), layout.sled(before));
        let built = self.build(&path, layout, manifest, progress);
        let swapped = built.and_then(|(sled, reached)| {
            // After a crash from here on, recovery opens the new tree and replays the log on it.
            manifest.update(|manifest| manifest.sled = before + 1).inspect_err(|_| {
                if manifest.now().sled != before {
                    progress.fail();
                }
            })?;
            let swapped = self.sled.swap(sled, |sled| {
                // Commits from here on wait for the swap. The log is read after `last`, so it has all earlier ones.
                let last = progress.begun();
                rebuild::catch_up(sled, &Log::read(layout, &manifest.now())?, reached, last)
            });
            // The manifest names a tree that will get no further commits; only reopening the store resolves this.
            swapped.inspect_err(|_| progress.fail())
        });
        match swapped {
            Ok(old) => {
                self.retired.lock().push((old, old_path));
                self.remove_retired();
                Ok(())
            }
            Err(error) => {
                if manifest.now().sled == before {
                    let _ = disk::remove_directory(&path);
                }
                Err(error)
            }
        }
    }

    /// Builds the tree. Returns it with the last commit that it has.
    fn build(
        &self,
        path: &Path,
        layout: &Layout,
        manifest: &SharedManifest,
        progress: &Progress,
    ) -> Result<(SledTree, u64), StorageError> {
        let state = progress.applied();
        let log = Log::read(layout, &manifest.now())?;
        let sled = rebuild::build(path, layout, &manifest.now(), &log, state)?;
        // Replays the commits made meanwhile, which may be many, while nothing is blocked.
        let last = progress.applied().sequence;
        rebuild::catch_up(&sled, &Log::read(layout, &manifest.now())?, state.sequence, last)?;
        layout.sync_names()?;
        Ok((sled, last))
    }

    /// Removes retired trees that no scan reads any more.
    pub(crate) fn remove_retired(&self) {
        let finished = self.retired.lock().extract_if(.., |(sled, _)| Arc::get_mut(sled).is_some()).collect::<Vec<_>>();
        for (sled, path) in finished {
            // Windows removes only closed files. Elsewhere they are removed first, so that closing writes nothing to disk.
            let open = (!cfg!(windows)).then_some(sled);
            if open.is_none() {
                wait_until_free(&path);
            }
            // What is left is removed when the store is next opened.
            let _ = disk::remove_directory(&path);
        }
    }
}
