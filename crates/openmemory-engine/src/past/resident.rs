//! Whose replaced texts are in memory? Those of users who were asked about lately. What commits change is read again before
//! the next search.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use openmemory_calls::past_texts::PastTexts;
use openmemory_rules::{Error, Number, Rows};
use openmemory_storage::Store;
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::load;
use crate::partitions::User;

/// The replaced texts of all users of a store take at most this much.
const MAX_BYTES: usize = 64 << 20;
/// Texts that nobody has asked about for so long are dropped.
const IDLE: Duration = Duration::from_secs(600);
const CHECK_EVERY: Duration = Duration::from_secs(60);

/// The replaced texts of a store.
#[derive(Default)]
pub(crate) struct Past(Mutex<HashMap<User, Arc<Resident>>>);

/// The replaced texts of one user.
pub(super) struct Resident {
    /// `None` until they are loaded.
    texts: RwLock<Option<PastTexts>>,
    /// Memories that commits have changed since.
    changed: Mutex<HashSet<Number>>,
    used: Mutex<Instant>,
}

impl Past {
    /// The replaced texts of a user, up to date with the commits before this call. `numbers` are the user's memories. Blocks.
    pub(super) fn of(
        self: &Arc<Self>,
        store: &Store,
        user: &User,
        numbers: impl FnOnce() -> Result<BTreeSet<Number>, Error>,
    ) -> Result<Arc<Resident>, Error> {
        let resident = self.claim(user);
        *resident.used.lock() = Instant::now();
        if resident.texts.read().is_some() && resident.changed.lock().is_empty() {
            return Ok(resident);
        }
        let Some(model) = store.model()? else { return Ok(resident) };
        let mut texts = resident.texts.write();
        let mut loaded = match texts.take() {
            Some(loaded) => loaded,
            None => load::load(store, &model, &numbers()?)?,
        };
        // After loading, so that what was committed meanwhile is read again.
        let changed = std::mem::take(&mut *resident.changed.lock());
        for number in changed {
            load::put(store, &model, &mut loaded, number)?;
        }
        *texts = Some(loaded);
        let texts = RwLockWriteGuard::downgrade(texts);
        self.make_room(user, texts.as_ref().map_or(0, PastTexts::bytes));
        drop(texts);
        Ok(resident)
    }

    /// A commit has changed a memory of this user.
    pub(crate) fn changed(&self, user: Option<&str>, number: Number) {
        let residents = self.0.lock();
        if residents.is_empty() {
            return;
        }
        if let Some(resident) = residents.get(&user.map(Box::from)) {
            resident.changed.lock().insert(number);
        }
    }

    /// Drops all, after a change of the model.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }

    fn claim(self: &Arc<Self>, user: &User) -> Arc<Resident> {
        let mut residents = self.0.lock();
        if residents.is_empty() {
            drop_when_idle(Arc::downgrade(self));
        }
        Arc::clone(residents.entry(user.clone()).or_default())
    }

    /// Drops those that have been unused for longest, except the one of `user`, if all take too much.
    fn make_room(&self, user: &User, mut bytes: usize) {
        let mut residents = self.0.lock();
        let mut others: Vec<(Instant, User, usize)> = Vec::new();
        for (other, resident) in residents.iter().filter(|(other, _)| *other != user) {
            // One that is being loaded is in use.
            let Some(texts) = resident.texts.try_read() else { continue };
            others.push((*resident.used.lock(), other.clone(), texts.as_ref().map_or(0, PastTexts::bytes)));
        }
        bytes += others.iter().map(|(_, _, bytes)| bytes).sum::<usize>();
        others.sort_unstable_by_key(|(used, ..)| *used);
        for (_, other, of_other) in others {
            if bytes <= MAX_BYTES {
                return;
            }
            residents.remove(&other);
            bytes -= of_other;
        }
    }
}

impl Default for Resident {
    fn default() -> Self {
        Self { texts: RwLock::default(), changed: Mutex::default(), used: Mutex::new(Instant::now()) }
    }
}

impl Resident {
    pub(super) fn texts(&self) -> RwLockReadGuard<'_, Option<PastTexts>> {
        self.texts.read()
    }
}

/// Starts a thread that drops what nobody asks about, and ends when nothing is left. Without it they stay until the store
/// is closed.
fn drop_when_idle(past: Weak<Past>) {
    let watch = move || {
        loop {
            thread::sleep(CHECK_EVERY);
            let Some(past) = past.upgrade() else { return };
            let mut residents = past.0.lock();
            residents.retain(|_, resident| resident.used.lock().elapsed() < IDLE);
            if residents.is_empty() {
                return;
            }
        }
    };
    let _ = thread::Builder::new().name("openmemory-past".into()).spawn(watch);
}
