//! Who shares an engine? Everybody in the process who opens the same directory: one directory has one engine.

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

/// Held while a directory is opened or closed: of two who open one, the second finds the first one's engine.
type DirectorySlot = Arc<Mutex<Weak<Directory>>>;

/// The open directories of this process by their canonical paths.
#[derive(Default)]
pub struct Registry {
    places: Mutex<HashMap<PathBuf, DirectorySlot>>,
}

impl Registry {
    /// The directory, opened if it is not open yet; blocks. `embedder` describes the embedder's options; who shares an
    /// engine must mean the same one.
    pub fn open(&self, options: Options, embedder: &str) -> Result<Arc<Directory>, Error> {
        let named = |error: io::Error| Error::from(StorageError::from(error).of_directory(&options.directory));
        create_directory(&options.directory).map_err(named)?;
        let path = options.directory.canonicalize().map_err(named)?;
        let place = self.place(&path);
        let mut open = place.lock();
        if let Some(directory) = open.upgrade() {
            // Its engine is of another directory, and the lock of this one is not held by anybody here.
            directory.check_place()?;
            if directory.options.durability != options.durability {
                return Err(Invalid::argument("durability", "differs from that of the open store").into());
            }
            if directory.embedder != embedder {
                return Err(Invalid::argument("embedder", "differs from that of the open store").into());
            }
            // Who opened the directory may be a thread that ends before this one.
            directory.options.embedder.join(&options.embedder);
            return Ok(directory);
        }
        let directory = Arc::new(Directory::open(path, options, embedder.to_owned())?);
        *open = Arc::downgrade(&directory);
        Ok(directory)
    }

    /// Lets go of a directory; blocks. The last who does so closes it, and nobody opens it until that is done.
    pub fn release(&self, directory: Arc<Directory>) -> Result<(), Error> {
        let place = self.place(directory.path());
        let _alone = place.lock();
        directory.settle();
        match Arc::into_inner(directory) {
            Some(last) => last.close(),
            None => Ok(()),
        }
    }

    fn place(&self, path: &Path) -> DirectorySlot {
        let mut places = self.places.lock();
        // Those that somebody opens or closes just now are in more hands than these.
        places.retain(|_, place| {
            Arc::strong_count(place) > 1 || place.try_lock().is_none_or(|open| open.strong_count() > 0)
        });
        Arc::clone(places.entry(path.to_owned()).or_default())
    }
}
