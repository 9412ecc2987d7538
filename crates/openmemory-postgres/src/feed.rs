//! How do the watchers of this process learn that it has committed?

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Wakes the watchers of this process.
#[derive(Default)]
pub(crate) struct Feed {
    committed: Notify,
    closed: AtomicBool,
}

impl Feed {
    pub(crate) fn wake(&self) {
        self.committed.notify_waiters();
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.wake();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Returns when something was committed in this process, or the feed is closed.
    pub(crate) async fn woken(&self) {
        self.committed.notified().await;
    }
}
