//! Which memories change, from now on or since an earlier position? Buffered changes are returned exactly. For an older
//! position the store provides the newest state of every memory that has changed, and the ids of deleted ones.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::engine::Engine;
use super::feed::{BufferedChange, Change, Cursor, Feed, FeedError};
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Order, TimeField, Watch};
use openmemory_domain::{Invalid, MemoryId, Timestamp};
use openmemory_rules::contract::{ChangeKind, Control, MemoryChange};
use openmemory_rules::{Error, Number, Rows, Tombstone};
use openmemory_storage::ScanRange;

/// Maximum number of changes per call.
const MAX_CHANGES: usize = 256;

/// How much earlier the time of a change may be than that of a change committed before it.
const MARGIN_MS: i64 = 60_000;

/// Prefix that distinguishes a cursor from a time.
const CURSOR_PREFIX: &str = "c.";

/// A position in the changes of a store. It does not hold the store, which can therefore close while a watcher waits.
pub struct Watcher {
    feed: Arc<Feed>,
    filter: Option<Filter>,
    /// The last change that was returned or skipped.
    at: Cursor,
    catch_up: Option<CatchUp>,
}

/// Changes that have to be read from the store first.
struct CatchUp {
    since: Since,
    backlog: Option<Backlog>,
}

#[derive(Debug, Clone, Copy)]
enum Since {
    Cursor(Cursor),
    Time(Timestamp),
}

/// What has changed, as far as it is not returned yet.
struct Backlog {
    tombstones: VecDeque<(MemoryId, Tombstone)>,
    numbers: VecDeque<Number>,
}

impl Engine {
    /// Watches changes from now on, or since the request's cursor or time.
    pub fn watch(&self, request: &Watch) -> Result<Watcher, Error> {
        let since = request.since.as_deref().map(read_since).transpose()?;
        Ok(Watcher::new(&self.feed, request.filter.clone(), since))
    }
}

impl Watcher {
    fn new(feed: &Arc<Feed>, filter: Option<Filter>, since: Option<Since>) -> Self {
        let feed = Arc::clone(feed);
        let now = feed.subscribe();
        let (at, catch_up) = match since {
            None => (now, None),
            Some(Since::Cursor(cursor)) if cursor.epoch == now.epoch && feed.has_all_since(cursor.sequence) => {
                (cursor, None)
            }
            Some(since) => (now, Some(CatchUp { since, backlog: None })),
        };
        Self { feed, filter, at, catch_up }
    }

    /// Returns the next changes, at most a few hundred, or `None` once the engine is closed. If the list is empty,
    /// `wake` is called when there may be more. `engine` may be a new one, after the directory was reopened.
    ///
    /// A watcher cannot be used again after its `control` has cancelled a call.
    pub fn next(
        &mut self,
        engine: &Engine,
        control: &Control,
        wake: impl FnOnce() + Send + Clone + 'static,
    ) -> Result<Option<Vec<MemoryChange>>, Error> {
        if engine.feed.epoch() != self.feed.epoch() {
            let since = self.catch_up.as_ref().map_or(Since::Cursor(self.at), |catch_up| catch_up.since);
            *self = Self::new(&engine.feed, self.filter.take(), Some(since));
        }
        while self.catch_up.is_some() {
            let changes = self.next_of_backlog(engine, control)?;
            if !changes.is_empty() {
                return Ok(Some(changes));
            }
        }
        loop {
            let buffered = match self.feed.after(self.at.sequence, MAX_CHANGES, wake.clone()) {
                Ok(buffered) => buffered,
                Err(FeedError::Closed) => return Ok(None),
                Err(FeedError::Lagged) => return Err(Error::FellBehind),
            };
            let Some((last, _)) = buffered.last() else { return Ok(Some(Vec::new())) };
            self.at = *last;
            let matching = |change| control.check().map(|()| self.matching_change(change)).transpose();
            let changes = buffered.into_iter().filter_map(matching).collect::<Result<Vec<MemoryChange>, Error>>()?;
            if !changes.is_empty() {
                return Ok(Some(changes));
            }
        }
    }

    /// Whether the next call scans the whole store.
    pub fn reads_store(&self) -> bool {
        self.catch_up.is_some()
    }

    /// The cursor from which a new watch continues after the last change that was returned or skipped.
    pub fn cursor(&self) -> String {
        match &self.catch_up {
            Some(catch_up) => write_since(catch_up.since),
            None => write_cursor(&self.at),
        }
    }

