//! Where is the partition of a user? In memory, or it is loaded: once, however many want it at once.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use openmemory_calls::index_entry::put;
use openmemory_domain::{Dynamics, Scope};
use openmemory_index::KnownTags;
use openmemory_rules::write::committed::{Committed, IndexChange};
use openmemory_rules::{Error, Labels, Number, Rows};
use openmemory_storage::{StorageError, Store};
use parking_lot::{Condvar, Mutex};

use super::budget::{Budget, Evict};
use super::fill;
use super::loaders;
use super::resident::Resident;
use super::user::User;
use super::users::Users;

/// The size of what is in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) users: usize,
    pub(crate) memories: usize,
    pub(crate) vectors: usize,
    /// Approximate allocated bytes.
    pub(crate) bytes: usize,
    /// How many bytes all stores of the process may take together.
    pub(crate) budget: usize,
}

/// The partitions of one store. It holds no store itself: the writer's thread holds it, and must not be the last to drop
/// a store.
pub(crate) struct Partitions {
    residents: Mutex<HashMap<User, Arc<Resident>>>,
    users: Users,
    /// Of the tags of commits.
    known_tags: Mutex<KnownTags>,
    budget: &'static Budget,
    /// Ends loading before a close.
    stop: AtomicBool,
    /// Loads that are under way, and hold the store meanwhile.
    loaders: Mutex<usize>,
    loader_ended: Condvar,
}

impl Partitions {
    pub(crate) fn new() -> Arc<Self> {
        let partitions = Arc::new(Self {
            residents: Mutex::default(),
            users: Users::default(),
            known_tags: Mutex::default(),
            budget: Budget::of_process(),
            stop: AtomicBool::new(false),
            loaders: Mutex::new(0),
            loader_ended: Condvar::new(),
        });
        let weak: Weak<Self> = Arc::downgrade(&partitions);
        partitions.budget.join(weak);
        partitions
    }

    /// All users with memories, and perhaps some without any longer.
    pub(super) fn all_users(&self, store: &Store) -> Result<Arc<BTreeSet<User>>, Error> {
        self.users.all(store)
    }

    /// The most similar memories of a user; loads the user's partition if it is not in memory, and blocks.
    pub(crate) fn nearest(
        &self,
        store: &Store,
        user: Option<&str>,
        vector: &[f32],
        take: usize,
        floor: f32,
    ) -> Result<Vec<(u64, f32)>, Error> {
        let Some(resident) = self.get_or_load(store, &user.map(Box::from))? else { return Ok(Vec::new()) };
        let near = resident.partition().nearest(vector, take, floor);
        near.map_err(|_| Error::Internal("a vector of another model's dimensions"))
    }

    /// The number of vectors of these users, if all of them are in memory.
    pub(crate) fn vectors_in_memory(&self, users: &BTreeSet<User>) -> Option<usize> {
        let residents: Option<Vec<Arc<Resident>>> = {
            let residents = self.residents.lock();
            users.iter().map(|user| residents.get(user).cloned()).collect()
        };
        residents?.iter().try_fold(0, |sum, resident| {
            let is_ready = resident.is_ready();
            is_ready.then(|| sum + resident.partition().vectors())
        })
    }

    /// Loads the partitions of `users` that are not in memory, on other threads.
    pub(crate) async fn load(
        self: &Arc<Self>,
        store: &Arc<Store>,
        users: impl IntoIterator<Item = User>,
    ) -> Result<(), Error> {
        for user in users {
            let Some((resident, is_mine)) = self.claim(store, &user)? else { return Ok(()) };
            if is_mine {
                self.start_loading(store, user, &resident)?;
            }
            resident.ready().await?;
        }
        Ok(())
    }

    fn start_loading(self: &Arc<Self>, store: &Arc<Store>, user: User, resident: &Arc<Resident>) -> Result<(), Error> {
        *self.loaders.lock() += 1;
        let (partitions, store) = (Arc::clone(self), Arc::clone(store));
        let (of, claimed) = (user.clone(), Arc::clone(resident));
        let load = move || {
            // What went wrong is told to those who wait for the partition.
            let _ = partitions.fill(&store, &of, &claimed);
            drop(store);
            *partitions.loaders.lock() -= 1;
            partitions.loader_ended.notify_all();
        };
        let Err(error) = loaders::run(Box::new(load)) else { return Ok(()) };
        *self.loaders.lock() -= 1;
        let error = Error::from(StorageError::from(error));
        self.forget(&user, resident);
        let _ = resident.finish(Err(error.clone()), |_, _| Ok(()));
        Err(error)
    }

    /// The partition of a user, loaded on this thread if it is not in memory; blocks. `None` if the store has no model,
    /// and with it no vectors.
    pub(super) fn get_or_load(&self, store: &Store, user: &User) -> Result<Option<Arc<Resident>>, Error> {
        let Some((resident, is_mine)) = self.claim(store, user)? else { return Ok(None) };
        if is_mine {
            self.fill(store, user, &resident)?;
        } else {
            resident.wait()?;
        }
        Ok(Some(resident))
    }

