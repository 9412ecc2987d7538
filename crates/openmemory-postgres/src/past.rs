//! Whose replaced texts does this process hold? Those of scopes that were asked about lately, each at a time of its clock
//! like the partitions of current texts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openmemory_calls::past_texts::PastTexts;
use openmemory_domain::{ModelTag, Timestamp};
use openmemory_rules::{Error, Number};
use parking_lot::{Mutex, RwLock, RwLockReadGuard};

use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::Session;
use crate::workspace::Workspace;

/// Memories that are read together.
const READ_TOGETHER: i64 = 1024;
/// The replaced texts of all scopes of a tenant take at most this much.
const MAX_BYTES: usize = 64 << 20;
/// Texts that nobody has asked about for so long are dropped when others are loaded.
const IDLE: Duration = Duration::from_secs(600);

/// The replaced texts of a tenant.
#[derive(Default)]
pub(crate) struct Past(Mutex<HashMap<ScopeKey, Arc<HotPast>>>);

/// The replaced texts of a scope.
pub(crate) struct HotPast {
    scope: ScopeKey,
    state: RwLock<State>,
    /// Held while they are loaded or brought up to date.
    refresh: Mutex<()>,
    used: Mutex<Instant>,
}

struct State {
    /// `None`: not loaded.
    texts: Option<PastTexts>,
    clock: i64,
}

impl Past {
    /// The replaced texts of a scope at this clock. Blocks.
    pub(crate) fn at(
        &self,
        session: &Session,
        tenant: &str,
        scope: ScopeKey,
        clock: i64,
        dimensions: usize,
        tag: ModelTag,
    ) -> Result<Arc<HotPast>, Error> {
        let past = Arc::clone(self.0.lock().entry(scope).or_insert_with(|| Arc::new(HotPast::new(scope))));
        *past.used.lock() = Instant::now();
        if past.refresh(session, tenant, clock, dimensions, tag)? {
            self.make_room(scope);
        }
        Ok(past)
    }

    /// Drops what is idle, and the longest unused if all take too much, except `kept`.
    fn make_room(&self, kept: ScopeKey) {
        let mut all = self.0.lock();
        all.retain(|scope, past| *scope == kept || past.used.lock().elapsed() < IDLE);
        let mut others: Vec<(Instant, ScopeKey, usize)> = Vec::with_capacity(all.len());
        let mut bytes = 0;
        for past in all.values() {
            // One that is being loaded is in use.
            let of_this = past.state.try_read().and_then(|state| state.texts.as_ref().map(PastTexts::bytes));
            bytes += of_this.unwrap_or(0);
            if past.scope != kept {
                others.push((*past.used.lock(), past.scope, of_this.unwrap_or(0)));
            }
        }
        others.sort_unstable_by_key(|(used, ..)| *used);
        for (_, scope, of_this) in others {
            if bytes <= MAX_BYTES {
                return;
            }
            all.remove(&scope);
            bytes -= of_this;
        }
    }
}

impl HotPast {
    fn new(scope: ScopeKey) -> Self {
        let state = RwLock::new(State { texts: None, clock: -1 });
        Self { scope, state, refresh: Mutex::default(), used: Mutex::new(Instant::now()) }
    }

    /// The memory of a replaced text.
    pub(crate) fn memory(&self, found: u64) -> Option<(ScopeKey, Number)> {
        let number = self.state.read().texts.as_ref()?.memory(found)?;
        Some((self.scope, number))
    }

    pub(crate) fn texts(&self) -> Option<parking_lot::MappedRwLockReadGuard<'_, PastTexts>> {
        RwLockReadGuard::try_map(self.state.read(), |state| state.texts.as_ref()).ok()
    }

    fn is_at(&self, clock: i64) -> bool {
        let state = self.state.read();
        state.texts.is_some() && state.clock >= clock
    }

    /// Brings the texts up to the clock that was read. Whether there was something to read.
    fn refresh(
        &self,
        session: &Session,
        tenant: &str,
        clock: i64,
        dimensions: usize,
        tag: ModelTag,
    ) -> Result<bool, Error> {
        if self.is_at(clock) {
            return Ok(false);
        }
        let _turn = self.refresh.lock();
        if self.is_at(clock) {
            return Ok(false);
        }
        let known = {
            let state = self.state.read();
            state.texts.is_some().then_some(state.clock)
        };
        let reading = Reading { session, tenant, scope: self.scope, tag };
        let changed = match known {
            None => None,
            Some(known) => self.changed_since(session, known)?,
        };
        match changed {
            None => {
                let mut texts = PastTexts::new(dimensions);
                let mut last = -1_i64;
                loop {
                    let rows = session.query(rows::PAST_NUMBERS, &[&self.scope, &last, &READ_TOGETHER])?;
                    let numbers: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
                    reading.put(&mut texts, &numbers)?;
                    last = numbers.last().copied().unwrap_or(last);
                    if (numbers.len() as i64) < READ_TOGETHER {
                        break;
                    }
                }
                // What has changed meanwhile is read again by the next search.
                *self.state.write() = State { texts: Some(texts), clock };
            }
            Some(numbers) => {
                let mut state = self.state.write();
                // If a read fails, all is loaded again.
                let Some(mut texts) = state.texts.take() else { return Ok(false) };
                for numbers in numbers.chunks(READ_TOGETHER as usize) {
                    reading.put(&mut texts, numbers)?;
                }
                *state = State { texts: Some(texts), clock };
            }
        }
        Ok(true)
    }

    /// The memories that have changed; `None` if not all of them are known any more.
    fn changed_since(&self, session: &Session, known: i64) -> Result<Option<Vec<i64>>, Error> {
        let rows = session.query(rows::CHANGED_SINCE, &[&self.scope, &known])?;
        let first = rows.iter().map(|row| row.get::<_, i64>(1)).min();
        Ok((first == Some(known + 1)).then(|| rows.iter().map(|row| row.get(0)).collect()))
    }
}

struct Reading<'a> {
    session: &'a Session,
    tenant: &'a str,
    scope: ScopeKey,
    tag: ModelTag,
}

impl Reading<'_> {
    /// Reads the replaced texts of memories, in place of those that are known.
    fn put(&self, texts: &mut PastTexts, numbers: &[i64]) -> Result<(), Error> {
        // Nothing here depends on the time.
        let rows = Workspace::reading(self.session, self.tenant, Timestamp::from_millis(0), &[self.scope]);
        rows.know_past(self.scope, numbers)?;
        for number in numbers.iter().map(|number| Number(*number as u64)) {
            texts.remove(number);
            texts.put_versions(&rows, self.tag, number, rows.history(number, u64::MAX)?)?;
        }
        Ok(())
    }
}
