//! How is sled kept small? Its files grow with every change and hardly shrink, and its pages get less full: when it is too
//! large for its rows, or old, it is built anew from the checkpoint and the log, beside reads and commits, and exchanged.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::commit::progress::Progress;
use crate::error::StorageError;
use crate::files::disk;
use crate::files::layout::Layout;
use crate::files::manifest::SharedManifest;
use crate::replay::rebuild;
use crate::tree::sled_tree::SledTree;
use crate::tree::swap::SwappableTree;
use crate::wal::log::Log;

pub(crate) struct Compaction {
    sled: Arc<SwappableTree>,
    /// What walks may still read from, and where its files are.
    retired: Mutex<Vec<(Arc<SledTree>, PathBuf)>>,
}

impl Compaction {
    pub(crate) fn new(sled: Arc<SwappableTree>) -> Self {
        Self { sled, retired: Mutex::default() }
    }

    /// Builds sled under the next number and puts it in use. A failure leaves the present one in use.
    pub(crate) fn renew(
        &self,
        layout: &Layout,
        manifest: &SharedManifest,
        progress: &Progress,
    ) -> Result<(), StorageError> {
        let before = manifest.now().sled;
        let (path, old_path) = (layout.sled(before + 1), layout.sled(before));
        let built = self.build(&path, layout, manifest, progress);
        let exchanged = built.and_then(|(sled, reached)| {
            // A crash from here on finds the new one, and gives it what it lacks from the log.
            manifest.update(|manifest| manifest.sled = before + 1).inspect_err(|_| {
                if manifest.now().sled != before {
                    progress.fail();
                }
            })?;
            let exchanged = self.sled.exchange(sled, |sled| {
                // What begins from here on waits for the new one. The log is read after that is known: it has them all.
                let last = progress.begun();
                rebuild::catch_up(sled, &Log::read(layout, &manifest.now())?, reached, last)
            });
            // The manifest names a sled that will not get further commits: only opening again puts that right.
            exchanged.inspect_err(|_| progress.fail())
        });
        match exchanged {
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

    /// The new sled, and up to which commit it is.
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
        // What was committed meanwhile may be much: nobody waits for this part of it.
        let last = progress.applied().sequence;
        rebuild::catch_up(&sled, &Log::read(layout, &manifest.now())?, state.sequence, last)?;
        layout.sync_names()?;
        Ok((sled, last))
    }

    /// Removes what was exchanged earlier, where no walk reads from it any more.
    pub(crate) fn remove_retired(&self) {
        self.retired.lock().retain_mut(|(sled, path)| {
            let in_use = Arc::get_mut(sled).is_none();
            if !in_use {
                // On Linux files may go while they are open; elsewhere they go when the store is next opened.
                let _ = disk::remove_directory(path);
            }
            in_use
        });
    }
}