    /// The resident of a user, and whether the caller has to load it.
    fn claim(&self, store: &Store, user: &User) -> Result<Option<(Arc<Resident>, bool)>, Error> {
        if let Some(resident) = self.residents.lock().get(user) {
            resident.used.store(self.budget.now(), Ordering::Relaxed);
            return Ok(Some((Arc::clone(resident), false)));
        }
        let Some(model) = store.model()? else { return Ok(None) };
        let mut residents = self.residents.lock();
        let mut is_mine = false;
        let resident = residents.entry(user.clone()).or_insert_with(|| {
            is_mine = true;
            Arc::new(Resident::new(model.dimensions, self.budget))
        });
        resident.used.store(self.budget.now(), Ordering::Relaxed);
        Ok(Some((Arc::clone(resident), is_mine)))
    }

    fn fill(&self, store: &Store, user: &User, resident: &Arc<Resident>) -> Result<(), Error> {
        let name = user.as_deref();
        let work = || {
            let model = store.model()?.ok_or(Error::Internal("vectors without a model"))?;
            fill::fill(store, name, &model, &self.stop)
        };
        let loaded =
            catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::Internal("loading a partition panicked")));
        // After an error the next call tries again, so it is forgotten before anybody hears of the error.
        let forget = |_: &Error| self.forget(user, resident);
        let finished = resident.finish(loaded.inspect_err(forget), |partition, changed| {
            fill::refresh(store, name, partition, changed).inspect_err(forget)
        });
        // A user without memories takes no memory.
        if finished.is_ok() && resident.partition().memories() == 0 {
            self.forget(user, resident);
        }
        finished
    }

    fn forget(&self, user: &User, resident: &Arc<Resident>) {
        let mut residents = self.residents.lock();
        // It may have left by itself, and another one be loading.
        if residents.get(user).is_some_and(|known| Arc::ptr_eq(known, resident)) {
            residents.remove(user);
        }
    }

    /// Stops loading, and returns when no thread holds the store for it.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let mut loaders = self.loaders.lock();
        self.loader_ended.wait_while(&mut loaders, |loaders| *loaders > 0);
    }

    /// Lets all partitions go. They are loaded again when they are needed.
    pub(crate) fn clear(&self) {
        self.residents.lock().clear();
    }

    /// Applies a commit to the partition of its user, if that is in memory.
    pub(crate) fn publish(&self, Committed { number, memory, index_change }: &Committed) {
        let version = &memory.version;
        let user = version.scope.user_id.as_deref();
        match index_change {
            IndexChange::None => {}
            IndexChange::Labels => self.change(user, *number, |partition| {
                let tags = self.known_tags.lock().tags(version.tags.as_slice());
                partition.set_labels(number.0, &tags, version.expires_at, &version.validity);
            }),
            IndexChange::Document(text) => {
                self.users.add(user);
                self.change(user, *number, |partition| {
                    // Cannot fail: the commit has checked the model, and with it the dimensions.
                    let labels = Labels::of(version);
                    let tags = self.known_tags.lock().tags(labels.tags.as_slice());
                    let _ = put(partition, *number, &labels, tags, &memory.dynamics, text);
                });
            }
        }
    }

    pub(crate) fn set_dynamics(&self, number: Number, user: Option<&str>, dynamics: &Dynamics) {
        self.change(user, number, |partition| partition.set_dynamics(number.0, dynamics));
    }

    pub(crate) fn remove(&self, number: Number, scope: &Scope) {
        self.change(scope.user_id.as_deref(), number, |partition| {
            partition.remove(number.0);
        });
    }

    fn change(&self, user: Option<&str>, number: Number, apply: impl FnOnce(&mut openmemory_index::Partition)) {
        let resident = self.residents.lock().get(&user.map(Box::from)).cloned();
        let Some(resident) = resident else { return };
        resident.change(number, apply);
    }

    pub(crate) fn usage(&self) -> Usage {
        let residents: Vec<Arc<Resident>> = self.residents.lock().values().cloned().collect();
        let mut usage = Usage { budget: self.budget.bytes(), ..Usage::default() };
        for resident in residents.iter().filter(|resident| resident.is_ready()) {
            let partition = resident.partition();
            usage.users += 1;
            usage.memories += partition.memories();
            usage.vectors += partition.vectors();
            usage.bytes += partition.bytes();
        }
        usage
    }
}

impl Evict for Partitions {
    fn evict(&self, user: &User) {
        let evicted = self.residents.lock().remove(user);
        // A large partition takes a while to free, and others wait for the lock.
        drop(evicted);
    }

    fn ready_users(&self) -> Vec<(u64, User)> {
        let residents: Vec<(User, Arc<Resident>)> =
            self.residents.lock().iter().map(|(user, resident)| (user.clone(), Arc::clone(resident))).collect();
        let ready = residents.into_iter().filter(|(_, resident)| resident.is_ready());
        ready.map(|(user, resident)| (resident.used.load(Ordering::Relaxed), user)).collect()
    }
}

#[cfg(test)]
mod tests;
