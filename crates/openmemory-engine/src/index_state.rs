//! When can the index be asked? It is filled from the store on a thread of its own; who needs it waits, nobody else.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::index_document::entry;
use super::index_load::IndexLoad;
use openmemory_domain::{Dynamics, ModelIdentity, Scope};
use openmemory_index::{MemoryIndex, Usage, WrongDimensions};
use openmemory_rules::write::committed::{Committed, IndexChange};
use openmemory_rules::{Error, Number};
use openmemory_storage::{StorageError, Store};

#[derive(Clone)]
enum State {
    IndexLoad,
    Ready,
    Failed(Error),
}

/// The index of one store, once it is filled.
pub(super) struct IndexHandle {
    state: watch::Sender<State>,
    /// Ends the filling, which holds the store, before a close.
    stop: AtomicBool,
    filler: Mutex<Option<JoinHandle<()>>>,
    /// What commits have changed while the index was filled: read once more at the end.
    touched: Mutex<HashSet<(Option<String>, Number)>>,
    /// None before the store has a first vector.
    index: RwLock<Option<Arc<MemoryIndex>>>,
}

impl IndexHandle {
    pub(super) fn new() -> Self {
        Self {
            state: watch::Sender::new(State::IndexLoad),
            stop: AtomicBool::new(false),
            filler: Mutex::new(None),
            touched: Mutex::default(),
            index: RwLock::new(None),
        }
    }

    pub(super) fn set_empty(&self) {
        self.state.send_replace(State::Ready);
    }

    /// Fills the index with every memory's vectors by `model`; calls that need it wait until then. `meanwhile` is dropped
    /// afterwards.
    pub(super) fn fill(
        self: &Arc<Self>,
        store: Arc<Store>,
        model: ModelIdentity,
        meanwhile: Option<Box<dyn Send>>,
    ) -> Result<(), Error> {
        self.state.send_replace(State::IndexLoad);
        let vectors = Arc::clone(self);
        let mut filler = self.filler.lock();
        let before = filler.take();
        let fill = move || {
            // It has told what it found, and may still hold the store: who stops waits for both.
            if let Some(before) = before {
                let _ = before.join();
            }
            let index = Arc::new(MemoryIndex::new(model.dimensions));
            let filling = IndexLoad { store: &store, model: model.tag(), index: &index };
            let settle = |filled: Result<(), Error>| {
                let mut touched = vectors.touched.lock();
                let state = match filled.and_then(|()| filling.read_again(&touched)) {
                    Ok(()) => State::Ready,
                    Err(error) => State::Failed(error),
                };
                touched.clear();
                *vectors.index.write() = Some(Arc::clone(&index));
                vectors.state.send_replace(state);
            };
            let read = AssertUnwindSafe(|| filling.read_all(&vectors.stop, settle));
            if catch_unwind(read).is_err() {
                vectors.state.send_replace(State::Failed(Error::Internal("filling the index panicked")));
            }
            drop(meanwhile);
        };
        let started = std::thread::Builder::new().name("openmemory-index".into()).spawn(fill);
        *filler = Some(started.map_err(|error| Error::from(StorageError::from(error)))?);
        Ok(())
    }

    /// Returns when nobody reads the store for the index any more.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let filler = self.filler.lock().take();
        if let Some(filler) = filler {
            let _ = filler.join();
        }
    }

    /// Whether the disk has refused a read that filled the index. Only opening the store again fills it anew.
    pub(super) fn has_failed(&self) -> bool {
        matches!(&*self.state.borrow(), State::Failed(error) if matches!(StorageError::of(error), Some(StorageError::Io(_))))
    }

    pub(super) async fn ready(&self) -> Result<(), Error> {
        let mut changes = self.state.subscribe();
        let state = changes.wait_for(|state| !matches!(state, State::IndexLoad)).await.map_err(|_| Error::Closed)?;
        match &*state {
            State::Failed(error) => Err(error.clone()),
            State::IndexLoad | State::Ready => Ok(()),
        }
    }

    /// Makes the index hold what a commit has made of a memory.
    pub(super) fn publish(&self, Committed { number, memory, index_change }: &Committed) {
        let version = &memory.version;
        let user = version.scope.user_id.as_deref();
        match index_change {
            IndexChange::None => {}
            IndexChange::Labels => self.change(user, *number, None, |index| {
                index.describe(user, number.0, version.tags.as_slice(), version.expires_at);
            }),
            IndexChange::Document(embedding) => self.change(user, *number, Some(embedding.whole().len()), |index| {
                // Dimensions are those of the store's model, which the commit has checked.
                let _ = index.replace(&entry(*number, memory, embedding));
            }),
        }
    }

    pub(super) fn set_dynamics(&self, number: Number, user: Option<&str>, dynamics: &Dynamics) {
        self.change(user, number, None, |index| index.set_dynamics(user, number.0, dynamics));
    }

    pub(super) fn remove(&self, number: Number, scope: &Scope) {
        let user = scope.user_id.as_deref();
        self.change(user, number, None, |index| {
            index.remove(user, number.0);
        });
    }

    /// `dimensions` are those of a first index, where the change is a reason to have one.
    fn change(&self, user: Option<&str>, number: Number, dimensions: Option<usize>, apply: impl FnOnce(&MemoryIndex)) {
        let mut touched = self.touched.lock();
        let known = self.index.read().clone();
        let index = match (known, dimensions) {
            (None, Some(dimensions)) => {
                let mut first = self.index.write();
                Some(Arc::clone(first.get_or_insert_with(|| Arc::new(MemoryIndex::new(dimensions)))))
            }
            (known, _) => known,
        };
        if let Some(index) = index {
            apply(&index);
        }
        if matches!(&*self.state.borrow(), State::IndexLoad) {
            touched.insert((user.map(str::to_owned), number));
        }
    }

    /// The index; none in a store without vectors.
    pub(super) fn index(&self) -> Option<Arc<MemoryIndex>> {
        self.index.read().clone()
    }

    pub(super) fn usage(&self) -> Usage {
        self.index().map(|index| index.usage()).unwrap_or_default()
    }
}

pub(super) fn foreign_dimensions(_: WrongDimensions) -> Error {
    Error::Internal("a query of another model's dimensions")
}
