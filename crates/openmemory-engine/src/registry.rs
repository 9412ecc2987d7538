//! Which callers share an engine? All that open the same directory in this process: a directory has one engine.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::engine::Options;
use super::healing::Directory;
use openmemory_domain::Invalid;
use openmemory_rules::Error;
use openmemory_storage::{StorageError, create_directory};

/// Locked while a directory is opened or closed, so that of two concurrent opens the second finds the first's engine.
type DirectorySlot = Arc<Mutex<Weak<Directory>>>;

/// The open directories of this process, by canonical path.
#[derive(Default)]
pub struct Registry {
    slots: Mutex<HashMap<PathBuf, DirectorySlot>>,
}

impl Registry {
    /// Opens a directory, or returns it if it is already open; blocks. `embedder` describes the embedder's options,
    /// which must be the same for all callers that share an engine.
    pub fn open(&self, options: Options, embedder: &str) -> Result<Arc<Directory>, Error> {
        let named = |error: io::Error| Error::from(StorageError::from(error).of_directory(&options.directory));
        create_directory(&options.directory).map_err(named)?;
        let path = options.directory.canonicalize().map_err(named)?;
        let slot = self.slot(&path);
        let mut open = slot.lock();
        if let Some(directory) = open.upgrade() {
            // If the directory was replaced, the engine has another one open, and nothing here holds this one's lock.
            directory.check_place()?;
            if directory.options.durability != options.durability {
                return Err(Invalid::argument("durability", "differs from that of the open store").into());
            }
            if directory.embedder != embedder {
                return Err(Invalid::argument("embedder", "differs from that of the open store").into());
            }
            // The thread that opened the directory may end before this one, and its embedding function with it.
            directory.options.embedder.join(&options.embedder);
            return Ok(directory);
        }
        let directory = Arc::new(Directory::open(path, options, embedder.to_owned())?);
        *open = Arc::downgrade(&directory);
        Ok(directory)
    }

    /// Releases a directory; blocks. The last release closes it; opening it again waits until it is closed.
    pub fn release(&self, directory: Arc<Directory>) -> Result<(), Error> {
        let slot = self.slot(directory.path());
        let _exclusive = slot.lock();
        directory.settle();
        match Arc::into_inner(directory) {
            Some(last) => last.close(),
            None => Ok(()),
        }
    }

    fn slot(&self, path: &Path) -> DirectorySlot {
        let mut slots = self.slots.lock();
        // A slot of a directory that is being opened or closed has further references.
        slots.retain(|_, slot| {
            Arc::strong_count(slot) > 1 || slot.try_lock().is_none_or(|open| open.strong_count() > 0)
        });
        Arc::clone(slots.entry(path.to_owned()).or_default())
    }
}
