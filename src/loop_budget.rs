//! How long may calls hold JavaScript's thread? What they do there is counted until its event loop has gone on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What calls may take of the thread before its event loop goes on: who awaits one promise after the other that is resolved
/// already keeps it from timers and sockets.
const AT_A_STRETCH: Duration = Duration::from_millis(4);

#[derive(Clone, Default)]
pub struct LoopBudget(Arc<State>);

#[derive(Default)]
struct State {
    taken: AtomicBool,
    /// Nanoseconds since the event loop went on.
    used: AtomicU64,
}

/// To do more than a little where a call begins. Dropping it ends the turn.
pub struct InlinePermit(Arc<State>);

impl LoopBudget {
    /// None while another call has its turn, or the event loop must go on: so calls that are made together are shared out
    /// among threads.
    pub fn take(&self) -> Option<InlinePermit> {
        (self.may_go_on() && !self.0.taken.swap(true, Ordering::Relaxed)).then(|| InlinePermit(Arc::clone(&self.0)))
    }

    /// Counts what a call has taken of the thread.
    pub fn used(&self, time: Duration) {
        self.0.used.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    /// Whether JavaScript may go on without its event loop.
    pub fn may_go_on(&self) -> bool {
        self.0.used.load(Ordering::Relaxed) < AT_A_STRETCH.as_nanos() as u64
    }

    /// The event loop has gone on.
    pub fn begin_anew(&self) {
        self.0.used.store(0, Ordering::Relaxed);
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
    fn one_call_at_a_time_has_its_turn() {
        let turns = LoopBudget::default();
        let turn = turns.take();
        assert!(turn.is_some());
        assert!(turns.take().is_none());
        assert!(turns.take().is_none(), "to ask does not take it away");
        drop(turn);
        assert!(turns.take().is_some());
    }

    #[test]
    fn nobody_has_a_turn_when_the_event_loop_must_go_on() {
        let turns = LoopBudget::default();
        turns.used(AT_A_STRETCH / 2);
        assert!(turns.may_go_on() && turns.take().is_some());
        turns.used(AT_A_STRETCH / 2);
        assert!(!turns.may_go_on() && turns.take().is_none());
        turns.begin_anew();
        assert!(turns.may_go_on() && turns.take().is_some());
    }
}
