//! Who shares an engine? Everybody in the process who opens the same directory: one directory has one engine.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::error::Error;
use super::open::{Engine, Options};
use crate::domain::Invalid;
use crate::storage::{Durability, StorageError, create_directory};

/// An engine that closes when the last of those who share it lets go.
pub struct Shared {
    engine: Engine,
    durability: Durability,
    embedder: String,
    failed: AtomicBool,
}

impl Shared {
    /// Says that the disk refused a write: nobody else shares this engine from now on, so that it closes when those
    /// who do have let go of it, and the next one opens the directory anew.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

impl std::ops::Deref for Shared {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

/// The open engines of this process by the canonical path of their directories.
#[derive(Default)]
pub struct Registry {
    engines: Mutex<HashMap<PathBuf, Weak<Shared>>>,
}

impl Registry {
    /// The engine of a directory: the one that is open, or a new one. `embedder` describes the embedder's options;
    /// who shares an engine must mean the same one.
    pub fn open(&self, options: Options, embedder: &str) -> Result<Arc<Shared>, Error> {
        create_directory(&options.directory).map_err(|error| Error::Storage(error.into()))?;
        let path = options.directory.canonicalize().map_err(|error| Error::Storage(error.into()))?;
        // Held while opening: of two who open one directory, the second finds the first one's engine.
        let mut engines = self.engines.lock();
        if let Some(shared) = engines.get(&path).and_then(Weak::upgrade) {
            if shared.failed() {
                return Err(StorageError::Poisoned.into());
            }
            if shared.durability != options.durability {
                return Err(Invalid::argument("durability", "differs from that of the open store").into());
            }
            if shared.embedder != embedder {
                return Err(Invalid::argument("embedder", "differs from that of the open store").into());
            }
            // Who opened the directory may be a thread that ends before this one.
            shared.engine.model.embedding.join(&options.embedder);
            return Ok(shared);
        }
        let durability = options.durability;
        let engine = Engine::open(options)?;
        let shared =
            Arc::new(Shared { engine, durability, embedder: embedder.to_owned(), failed: AtomicBool::new(false) });
        engines.insert(path, Arc::downgrade(&shared));
        engines.retain(|_, engine| engine.strong_count() > 0);
        Ok(shared)
    }

    /// Lets go of an engine. The last who does so closes it, and nobody opens the directory until that is done.
    pub fn release(&self, shared: Arc<Shared>) -> Result<(), Error> {
        let _engines = self.engines.lock();
        match Arc::into_inner(shared) {
            Some(last) => last.engine.close(),
            None => Ok(()),
        }
    }
}
