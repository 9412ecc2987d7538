//! When can the index be asked? It is filled from the store on a thread of its own; who needs it waits, nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::commit::Committed;
use super::error::Error;
use crate::domain::{Embedding, ModelIdentity, Scope, Sector, Sectors};
use crate::index::{Query, Ranked, SectorMask, Usage, VectorIndex};
use crate::storage::{Number, Records, Store};

#[derive(Clone)]
enum State {
    Filling,
    Ready,
    Failed(Error),
}

type Late = Box<dyn FnOnce(&VectorIndex) + Send>;

/// The index of one store, once it is filled.
pub(super) struct Vectors {
    state: watch::Sender<State>,
    /// Ends the filling, which holds the store, before a close.
    stop: AtomicBool,
    filler: Mutex<Option<JoinHandle<()>>>,
    /// What commits did to the index while it was filled: done once more at the end.
    late: Mutex<Vec<Late>>,
    /// None before the store has a first vector.
    index: RwLock<Option<Arc<VectorIndex>>>,
}

impl Vectors {
    pub(super) fn new() -> Self {
        Self {
            state: watch::Sender::new(State::Filling),
            stop: AtomicBool::new(false),
            filler: Mutex::new(None),
            late: Mutex::default(),
            index: RwLock::new(None),
        }
    }

    pub(super) fn set_empty(&self) {
        self.state.send_replace(State::Ready);
    }

    /// Fills the index with every memory's vectors by `model`; calls that need it wait until then.
    pub(super) fn fill(self: &Arc<Self>, store: Arc<Store>, model: ModelIdentity) -> Result<(), Error> {
        self.state.send_replace(State::Filling);
        let vectors = Arc::clone(self);
        let fill = move || {
            let index = Arc::new(VectorIndex::new(model.dimensions));
            let state = match read_all(&store, &model, &index, &vectors.stop) {
                Ok(()) => State::Ready,
                Err(error) => State::Failed(error),
            };
            let mut late = vectors.late.lock();
            late.drain(..).for_each(|again| again(&index));
            *vectors.index.write() = Some(index);
            vectors.state.send_replace(state);
        };
        let filler = std::thread::Builder::new().name("openmemory-index".into()).spawn(fill);
        *self.filler.lock() = Some(filler.map_err(|error| Error::Storage(error.into()))?);
        Ok(())
    }

    /// Returns when nobody reads the store for the index any more.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(filler) = self.filler.lock().take() {
            let _ = filler.join();
        }
    }

    pub(super) async fn ready(&self) -> Result<(), Error> {
        let mut changes = self.state.subscribe();
        let state = changes.wait_for(|state| !matches!(state, State::Filling)).await.map_err(|_| Error::Closed)?;
        match &*state {
            State::Failed(error) => Err(error.clone()),
            State::Filling | State::Ready => Ok(()),
        }
    }

    /// Makes `embedding` what the index knows of a memory.
    fn replace(&self, number: Number, scope: &Scope, sectors: &Sectors, embedding: &Embedding) {
        let roles = roles(sectors, embedding);
        let Some((vector, _)) = roles.first() else { return };
        let known = self.index.read().clone();
        let index = match known {
            Some(index) => index,
            None => {
                let mut first = self.index.write();
                Arc::clone(first.get_or_insert_with(|| Arc::new(VectorIndex::new(vector.len()))))
            }
        };
        // Dimensions are those of the store's model, which the commit has checked.
        let _ = index.replace(scope.user_id.as_deref(), number.0, &roles);
    }

    /// Makes the index hold what a commit has made of a memory.
    pub(super) fn publish(&self, committed: &Committed) {
        if let Some(embedding) = &committed.vectors {
            let version = &committed.memory.version;
            let mut late = self.late.lock();
            if matches!(&*self.state.borrow(), State::Filling) {
                let (number, scope, sectors, embedding) =
                    (committed.number, version.scope.clone(), version.sectors(), Arc::clone(embedding));
                late.push(Box::new(move |index| {
                    let _ = index.replace(scope.user_id.as_deref(), number.0, &roles(&sectors, &embedding));
                }));
            }
            self.replace(committed.number, &version.scope, &version.sectors(), embedding);
        }
    }

    pub(super) fn remove(&self, number: Number, scope: &Scope) {
        let mut late = self.late.lock();
        if matches!(&*self.state.borrow(), State::Filling) {
            let user = scope.user_id.clone();
            late.push(Box::new(move |index| {
                index.remove(user.as_deref(), number.0);
            }));
        }
        if let Some(index) = &*self.index.read() {
            index.remove(scope.user_id.as_deref(), number.0);
        }
    }

    /// The memories in scope by falling similarity; none in a store without vectors.
    pub(super) fn ranked(&self, query: &Query<'_>) -> Result<Option<Ranked>, Error> {
        let index = self.index.read().clone();
        index
            .map(|index| index.ranked(query).map_err(|_| Error::Internal("a query of another model's dimensions")))
            .transpose()
    }

    pub(super) fn usage(&self) -> Usage {
        self.index.read().as_ref().map(|index| index.usage()).unwrap_or_default()
    }
}

/// Each vector of a memory with what it stands for.
fn roles<'a>(sectors: &Sectors, embedding: &'a Embedding) -> Vec<(&'a [f32], SectorMask)> {
    let mask_of = |role: (&'a [f32], Vec<Sector>, bool)| {
        let (vector, sectors, passage) = role;
        let masks = sectors.into_iter().filter_map(|sector| SectorMask::sector(sector.index()));
        let mask = masks.chain(passage.then_some(SectorMask::PASSAGE)).reduce(SectorMask::union)?;
        Some((vector, mask))
    };
    embedding.roles(sectors).into_iter().filter_map(mask_of).collect()
}

fn read_all(store: &Store, model: &ModelIdentity, index: &VectorIndex, stop: &AtomicBool) -> Result<(), Error> {
    let tag = model.tag();
    for head in store.heads() {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        let (number, head) = head?;
        // A change of model that is under way leaves memories without a fitting vector; it fills the index at its end.
        let Some(embedding) = store.embedding(number, head.content)?.filter(|embedding| embedding.model == tag) else {
            continue;
        };
        index
            .replace(head.scope.user_id.as_deref(), number.0, &roles(&head.sectors(), &embedding))
            .map_err(|_| Error::Internal("a vector of another model's dimensions"))?;
    }
    Ok(())
}
