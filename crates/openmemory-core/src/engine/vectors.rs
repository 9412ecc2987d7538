//! When can the index be asked? It is filled from the store on a thread of its own; who needs it waits, nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::commit::{Committed, Reach};
use super::error::Error;
use crate::domain::{Dynamics, Embedding, Memory, ModelIdentity, Scope, Sector, Sectors};
use crate::index::{Entry, MemoryIndex, SectorMask, Usage, WrongDimensions};
use crate::storage::{Number, Records, Store};

#[derive(Clone)]
enum State {
    Filling,
    Ready,
    Failed(Error),
}

/// What a commit changes in the index.
#[derive(Clone)]
enum Change {
    Committed(Box<Committed>),
    Dynamics { user: Option<String>, number: Number, dynamics: Dynamics },
    Removed { user: Option<String>, number: Number },
}

/// The index of one store, once it is filled.
pub(super) struct Vectors {
    state: watch::Sender<State>,
    /// Ends the filling, which holds the store, before a close.
    stop: AtomicBool,
    filler: Mutex<Option<JoinHandle<()>>>,
    /// What commits did to the index while it was filled: done once more at the end.
    late: Mutex<Vec<Change>>,
    /// None before the store has a first vector.
    index: RwLock<Option<Arc<MemoryIndex>>>,
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
            let index = Arc::new(MemoryIndex::new(model.dimensions));
            let state = match read_all(&store, &model, &index, &vectors.stop) {
                Ok(()) => State::Ready,
                Err(error) => State::Failed(error),
            };
            let mut late = vectors.late.lock();
            late.drain(..).for_each(|change| change.apply(&index));
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

    /// Makes the index hold what a commit has made of a memory.
    pub(super) fn publish(&self, committed: &Committed) {
        let dimensions = match &committed.reach {
            Reach::Nothing => return,
            Reach::Labels => None,
            Reach::Everything(embedding) => Some(embedding.whole().len()),
        };
        self.change(Change::Committed(Box::new(committed.clone())), dimensions);
    }

    pub(super) fn set_dynamics(&self, number: Number, memory: &Memory) {
        let user = memory.version.scope.user_id.clone();
        self.change(Change::Dynamics { user, number, dynamics: memory.dynamics.clone() }, None);
    }

    pub(super) fn remove(&self, number: Number, scope: &Scope) {
        self.change(Change::Removed { user: scope.user_id.clone(), number }, None);
    }

    /// `dimensions` are those of a first index, where the change is a reason to have one.
    fn change(&self, change: Change, dimensions: Option<usize>) {
        let mut late = self.late.lock();
        let known = self.index.read().clone();
        let index = match (known, dimensions) {
            (None, Some(dimensions)) => {
                let mut first = self.index.write();
                Some(Arc::clone(first.get_or_insert_with(|| Arc::new(MemoryIndex::new(dimensions)))))
            }
            (known, _) => known,
        };
        if let Some(index) = index {
            change.apply(&index);
        }
        if matches!(&*self.state.borrow(), State::Filling) {
            late.push(change);
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

impl Change {
    fn apply(&self, index: &MemoryIndex) {
        match self {
            Self::Committed(committed) => put(committed, index),
            Self::Dynamics { user, number, dynamics } => index.set_dynamics(user.as_deref(), number.0, dynamics),
            Self::Removed { user, number } => {
                index.remove(user.as_deref(), number.0);
            }
        }
    }
}

fn put(Committed { number, memory, reach }: &Committed, index: &MemoryIndex) {
    let version = &memory.version;
    match reach {
        Reach::Nothing => {}
        Reach::Labels => {
            index.describe(version.scope.user_id.as_deref(), number.0, version.tags.as_slice(), version.expires_at);
        }
        Reach::Everything(embedding) => {
            // Dimensions are those of the store's model, which the commit has checked.
            let _ = index.replace(&entry(*number, memory, embedding));
        }
    }
}

fn entry<'a>(number: Number, memory: &'a Memory, embedding: &'a Embedding) -> Entry<'a> {
    let version = &memory.version;
    Entry {
        number: number.0,
        user: version.scope.user_id.as_deref(),
        run: version.scope.run_id.as_deref(),
        content: version.content,
        text: &memory.content,
        tags: version.tags.as_slice(),
        created_at: version.created_at,
        expires_at: version.expires_at,
        dynamics: &memory.dynamics,
        vectors: roles(&version.sectors(), embedding),
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

pub(super) fn foreign_dimensions(_: WrongDimensions) -> Error {
    Error::Internal("a query of another model's dimensions")
}

fn read_all(store: &Store, model: &ModelIdentity, index: &MemoryIndex, stop: &AtomicBool) -> Result<(), Error> {
    let tag = model.tag();
    for head in store.heads() {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        let (number, version) = head?;
        // A change of model that is under way leaves memories without a fitting vector; it fills the index at its end.
        let embedding = store.embedding(number, version.content)?.filter(|embedding| embedding.model == tag);
        let rows = (embedding, store.content(number, version.content)?, store.dynamics(number)?);
        let (Some(embedding), Some(content), Some(dynamics)) = rows else { continue };
        let memory = Memory { now: version.updated_at, version, content, dynamics };
        index
            .replace(&entry(number, &memory, &embedding))
            .map_err(|_| Error::Internal("a vector of another model's dimensions"))?;
    }
    Ok(())
}
