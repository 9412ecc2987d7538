//! How long may calls occupy JavaScript's thread? Their time is counted until the event loop has run again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Maximum time of calls on the thread between two runs of the event loop: code that awaits one resolved promise after
/// another keeps the event loop from its timers and sockets.
const MAX_INLINE_TIME: Duration = Duration::from_millis(4);

#[derive(Clone, Default)]
pub struct LoopBudget(Arc<State>);

#[derive(Default)]
struct State {
    taken: AtomicBool,
    /// Nanoseconds spent since the event loop last ran.
    spent: AtomicU64,
}

/// Allows one call at a time to do more work on the thread on which it starts. Dropping it releases the permit.
pub struct InlinePermit(Arc<State>);

impl LoopBudget {
    /// `None` while another call has the permit or the budget is used up, so that concurrent calls run on several
    /// threads.
    pub fn take(&self) -> Option<InlinePermit> {
        (self.is_left() && !self.0.taken.swap(true, Ordering::Relaxed)).then(|| InlinePermit(Arc::clone(&self.0)))
    }

    /// Counts the time that a call has spent on the thread.
    pub fn spend(&self, time: Duration) {
        self.0.spent.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    /// Whether JavaScript may continue before the event loop runs.
    pub fn is_left(&self) -> bool {
        self.0.spent.load(Ordering::Relaxed) < MAX_INLINE_TIME.as_nanos() as u64
    }

    /// Called when the event loop has run.
    pub fn reset(&self) {
        self.0.spent.store(0, Ordering::Relaxed);
    }
}

impl Drop for InlinePermit {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_at_a_time_gets_the_permit() {
        let budget = LoopBudget::default();
        let permit = budget.take();
        assert!(permit.is_some());
        assert!(budget.take().is_none());
        assert!(budget.take().is_none(), "a failed attempt does not release it");
        drop(permit);
        assert!(budget.take().is_some());
    }

    #[test]
    fn there_is_no_permit_once_the_budget_is_used_up() {
        let budget = LoopBudget::default();
        budget.spend(MAX_INLINE_TIME / 2);
        assert!(budget.is_left() && budget.take().is_some());
        budget.spend(MAX_INLINE_TIME / 2);
        assert!(!budget.is_left() && budget.take().is_none());
        budget.reset();
        assert!(budget.is_left() && budget.take().is_some());
    }
}
