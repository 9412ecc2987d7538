//! Which changes were committed recently? They are buffered in commit order while there are watchers.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use openmemory_domain::unique::unique;
use openmemory_domain::{Memory, Timestamp};
use openmemory_rules::Number;

/// Maximum size of the buffer, in changes and in bytes of their texts.
const MAX_CHANGES: usize = 16_384;
const MAX_BYTES: usize = 64 << 20;

/// A position in the changes of a store. It is exact while all changes after it are buffered; otherwise a watcher reads
/// the changes after it from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Identifies one opening of the store.
    pub epoch: u64,
    /// Number of the last change, counted from that opening.
    pub sequence: u64,
    /// The latest time of all changes up to this one.
    pub at: Timestamp,
    /// The number of the next new memory.
    pub next: Number,
}

/// What a commit did to a memory. A deletion has the memory in its last state.
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

/// A change with the cursor after it.
pub(super) type BufferedChange = (Cursor, Arc<Change>);

/// Runs once, at the next change or when the feed closes.
pub(super) type Wake = Box<dyn FnOnce() + Send>;

/// Why the feed returns no more changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeedError {
    /// The buffer has dropped changes that the watcher has not read.
    Lagged,
    Closed,
}

pub(super) struct Feed {
    state: Mutex<State>,
}

struct State {
    now: Cursor,
    buffer: VecDeque<BufferedChange>,
    bytes: usize,
    max_changes: usize,
    watchers: usize,
    wakers: Vec<Wake>,
    closed: bool,
}

impl Feed {
    pub(super) fn new(now: Timestamp, next: Number) -> Self {
        let epoch = unique().as_u128() as u64;
        let now = Cursor { epoch, sequence: 0, at: now, next };
        let state = State {
            now,
            buffer: VecDeque::new(),
            bytes: 0,
            max_changes: MAX_CHANGES,
            watchers: 0,
            wakers: Vec::new(),
            closed: false,
        };
        Self { state: Mutex::new(state) }
    }

    /// Shrinks the buffer for tests of slow watchers.
    #[cfg(test)]
    pub(super) fn set_max_changes(&self, max_changes: usize) {
        self.state.lock().max_changes = max_changes;
    }

    pub(super) fn publish(&self, number: Number, change: impl FnOnce() -> Change, at: Timestamp) {
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
        state.buffer.push_back((now, change));
        while state.buffer.len() > state.max_changes || (state.bytes > MAX_BYTES && state.buffer.len() > 1) {
            state.drop_oldest();
        }
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(|wake| wake());
    }

    /// Registers a watcher, for which changes are buffered from the returned position on.
    pub(super) fn subscribe(&self) -> Cursor {
        let mut state = self.state.lock();
        state.watchers += 1;
        state.now
    }

    pub(super) fn unsubscribe(&self) {
        let mut state = self.state.lock();
        state.watchers -= 1;
        if state.watchers == 0 {
            state.buffer.clear();
            state.bytes = 0;
            state.wakers.clear();
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.state.lock().now.epoch
    }

    /// Whether all changes after `sequence` are buffered.
    pub(super) fn has_all_since(&self, sequence: u64) -> bool {
        self.state.lock().has_all_since(sequence)
    }

    /// The changes after `sequence`, at most `limit`. If there are none yet, `wake` is called at the next one.
    pub(super) fn after(
        &self,
        sequence: u64,
        limit: usize,
        wake: impl FnOnce() + Send + 'static,
    ) -> Result<Vec<BufferedChange>, FeedError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(FeedError::Closed);
        }
        if !state.has_all_since(sequence) {
            return Err(FeedError::Lagged);
        }
        let start = state.buffer.partition_point(|(cursor, _)| cursor.sequence <= sequence);
        let changes: Vec<BufferedChange> = state.buffer.range(start..).take(limit).cloned().collect();
        if changes.is_empty() {
            state.wakers.push(Box::new(wake));
        }
        Ok(changes)
    }

    /// Wakes all waiting watchers, which then get [`FeedError::Closed`].
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(|wake| wake());
    }
}

impl State {
    fn has_all_since(&self, sequence: u64) -> bool {
        let first = self.buffer.front().map_or(self.now.sequence + 1, |(cursor, _)| cursor.sequence);
        sequence + 1 >= first && sequence <= self.now.sequence
    }

    fn drop_oldest(&mut self) {
        if let Some((_, change)) = self.buffer.pop_front() {
            self.bytes -= change.memory().content.len();
        }
    }
}
