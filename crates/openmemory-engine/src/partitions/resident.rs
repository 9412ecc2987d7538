//! How is the partition of one user loaded while commits go on? What they change meanwhile is read again at the end.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use openmemory_index::Partition;
use openmemory_rules::{Error, Number};
use parking_lot::{Condvar, Mutex, RwLock, RwLockReadGuard};
use tokio::sync::watch;

use super::budget::Budget;

/// Changes of a partition after which its size is computed again.
const CHANGES_PER_MEASUREMENT: u32 = 64;

enum State {
    /// With the memories that commits have changed since loading began.
    Loading(HashSet<Number>),
    Loaded,
    Failed(Error),
}

/// The partition of one user, or the state of loading it.
pub(super) struct Resident {
    partition: RwLock<Partition>,
    state: Mutex<State>,
    /// Notified when loading has ended, for threads and for tasks.
    ended: Condvar,
    has_ended: watch::Sender<bool>,
    /// When it was last used, on the clock of the budget.
    pub(super) used: AtomicU64,
    bytes: AtomicUsize,
    budget: &'static Budget,
    changes: AtomicU32,
}

impl Resident {
    /// A partition that somebody has to load.
    pub(super) fn new(dimensions: usize, budget: &'static Budget) -> Self {
        Self {
            partition: RwLock::new(Partition::new(dimensions)),
            state: Mutex::new(State::Loading(HashSet::new())),
            ended: Condvar::new(),
            has_ended: watch::Sender::new(false),
            used: AtomicU64::new(0),
            bytes: AtomicUsize::new(0),
            budget,
            changes: AtomicU32::new(0),
        }
    }

    /// Ends loading. `refresh` reads the memories again that have changed meanwhile, while commits wait.
    pub(super) fn finish(
        &self,
        loaded: Result<Partition, Error>,
        refresh: impl FnOnce(&mut Partition, &HashSet<Number>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let result = {
            let mut state = self.state.lock();
            let none = HashSet::new();
            let changed = if let State::Loading(changed) = &*state { changed } else { &none };
            let complete = loaded.and_then(|mut partition| {
                refresh(&mut partition, changed)?;
                Ok(partition)
            });
            match complete {
                Ok(partition) => {
                    *self.partition.write() = partition;
                    *state = State::Loaded;
                    Ok(())
                }
                Err(error) => {
                    *state = State::Failed(error.clone());
                    Err(error)
                }
            }
        };
        self.ended.notify_all();
        if result.is_ok() {
            self.measure();
        }
        // Calls may continue on this thread, so it holds no lock.
        self.has_ended.send_replace(true);
        result
    }

    /// Applies a commit.
    pub(super) fn change(&self, number: Number, apply: impl FnOnce(&mut Partition)) {
        match &mut *self.state.lock() {
            State::Loading(changed) => {
                changed.insert(number);
                return;
            }
            State::Loaded => apply(&mut self.partition.write()),
            State::Failed(_) => return,
        }
        if (self.changes.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(CHANGES_PER_MEASUREMENT) {
            self.measure();
        }
    }

    /// Counts the bytes of the partition.
    fn measure(&self) {
        let bytes = self.partition.read().bytes();
        self.budget.give_back(self.bytes.swap(bytes, Ordering::Relaxed));
        self.budget.take(bytes);
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(*self.state.lock(), State::Loaded)
    }

    /// Waits until the partition is loaded; blocks.
    pub(super) fn wait(&self) -> Result<(), Error> {
        let mut state = self.state.lock();
        self.ended.wait_while(&mut state, |state| matches!(state, State::Loading(_)));
        outcome(&state)
    }

    /// Waits until the partition is loaded.
    pub(super) async fn ready(&self) -> Result<(), Error> {
        let mut ended = self.has_ended.subscribe();
        drop(ended.wait_for(|ended| *ended).await.map_err(|_| Error::Closed)?);
        outcome(&self.state.lock())
    }

    pub(super) fn partition(&self) -> RwLockReadGuard<'_, Partition> {
        self.partition.read()
    }
}

fn outcome(state: &State) -> Result<(), Error> {
    match state {
        State::Failed(error) => Err(error.clone()),
        State::Loading(_) | State::Loaded => Ok(()),
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes.load(Ordering::Relaxed));
    }
}
