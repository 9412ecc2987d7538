//! How much memory may the partitions of all stores of a process take? Beyond the budget those leave that have been unused
//! for longest. Results do not depend on it: what left is loaded again.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;

use super::user::User;

/// The budget of a process that sets none.
const DEFAULT_BYTES: usize = 1 << 30;

static BUDGET: LazyLock<Budget> = LazyLock::new(|| Budget {
    bytes: AtomicUsize::new(DEFAULT_BYTES),
    taken: AtomicUsize::new(0),
    clock: AtomicU64::new(0),
    stores: Mutex::default(),
});

/// Sets how many bytes the partitions of all stores of this process may take together.
pub fn set_index_memory(bytes: usize) {
    BUDGET.bytes.store(bytes, Ordering::Relaxed);
    if BUDGET.taken.load(Ordering::Relaxed) > bytes {
        BUDGET.make_room();
    }
}

/// The partitions of a store, as the budget sees them.
pub(super) trait Evict: Send + Sync {
    /// The users whose partitions are loaded, and when each was last used.
    fn ready_users(&self) -> Vec<(u64, User)>;

    fn evict(&self, user: &User);
}

pub(super) struct Budget {
    bytes: AtomicUsize,
    taken: AtomicUsize,
    /// Counts uses, to compare which was later.
    clock: AtomicU64,
    stores: Mutex<Vec<Weak<dyn Evict>>>,
}

impl Budget {
    pub(super) fn of_process() -> &'static Self {
        &BUDGET
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn join(&self, partitions: Weak<dyn Evict>) {
        let mut stores = self.stores.lock();
        stores.retain(|store| store.strong_count() > 0);
        stores.push(partitions);
    }

    /// The moment of a use, later than all before.
    pub(super) fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts bytes, and lets the longest unused partitions go if they are too many.
    pub(super) fn take(&self, bytes: usize) {
        if self.taken.fetch_add(bytes, Ordering::Relaxed) + bytes > self.bytes() {
            self.make_room();
        }
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Evicts an eighth more than necessary, so that not every load has to.
    fn make_room(&self) {
        let goal = self.bytes() / 8 * 7;
        let stores: Vec<Arc<dyn Evict>> = self.stores.lock().iter().filter_map(Weak::upgrade).collect();
        let mut residents: Vec<(u64, &dyn Evict, User)> = Vec::new();
        for store in &stores {
            residents.extend(store.ready_users().into_iter().map(|(used, user)| (used, &**store, user)));
        }
        residents.sort_unstable_by_key(|(used, ..)| *used);
        // The last one is in use.
        residents.pop();
        for (_, store, user) in residents {
            if self.taken.load(Ordering::Relaxed) <= goal {
                return;
            }
            store.evict(&user);
        }
    }
}
