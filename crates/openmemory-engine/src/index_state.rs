//! When is the index ready? It is loaded from the store on a separate thread, and only calls that need it wait.

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
    Loading,
    Ready,
    Failed(Error),
}

/// The index of one store, and the state of loading it.
pub(super) struct IndexHandle {
    state: watch::Sender<State>,
    /// Ends loading, which holds the store, before a close.
    stop: AtomicBool,
    loader: Mutex<Option<JoinHandle<()>>>,
    /// Memories that commits have changed during loading. They are read again at its end.
    touched: Mutex<HashSet<(Option<String>, Number)>>,
    /// `None` until the store has its first vector.
    index: RwLock<Option<Arc<MemoryIndex>>>,
}

impl IndexHandle {
    pub(super) fn new() -> Self {
        Self {
            state: watch::Sender::new(State::Loading),
            stop: AtomicBool::new(false),
            loader: Mutex::new(None),
            touched: Mutex::default(),
            index: RwLock::new(None),
        }
    }

    pub(super) fn set_empty(&self) {
        self.state.send_replace(State::Ready);
    }

    /// Loads the vectors of all memories by `model` into a new index; calls that need the index wait. `guard` is
    /// dropped afterwards.
    pub(super) fn fill(
        self: &Arc<Self>,
        store: Arc<Store>,
        model: ModelIdentity,
        guard: Option<Box<dyn Send>>,
    ) -> Result<(), Error> {
        self.state.send_replace(State::Loading);
        let handle = Arc::clone(self);
        let mut loader = self.loader.lock();
        let previous = loader.take();
        let fill = move || {
            // The previous loader has published its result, but may still hold the store, and `stop` joins only this
            // one.
            if let Some(previous) = previous {
                let _ = previous.join();
            }
            let index = Arc::new(MemoryIndex::new(model.dimensions));
            let load = IndexLoad { store: &store, model: model.tag(), index: &index };
            let finish = |loaded: Result<(), Error>| {
                let mut touched = handle.touched.lock();
                let state = match loaded.and_then(|()| load.reload(&touched)) {
                    Ok(()) => State::Ready,
                    Err(error) => State::Failed(error),
                };
                touched.clear();
                *handle.index.write() = Some(Arc::clone(&index));
                handle.state.send_replace(state);
            };
            let run = AssertUnwindSafe(|| load.load_all(&handle.stop, finish));
            if catch_unwind(run).is_err() {
                handle.state.send_replace(State::Failed(Error::Internal("loading the index panicked")));
            }
            drop(guard);
        };
        let started = std::thread::Builder::new().name("openmemory-index".into()).spawn(fill);
        *loader = Some(started.map_err(|error| Error::from(StorageError::from(error)))?);
        Ok(())
    }

    /// Stops loading and returns when the loader no longer holds the store.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let loader = self.loader.lock().take();
        if let Some(loader) = loader {
            let _ = loader.join();
        }
    }

    /// Whether loading has failed with an I/O error. Only reopening the store loads the index again.
    pub(super) fn has_failed(&self) -> bool {
        matches!(&*self.state.borrow(), State::Failed(error) if matches!(StorageError::of(error), Some(StorageError::Io(_))))
    }

    pub(super) async fn ready(&self) -> Result<(), Error> {
        let mut changes = self.state.subscribe();
        let state = changes.wait_for(|state| !matches!(state, State::Loading)).await.map_err(|_| Error::Closed)?;
        match &*state {
            State::Failed(error) => Err(error.clone()),
            State::Loading | State::Ready => Ok(()),
        }
    }

    /// Applies a commit to the index.
    pub(super) fn publish(&self, Committed { number, memory, index_change }: &Committed) {
        let version = &memory.version;
        let user = version.scope.user_id.as_deref();
        match index_change {
            IndexChange::None => {}
            IndexChange::Labels => self.change(user, *number, None, |index| {
                index.describe(user, number.0, version.tags.as_slice(), version.expires_at);
            }),
            IndexChange::Document(embedding) => self.change(user, *number, Some(embedding.whole().len()), |index| {
                // Cannot fail: the commit has checked the model, and with it the dimensions.
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

    /// `dimensions` are set if the change may create the first index.
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
        if matches!(&*self.state.borrow(), State::Loading) {
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
