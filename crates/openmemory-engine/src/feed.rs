//! What has just changed? The latest changes in the order of their commits, kept while somebody watches.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use openmemory_domain::unique::unique;
use openmemory_domain::{Memory, Timestamp};
use openmemory_rules::Number;

/// Changes, and bytes of their texts, that are kept for watchers who are slow.
const MAX_CHANGES: usize = 16_384;
const KEPT_BYTES: usize = 64 << 20;

/// Up to where somebody has been told: exactly, for as long as the changes behind it are kept; else by what the store
/// still knows of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Tells the openings of a store apart.
    pub epoch: u64,
    /// Of the last change, counted since then.
    pub sequence: u64,
    /// The latest time of a change until then.
    pub at: Timestamp,
    /// What the next new memory would be called.
    pub next: Number,
}

/// What a commit did with a memory; a deleted one is told as it last was.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Stored(Memory),
    Deleted { memory: Memory, at: Timestamp },
}

impl Change {
    pub(super) fn memory(&self) -> &Memory {
        match self {
            Self::Stored(memory) | Self::Deleted { memory, .. } => memory,
        }
    }
}

/// A change with the cursor behind it.
pub(super) type BufferedChange = (Cursor, Arc<Change>);

/// Runs once, at the next change or when the feed closes.
pub(super) type Wake = Box<dyn FnOnce() + Send>;

/// Why there is nothing more to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeedError {
    /// Changes were let go that had not been told.
    Lagged,
    Closed,
}

pub(super) struct Feed {
    state: Mutex<State>,
}

struct State {
    now: Cursor,
    kept: VecDeque<BufferedChange>,
    bytes: usize,
    /// How many are kept at most.
    most: usize,
    watchers: usize,
    waiting: Vec<Wake>,
    closed: bool,
}

impl Feed {
    pub(super) fn new(now: Timestamp, next: Number) -> Self {
        let epoch = unique().as_u128() as u64;
        let now = Cursor { epoch, sequence: 0, at: now, next };
        let (kept, waiting) = (VecDeque::new(), Vec::new());
        Self {
            state: Mutex::new(State { now, kept, bytes: 0, most: MAX_CHANGES, watchers: 0, waiting, closed: false }),
        }
    }

    /// Lets a few changes be as many as one that is slow can miss.
    #[cfg(test)]
    pub(super) fn keep_at_most(&self, most: usize) {
        self.state.lock().most = most;
    }

    pub(super) fn tell(&self, number: Number, change: impl FnOnce() -> Change, at: Timestamp) {
        let mut state = self.state.lock();
        state.now.sequence += 1;
        state.now.at = state.now.at.max(at);
        state.now.next = state.now.next.max(Number(number.0 + 1));
        if state.watchers == 0 {
            return;
        }
        let change = Arc::new(change());
        state.bytes += change.memory().content.len();
        let now = state.now;
        state.kept.push_back((now, change));
        while state.kept.len() > state.most || (state.bytes > KEPT_BYTES && state.kept.len() > 1) {
            state.let_go();
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(|wake| wake());
    }

    /// Changes are kept from here on, and the cursor says where here is.
    pub(super) fn enter(&self) -> Cursor {
        let mut state = self.state.lock();
        state.watchers += 1;
        state.now
    }

    pub(super) fn leave(&self) {
        let mut state = self.state.lock();
        state.watchers -= 1;
        if state.watchers == 0 {
            state.kept.clear();
            state.bytes = 0;
            state.waiting.clear();
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.state.lock().now.epoch
    }

    /// Whether every change behind `sequence` is kept.
    pub(super) fn has_all_since(&self, sequence: u64) -> bool {
        self.state.lock().has_all_since(sequence)
    }

    /// The changes behind `sequence`, at most `most`. Where there are none yet `wake` is called when there are.
    pub(super) fn after(
        &self,
        sequence: u64,
        most: usize,
        wake: impl FnOnce() + Send + 'static,
    ) -> Result<Vec<BufferedChange>, FeedError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(FeedError::Closed);
        }
        if !state.has_all_since(sequence) {
            return Err(FeedError::Lagged);
        }
        let told = state.kept.partition_point(|(cursor, _)| cursor.sequence <= sequence);
        let news: Vec<BufferedChange> = state.kept.range(told..).take(most).cloned().collect();
        if news.is_empty() {
            state.waiting.push(Box::new(wake));
        }
        Ok(news)
    }

    /// Whoever waits is told that nothing will come.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(|wake| wake());
    }
}

impl State {
    fn has_all_since(&self, sequence: u64) -> bool {
        let first = self.kept.front().map_or(self.now.sequence + 1, |(cursor, _)| cursor.sequence);
        sequence + 1 >= first && sequence <= self.now.sequence
    }

    fn let_go(&mut self) {
        if let Some((_, change)) = self.kept.pop_front() {
            self.bytes -= change.memory().content.len();
        }
    }
}