    fn matching_change(&self, (cursor, change): BufferedChange) -> Option<MemoryChange> {
        let memory = change.memory();
        if self.filter.as_ref().is_some_and(|filter| !filter.matches(&memory.version, &memory.content)) {
            return None;
        }
        let kind = match &*change {
            Change::Stored(memory) => ChangeKind::Stored(Box::new(memory.clone())),
            Change::Deleted { memory, at } => {
                ChangeKind::Deleted { id: memory.version.id.clone(), version: memory.version.number, at: *at }
            }
        };
        Some(MemoryChange { kind, cursor: write_cursor(&cursor) })
    }

    /// The next changes of the backlog. Before the last ones they have the cursor from before the backlog, so that a
    /// watcher that stops halfway gets the whole backlog again.
    fn next_of_backlog(&mut self, engine: &Engine, control: &Control) -> Result<Vec<MemoryChange>, Error> {
        let Some(CatchUp { since, backlog }) = &mut self.catch_up else { return Ok(Vec::new()) };
        let since = *since;
        let backlog = match backlog {
            Some(backlog) => backlog,
            None => backlog.insert(engine.backlog_since(since, control)?),
        };
        let mut kinds = Vec::new();
        while kinds.len() < MAX_CHANGES
            && let Some((id, Tombstone { deleted_at, version, .. })) = backlog.tombstones.pop_front()
        {
            kinds.push(ChangeKind::Deleted { id, version, at: deleted_at });
        }
        while kinds.len() < MAX_CHANGES
            && let Some(number) = backlog.numbers.pop_front()
        {
            control.check()?;
            if let Some(head) = engine.store.head(number)?
                && let Some(memory) = engine.matching(number, head, self.filter.as_ref())?
            {
                kinds.push(ChangeKind::Stored(Box::new(memory)));
            }
        }
        let cursor = if backlog.tombstones.is_empty() && backlog.numbers.is_empty() {
            self.catch_up = None;
            write_cursor(&self.at)
        } else {
            write_since(since)
        };
        Ok(kinds.into_iter().map(|kind| MemoryChange { kind, cursor: cursor.clone() }).collect())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.feed.unsubscribe();
    }
}

impl Engine {
    /// The memories that were changed since then, oldest change first, and those deleted since then.
    fn backlog_since(&self, since: Since, control: &Control) -> Result<Backlog, Error> {
        let (from, next) = match since {
            Since::Time(at) => (at, None),
            Since::Cursor(cursor) => {
                (Timestamp::from_millis(cursor.at.millis().saturating_sub(MARGIN_MS)), Some(cursor.next))
            }
        };
        let before = Timestamp::from_millis(from.millis().saturating_sub(1));
        let order = Order { by: TimeField::Updated, newest_first: false };
        let updated = self.store.by_time(&ScanRange::All, order, Some((before, Number(u64::MAX))));
        let checked = updated.map(|number| control.check().and_then(|()| Ok(number?)));
        let mut numbers = checked.collect::<Result<VecDeque<_>, Error>>()?;
        if let Some(Number(next)) = next {
            // A new memory may have a `created_at` in the past, outside the scanned range. These come first.
            let known: HashSet<Number> = numbers.iter().copied().collect();
            let new = (next..self.store.next_number()?.0).map(Number).filter(|number| !known.contains(number));
            numbers = new.chain(numbers).collect();
        }
        let mut tombstones = VecDeque::new();
        for tombstone in self.store.tombstones() {
            control.check()?;
            let (id, tombstone) = tombstone?;
            if tombstone.deleted_at >= from {
                tombstones.push_back((id, tombstone));
            }
        }
        tombstones.make_contiguous().sort_by_key(|(_, tombstone)| tombstone.deleted_at);
        Ok(Backlog { tombstones, numbers })
    }
}

fn write_cursor(cursor: &Cursor) -> String {
    format!(
        "{CURSOR_PREFIX}{}",
        data_encoding::BASE64URL_NOPAD.encode(&postcard::to_stdvec(cursor).unwrap_or_default())
    )
}

fn write_since(since: Since) -> String {
    match since {
        Since::Cursor(cursor) => write_cursor(&cursor),
        Since::Time(at) => at.to_string(),
    }
}

fn read_since(text: &str) -> Result<Since, Invalid> {
    let Some(cursor) = text.strip_prefix(CURSOR_PREFIX) else { return Timestamp::read("since", text).map(Since::Time) };
    let wrong = || Invalid::argument("since", "must be the cursor of a change, or a time");
    let bytes = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| wrong())?;
    postcard::from_bytes(&bytes).map(Since::Cursor).map_err(|_| wrong())
}

#[cfg(test)]
mod tests;
