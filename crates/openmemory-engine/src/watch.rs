//! What changes, from now on or since an earlier point? What the feed has kept, told exactly; and before that what the
//! store still knows: the newest state of every memory that has changed, and the ids of those deleted.

use openmemory_rules::contract::{ChangeKind, Control, MemoryChange};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::engine::Engine;
use super::feed::{BufferedChange, Change, Cursor, Feed, FeedError};
use openmemory_domain::filter::Filter;
use openmemory_domain::request::{Order, TimeField, Watch};
use openmemory_domain::{Invalid, MemoryId, Timestamp};
use openmemory_rules::{Error, Number, Rows, Tombstone};
use openmemory_storage::ScanRange;

/// Changes that are told at a time.
const GROUP: usize = 256;

/// How much earlier a change may have been given its time than another that was committed before it.
const MARGIN_MS: i64 = 60_000;

/// What the text of a cursor begins with; no time does.
const CURSOR: &str = "c.";

/// Somebody's place among the changes. It holds no store: that may close while somebody waits.
pub struct Watcher {
    feed: Arc<Feed>,
    filter: Option<Filter>,
    /// The last change that was told, or passed over.
    at: Cursor,
    missed: Option<Missed>,
}

/// What has to be read from the store first.
struct Missed {
    since: Since,
    found: Option<Found>,
}

#[derive(Debug, Clone, Copy)]
enum Since {
    Cursor(Cursor),
    Time(Timestamp),
}

struct Found {
    tombstones: VecDeque<(MemoryId, Tombstone)>,
    numbers: VecDeque<Number>,
}

impl Engine {
    /// Changes are told from here on, or since the request has it.
    pub fn watch(&self, request: &Watch) -> Result<Watcher, Error> {
        let since = request.since.as_deref().map(read_since).transpose()?;
        Ok(Watcher::new(&self.feed, request.filter.clone(), since))
    }
}

impl Watcher {
    fn new(feed: &Arc<Feed>, filter: Option<Filter>, since: Option<Since>) -> Self {
        let feed = Arc::clone(feed);
        let now = feed.enter();
        let (at, missed) = match since {
            None => (now, None),
            Some(Since::Cursor(cursor)) if cursor.epoch == now.epoch && feed.has_all_since(cursor.sequence) => {
                (cursor, None)
            }
            Some(since) => (now, Some(Missed { since, found: None })),
        };
        Self { feed, filter, at, missed }
    }

    /// The next changes, at most a few hundred; none when the engine has closed. An empty list: `wake` is called when
    /// it is time to ask again. `engine` may be another one, on the same directory, than the one before.
    ///
    /// One that was stopped by its `control` is of no more use.
    pub fn next(
        &mut self,
        engine: &Engine,
        control: &Control,
        wake: impl FnOnce() + Send + Clone + 'static,
    ) -> Result<Option<Vec<MemoryChange>>, Error> {
        if engine.feed.epoch() != self.feed.epoch() {
            let since = self.missed.as_ref().map_or(Since::Cursor(self.at), |missed| missed.since);
            *self = Self::new(&engine.feed, self.filter.take(), Some(since));
        }
        while self.missed.is_some() {
            let changes = self.missed(engine, control)?;
            if !changes.is_empty() {
                return Ok(Some(changes));
            }
        }
        loop {
            let news = match self.feed.after(self.at.sequence, GROUP, wake.clone()) {
                Ok(news) => news,
                Err(FeedError::Closed) => return Ok(None),
                Err(FeedError::Lagged) => return Err(Error::FellBehind),
            };
            let Some((last, _)) = news.last() else { return Ok(Some(Vec::new())) };
            self.at = *last;
            let told = |kept| control.check().map(|()| self.told(kept)).transpose();
            let changes = news.into_iter().filter_map(told).collect::<Result<Vec<MemoryChange>, Error>>()?;
            if !changes.is_empty() {
                return Ok(Some(changes));
            }
        }
    }

    /// Whether the next changes are looked for in the whole store.
    pub fn reads_store(&self) -> bool {
        self.missed.is_some()
    }

    /// Watching since it goes on from here: behind what was told, and what was passed over.
    pub fn cursor(&self) -> String {
        match &self.missed {
            Some(missed) => write_since(missed.since),
            None => write_cursor(&self.at),
        }
    }

    fn told(&self, (cursor, change): BufferedChange) -> Option<MemoryChange> {
        let memory = change.memory();
        if self.filter.as_ref().is_some_and(|filter| !filter.matches(&memory.version, &memory.content)) {
            return None;
        }
        let told = match &*change {
            Change::Stored(memory) => ChangeKind::Stored(Box::new(memory.clone())),
            Change::Deleted { memory, at } => {
                ChangeKind::Deleted { id: memory.version.id.clone(), version: memory.version.number, at: *at }
            }
        };
        Some(MemoryChange { kind: told, cursor: write_cursor(&cursor) })
    }

    /// Some of what was missed. Until all is told its cursor is the one before it: whoever stops halfway hears all of
    /// it again.
    fn missed(&mut self, engine: &Engine, control: &Control) -> Result<Vec<MemoryChange>, Error> {
        let Some(Missed { since, found }) = &mut self.missed else { return Ok(Vec::new()) };
        let since = *since;
        let found = match found {
            Some(found) => found,
            None => found.insert(engine.found_since(since, control)?),
        };
        let mut told = Vec::new();
        while told.len() < GROUP
            && let Some((id, Tombstone { deleted_at, version, .. })) = found.tombstones.pop_front()
        {
            told.push(ChangeKind::Deleted { id, version, at: deleted_at });
        }
        while told.len() < GROUP
            && let Some(number) = found.numbers.pop_front()
        {
            control.check()?;
            if let Some(head) = engine.store.head(number)?
                && let Some(memory) = engine.matching(number, head, self.filter.as_ref())?
            {
                told.push(ChangeKind::Stored(Box::new(memory)));
            }
        }
        let cursor = if found.tombstones.is_empty() && found.numbers.is_empty() {
            self.missed = None;
            write_cursor(&self.at)
        } else {
            write_since(since)
        };
        Ok(told.into_iter().map(|told| MemoryChange { kind: told, cursor: cursor.clone() }).collect())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.feed.leave();
    }
}

impl Engine {
    /// The memories that were changed since, oldest change first, and those deleted since.
    fn found_since(&self, since: Since, control: &Control) -> Result<Found, Error> {
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
            // New memories may bring a time of their own, which lies in the past: they come first.
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
        Ok(Found { tombstones, numbers })
    }
}

fn write_cursor(cursor: &Cursor) -> String {
    format!("{CURSOR}{}", data_encoding::BASE64URL_NOPAD.encode(&postcard::to_stdvec(cursor).unwrap_or_default()))
}

fn write_since(since: Since) -> String {
    match since {
        Since::Cursor(cursor) => write_cursor(&cursor),
        Since::Time(at) => at.to_string(),
    }
}

fn read_since(text: &str) -> Result<Since, Invalid> {
    let Some(cursor) = text.strip_prefix(CURSOR) else { return Timestamp::read("since", text).map(Since::Time) };
    let wrong = || Invalid::argument("since", "must be the cursor of a change, or a time");
    let bytes = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| wrong())?;
    postcard::from_bytes(&bytes).map(Since::Cursor).map_err(|_| wrong())
}

#[cfg(test)]
mod tests;
