//! Which partitions does this process hold, and are they as new as the database? Each has the clock of its scope, which is
//! compared before every search: if it is behind, what has changed since is fetched first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use openmemory_calls::index_entry;
use openmemory_domain::{Dynamics, ModelTag, Version};
use openmemory_index::{Partition, Statistics, Tags, WrongDimensions};
use openmemory_rules::{Error, IndexedText, Labels, Number};
use parking_lot::{Mutex, RwLock};
use tokio_postgres::Row;

use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::Session;

/// Memories that are read together.
const READ_TOGETHER: i64 = 1024;

/// A memory as the index has it.
pub(crate) struct Indexed {
    pub version: Version,
    pub text: IndexedText,
    pub dynamics: Dynamics,
}

/// A memory that has changed; `None`: it was deleted.
pub(crate) type Change = (u64, Option<Indexed>);

/// The partition of a scope, in memory.
pub(crate) struct Hot {
    pub scope: ScopeKey,
    state: RwLock<State>,
    /// Held while it is loaded or brought up to date.
    refresh: Mutex<()>,
    used: AtomicU64,
    bytes: AtomicUsize,
}

struct State {
    /// `None`: not loaded.
    partition: Option<Partition>,
    /// Memories with vectors of another model, which are not in the partition.
    foreign: HashSet<u64>,
    clock: i64,
}

pub(crate) struct HotPartitions {
    hot: Mutex<HashMap<ScopeKey, Arc<Hot>>>,
    uses: AtomicU64,
    budget: usize,
}

/// The size of what is in memory.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub users: usize,
    pub vectors: usize,
    pub bytes: usize,
    pub budget: usize,
}

impl HotPartitions {
    pub(crate) fn new(budget: usize) -> Self {
        Self { hot: Mutex::default(), uses: AtomicU64::new(0), budget }
    }

    /// The partition of a scope, which may not be loaded.
    fn of(&self, scope: ScopeKey) -> Arc<Hot> {
        let used = self.uses.fetch_add(1, Ordering::Relaxed);
        let mut hot = self.hot.lock();
        let found = hot.entry(scope).or_insert_with(|| Arc::new(Hot::new(scope)));
        found.used.store(used, Ordering::Relaxed);
        Arc::clone(found)
    }

    /// The partition of a scope at this clock. Blocks.
    pub(crate) fn at(
        &self,
        session: &Session,
        scope: ScopeKey,
        clock: i64,
        dimensions: usize,
        tag: ModelTag,
    ) -> Result<Arc<Hot>, Error> {
        let hot = self.of(scope);
        self.making_room(&hot, || hot.refresh(session, clock, dimensions, tag))?;
        Ok(hot)
    }

    /// Takes over what a commit of this process has changed, if the partition is in memory and was as new as the database.
    pub(crate) fn follow_own(
        &self,
        scope: ScopeKey,
        (before, after): (i64, i64),
        changes: impl FnOnce() -> Option<Vec<Change>>,
        tag: ModelTag,
    ) {
        let hot = self.hot.lock().get(&scope).cloned();
        if let Some(hot) = hot.filter(|hot| hot.clock() == before)
            && let Some(changes) = changes()
        {
            self.making_room(&hot, || hot.follow_own((before, after), &changes, tag));
        }
    }

    /// Lets others go if the partition grows meanwhile.
    fn making_room<T>(&self, hot: &Hot, change: impl FnOnce() -> T) -> T {
        let before = hot.bytes.load(Ordering::Relaxed);
        let changed = change();
        if hot.bytes.load(Ordering::Relaxed) > before {
            self.make_room(hot.scope);
        }
        changed
    }

    /// Lets the longest unused partitions go if they are too many, except `kept`.
    fn make_room(&self, kept: ScopeKey) {
        let mut hot = self.hot.lock();
        let mut taken: usize = hot.values().map(|hot| hot.bytes.load(Ordering::Relaxed)).sum();
        while taken > self.budget {
            let others = hot.values().filter(|hot| hot.scope != kept);
            let Some(longest) = others.min_by_key(|hot| hot.used.load(Ordering::Relaxed)).map(|hot| hot.scope) else {
                return;
            };
            taken -= hot.remove(&longest).map_or(0, |hot| hot.bytes.load(Ordering::Relaxed));
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        let all: Vec<Arc<Hot>> = self.hot.lock().values().cloned().collect();
        let mut usage = Usage { budget: self.budget, ..Usage::default() };
        for hot in all {
            if let Some(partition) = &hot.state.read().partition {
                usage.users += 1;
                usage.vectors += partition.vectors();
                usage.bytes += partition.bytes();
            }
        }
        usage
    }
}

impl Hot {
    fn new(scope: ScopeKey) -> Self {
        let state = RwLock::new(State { partition: None, foreign: HashSet::new(), clock: -1 });
        Self { scope, state, refresh: Mutex::default(), used: AtomicU64::new(0), bytes: AtomicUsize::new(0) }
    }

    /// No memory of a scope yet, for one search.
    pub(crate) fn passing(scope: ScopeKey, dimensions: usize) -> Self {
        let hot = Self::new(scope);
        hot.state.write().partition = Some(Partition::new(dimensions));
        hot
    }

    /// Replaces a memory, if the partition is loaded.
    pub(crate) fn put(&self, change: &Change, tag: ModelTag) -> Result<(), Error> {
        match &mut *self.state.write() {
            State { partition: Some(partition), foreign, .. } => put(partition, foreign, change, tag),
            _ => Ok(()),
        }
    }

