//! What is a unit of work? The rows that it knows, the locks that it holds, and what it has written.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use openmemory_domain::{ModelIdentity, Scope, Timestamp, Version};
use openmemory_rules::{Error, Number};

use super::key::{Bytes, Key, Missing};
use super::recorded::{Changed, Event, Undo};
use crate::scope_key::{self, ScopeKey};
use crate::session::Session;

/// The rows of one unit of work.
pub(crate) struct Workspace<'s> {
    pub(super) session: &'s Session,
    pub(super) tenant: &'s str,
    /// The model of this process, if it has made vectors.
    pub(super) embedder: Option<&'s ModelIdentity>,
    pub(super) now: Timestamp,
    /// The scopes whose locks are held, each with its clock; none outside of a commit.
    pub(super) locked: Vec<(ScopeKey, i64)>,
    pub(super) writes: bool,
    pub(super) scopes: RefCell<HashMap<u64, ScopeKey>>,
    pub(super) rows: RefCell<HashMap<Key, Bytes>>,
    /// The replaced versions of memories whose past was read whole, newest first.
    pub(super) histories: RefCell<HashMap<u64, Rc<[Version]>>>,
    pub(super) numbers: Vec<u64>,
    pub(super) changed: Changed,
    pub(super) undo: Vec<Undo>,
    /// The text of each memory whose newest version was written, or that it was deleted.
    pub(super) texts: Vec<(u64, Option<[u8; 16]>)>,
    pub(super) events: Vec<Event>,
    pub(super) memories: Vec<(ScopeKey, i64)>,
    pub(super) inserted: Vec<u64>,
    pub(super) deleted: Vec<(ScopeKey, u64)>,
    /// A scope that the work needs and that is not locked.
    pub(super) missing: RefCell<Option<Missing>>,
}

impl<'s> Workspace<'s> {
    /// For reads.
    ///
    /// `scopes` are those in which a text is looked for.
    pub(crate) fn reading(session: &'s Session, tenant: &'s str, now: Timestamp, scopes: &[ScopeKey]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope, 0)).collect();
        Self { writes: false, ..Self::new(session, tenant, now, scopes, Vec::new()) }
    }

    /// For a commit in these scopes, whose locks are held.
    pub(crate) fn new(
        session: &'s Session,
        tenant: &'s str,
        now: Timestamp,
        locked: Vec<(ScopeKey, i64)>,
        numbers: Vec<u64>,
    ) -> Self {
        Self {
            session,
            tenant,
            embedder: None,
            now,
            locked,
            writes: true,
            scopes: RefCell::default(),
            rows: RefCell::default(),
            histories: RefCell::default(),
            numbers,
            changed: Changed::default(),
            undo: Vec::new(),
            texts: Vec::new(),
            events: Vec::new(),
            memories: Vec::new(),
            inserted: Vec::new(),
            deleted: Vec::new(),
            missing: RefCell::default(),
        }
    }

    /// Refuses vectors that this model has made if they are not, or not any longer, of the tenant's model.
    pub(crate) fn embedded_by(self, embedder: Option<&'s ModelIdentity>) -> Self {
        Self { embedder, ..self }
    }

    /// A scope that the work needs and that is not locked.
    pub(crate) fn missing(&self) -> Option<Missing> {
        self.missing.borrow().clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn tenant(&self) -> &'s str {
        self.tenant
    }

    pub(crate) fn session(&self) -> &'s Session {
        self.session
    }

    /// The key of a scope that a commit writes to, whose lock it needs.
    pub(crate) fn locked_scope_of(&self, scope: &Scope) -> Result<ScopeKey, Error> {
        let key = self.key_of(scope);
        if self.locked.iter().any(|(locked, _)| *locked == key) {
            return Ok(key);
        }
        *self.missing.borrow_mut() = Some(Missing { scope: key, user: Some(scope.user_id.clone()) });
        Err(Error::Internal("a scope that is not locked"))
    }

    pub(super) fn key_of(&self, scope: &Scope) -> ScopeKey {
        scope_key::of_scope(self.tenant, scope)
    }

    /// The scope of a memory. Outside of a commit it is known from what led to the memory.
    pub(super) fn scope_of(&self, number: u64) -> Option<ScopeKey> {
        let known = self.scopes.borrow().get(&number).copied();
        known.or(match self.locked[..] {
            [(only, _)] => Some(only),
            _ => None,
        })
    }

    /// The scope of a memory, if it is known.
    pub(crate) fn scope(&self, number: Number) -> Option<ScopeKey> {
        self.scope_of(number.0)
    }

    pub(crate) fn events(&self) -> usize {
        self.events.len()
    }

    /// The locked scopes whose clocks move, each with its clock before and after, and the memories that change.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (ScopeKey, (i64, i64), HashSet<u64>)> {
        self.locked.iter().filter_map(|(scope, before)| {
            let numbers = self.events.iter().filter(|event| event.scope == *scope).map(|event| event.number);
            let moved = numbers.clone().count() as i64;
            (moved > 0).then(|| (*scope, (*before, before + moved), numbers.collect()))
        })
    }
}