    /// Reads the partition, if it is loaded.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Partition) -> T) -> Option<T> {
        self.state.read().partition.as_ref().map(read)
    }

    /// Whether memories are missing because another model has embedded them.
    pub(crate) fn lacks_memories(&self) -> bool {
        !self.state.read().foreign.is_empty()
    }

    /// The clock that it is at.
    pub(crate) fn clock(&self) -> i64 {
        self.state.read().clock
    }

    fn is_at(&self, clock: i64) -> bool {
        let state = self.state.read();
        state.partition.is_some() && state.clock >= clock
    }

    /// Brings the partition up to the clock that was read.
    fn refresh(&self, session: &Session, clock: i64, dimensions: usize, tag: ModelTag) -> Result<(), Error> {
        if self.is_at(clock) {
            return Ok(());
        }
        let _turn = self.refresh.lock();
        if self.is_at(clock) {
            return Ok(());
        }
        let known = {
            let state = self.state.read();
            state.partition.is_some().then_some(state.clock)
        };
        match known {
            None => self.load(session, clock, dimensions, tag),
            Some(known) if self.follow(session, known, tag)? => Ok(()),
            Some(_) => self.load(session, clock, dimensions, tag),
        }
    }

    /// Reads all memories. Those that change meanwhile are read again by the next search.
    fn load(&self, session: &Session, clock: i64, dimensions: usize, tag: ModelTag) -> Result<(), Error> {
        let (mut partition, mut foreign, mut last) = (Partition::new(dimensions), HashSet::new(), -1_i64);
        loop {
            let rows = session.query(rows::FILL, &[&self.scope, &last, &READ_TOGETHER])?;
            for row in &rows {
                last = row.get(0);
                put(&mut partition, &mut foreign, &(last as u64, Some(indexed(row, 0)?)), tag)?;
            }
            if (rows.len() as i64) < READ_TOGETHER {
                break;
            }
        }
        self.bytes.store(partition.bytes(), Ordering::Relaxed);
        *self.state.write() = State { partition: Some(partition), foreign, clock };
        Ok(())
    }

    /// Fetches what has changed. Whether all of that is still known.
    fn follow(&self, session: &Session, known: i64, tag: ModelTag) -> Result<bool, Error> {
        let rows = session.query(rows::DELTA, &[&self.scope, &known])?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(false) };
        if first.get::<_, i64>(0) != known + 1 {
            return Ok(false);
        }
        let clock = last.get(0);
        let mut state = self.state.write();
        let State { partition: Some(partition), foreign, .. } = &mut *state else { return Ok(false) };
        let mut seen = HashSet::new();
        for row in &rows {
            let number: i64 = row.get(1);
            if !seen.insert(number) {
                continue;
            }
            let memory = row.get::<_, Option<&[u8]>>(2).map(|_| indexed(row, 1)).transpose()?;
            put(partition, foreign, &(number as u64, memory), tag)?;
        }
        self.bytes.store(partition.bytes(), Ordering::Relaxed);
        state.clock = clock;
        Ok(true)
    }

    /// Takes over changes, if nothing else has changed since.
    fn follow_own(&self, (before, after): (i64, i64), changes: &[Change], tag: ModelTag) {
        let mut state = self.state.write();
        let State { partition: Some(partition), foreign, clock } = &mut *state else { return };
        if *clock != before {
            return;
        }
        if changes.iter().try_for_each(|change| put(partition, foreign, change, tag)).is_err() {
            // The next search reads all of it, and reports what is wrong.
            state.partition = None;
            return;
        }
        self.bytes.store(partition.bytes(), Ordering::Relaxed);
        *clock = after;
    }
}

/// Reads a memory from the columns after that of its number: version, entry and salience.
pub(crate) fn indexed(row: &Row, number: usize) -> Result<Indexed, Error> {
    let (version, text) = (rows::version(row.get(number + 1))?, rows::entry(row.get(number + 2))?);
    Ok(Indexed { version, text, dynamics: rows::dynamics(row.get(number + 3))? })
}

pub(crate) fn put(
    partition: &mut Partition,
    foreign: &mut HashSet<u64>,
    (number, memory): &Change,
    tag: ModelTag,
) -> Result<(), Error> {
    foreign.remove(number);
    let Some(Indexed { version, text, dynamics }) = memory else {
        partition.remove(*number);
        return Ok(());
    };
    if text.embedding.model != tag {
        partition.remove(*number);
        foreign.insert(*number);
        return Ok(());
    }
    let labels = Labels::of(version);
    index_entry::put(partition, Number(*number), &labels, Tags::of(labels.tags.as_slice()), dynamics, text)
}

/// The partitions in the scope of a search, and what is known of the memories that are not there.
pub(crate) struct InScope<'a>(pub &'a [Arc<Hot>], pub Option<Statistics<'a>>);

/// A query of another model's dimensions.
pub(crate) struct ScopedError;

impl From<WrongDimensions> for ScopedError {
    fn from(_: WrongDimensions) -> Self {
        Self
    }
}

impl From<ScopedError> for Error {
    fn from(_: ScopedError) -> Self {
        Self::Internal("a query of another model's dimensions")
    }
}

impl openmemory_index::Partitions for InScope<'_> {
    type Error = ScopedError;

    fn each(&self, visit: &mut dyn FnMut(&Partition)) -> Result<(), ScopedError> {
        for hot in self.0 {
            hot.with(&mut *visit);
        }
        Ok(())
    }

    fn statistics(&self) -> Option<Statistics<'_>> {
        self.1
    }
}
