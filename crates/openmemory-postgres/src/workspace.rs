//! What does a commit read and write? Rows that were fetched before, or are fetched when a rule asks for them, and writes
//! that are recorded until the rules are done.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use openmemory_domain::learning::{LearningId, MessageId};
use openmemory_domain::{
    Content, ContentHash, Dynamics, Embedding, MemoryId, ModelIdentity, Scope, TextKey, Timestamp, Version,
};
use openmemory_rules::{Changes, Error, IndexedText, Number, Reindex, Rows, Tombstone, Waypoint};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::damaged;
use crate::rows::{self, DELETED, SIGNAL, STORED, decode, encode};
use crate::scope_key::{self, ScopeKey};
use crate::session::{Param, Request, Session};
use crate::written_rows::{self, Row, Value};

/// A row of one table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Id(MemoryId),
    Head(u64),
    Earlier(u64, u64),
    Text(u64, ContentHash),
    Entry(u64),
    Replaced(u64, ContentHash),
    Dynamics(u64),
    Waypoints(u64),
    Meta(&'static str),
    Sources(u64),
    Learning(LearningId),
    Message(ScopeKey, MessageId),
    Document(String),
}

pub(crate) const MODEL: &str = "model";
const REINDEX: &str = "reindex";

/// Where a memory is, or that it was deleted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Place {
    pub scope: Option<ScopeKey>,
    pub number: Option<u64>,
    pub tombstone: Option<Tombstone>,
}

/// `None`: there is no such row.
pub(crate) type Bytes = Option<Rc<[u8]>>;

/// A scope that a commit needs and has not locked.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    pub scope: ScopeKey,
    /// Its user, if a new memory says so.
    pub user: Option<Option<String>>,
}

/// What a commit has done to a memory, for the feed.
#[derive(Debug, Clone)]
struct Event {
    scope: ScopeKey,
    number: u64,
    id: MemoryId,
    version: u64,
    kind: i16,
    /// The scope of a deleted memory.
    owner: Option<Vec<u8>>,
}

/// How one row was before a write.
struct Undo {
    key: Key,
    before: Option<Bytes>,
    was_changed: bool,
}

impl Undo {
    /// Whether the row said before where a memory is.
    fn was_placed(&self) -> bool {
        let Some(Some(before)) = &self.before else { return false };
        matches!(self.key, Key::Id(_))
            && postcard::from_bytes::<Place>(before).is_ok_and(|place| place.number.is_some())
    }
}

/// The rows of one unit of work.
pub(crate) struct Workspace<'s> {
    session: &'s Session,
    tenant: &'s str,
    /// The model of this process, if it has made vectors.
    embedder: Option<&'s ModelIdentity>,
    now: Timestamp,
    /// The scopes whose locks are held, each with its clock; none outside of a commit.
    locked: Vec<(ScopeKey, i64)>,
    writes: bool,
    scopes: RefCell<HashMap<u64, ScopeKey>>,
    rows: RefCell<HashMap<Key, Bytes>>,
    /// The replaced versions of memories whose past was read whole, newest first.
    histories: RefCell<HashMap<u64, Rc<[Version]>>>,
    numbers: Vec<u64>,
    changed: Changed,
    undo: Vec<Undo>,
    /// The text of each memory whose newest version was written, or that it was deleted.
    texts: Vec<(u64, Option<[u8; 16]>)>,
    events: Vec<Event>,
    memories: Vec<(ScopeKey, i64)>,
    inserted: Vec<u64>,
    deleted: Vec<(ScopeKey, u64)>,
    /// A scope that the work needs and that is not locked.
    missing: RefCell<Option<Missing>>,
}

/// Changed keys in the order of their first write.
#[derive(Default)]
struct Changed {
    order: Vec<Key>,
    known: HashSet<Key>,
}

impl Changed {
    fn insert(&mut self, key: Key) {
        if self.known.insert(key.clone()) {
            self.order.push(key);
        }
    }

    fn remove(&mut self, key: &Key) {
        self.known.remove(key);
    }
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

    fn check_model(&self, embedding: &Embedding) -> Result<(), Error> {
        let Some(embedder) = self.embedder.filter(|embedder| embedder.tag() == embedding.model) else { return Ok(()) };
        match self.model()? {
            Some(stored) if stored != *embedder => match self.reindex()? {
                Some(reindex) if reindex.target == *embedder => Ok(()),
                _ => Err(Error::ModelMismatch { stored, embedder: embedder.clone() }),
            },
            _ => Ok(()),
        }
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

    /// The key of a scope that a commit writes to, whose lock it needs.
    pub(crate) fn locked_scope_of(&self, scope: &Scope) -> Result<ScopeKey, Error> {
        let key = self.key_of(scope);
        if self.locked.iter().any(|(locked, _)| *locked == key) {
            return Ok(key);
        }
        *self.missing.borrow_mut() = Some(Missing { scope: key, user: Some(scope.user_id.clone()) });
        Err(Error::Internal("a scope that is not locked"))
    }

    pub(crate) fn session(&self) -> &'s Session {
        self.session
    }

    /// Records a row that was read.
    pub(crate) fn know(&self, key: Key, value: Option<&[u8]>) {
        self.rows.borrow_mut().entry(key).or_insert_with(|| value.map(Rc::from));
    }

    pub(crate) fn knows(&self, key: &Key) -> bool {
        self.rows.borrow().contains_key(key)
    }

    pub(crate) fn know_scope(&self, number: Number, scope: ScopeKey) {
        self.scopes.borrow_mut().insert(number.0, scope);
    }

    /// Records all replaced versions of a memory, newest first.
    pub(crate) fn know_history(&self, number: Number, versions: Vec<Version>) {
        self.histories.borrow_mut().insert(number.0, versions.into());
    }

    /// Records the rows of [`rows::WRITTEN`].
    pub(crate) fn know_written(&self, scope: ScopeKey, rows: &[tokio_postgres::Row]) -> Result<(), Error> {
        for row in rows {
            let number = row.get::<_, i64>(0) as u64;
            self.know_scope(Number(number), scope);
            self.know(Key::Head(number), Some(row.get(1)));
            self.know(Key::Text(number, hash(row.get(2))?), Some(row.get(3)));
            self.know(Key::Dynamics(number), Some(row.get(4)));
            self.know(Key::Waypoints(number), row.get(5));
        }
        Ok(())
    }

    /// Records the rows of [`rows::ID`].
    pub(crate) fn know_place(&self, id: &MemoryId, rows: &[tokio_postgres::Row]) -> Result<(), Error> {
        let place = match rows.first() {
            None => None,
            Some(row) => Some(encode(&Place {
                scope: row.get(1),
                number: row.get::<_, Option<i64>>(2).map(|number| number as u64),
                tombstone: row.get::<_, Option<&[u8]>>(3).map(|bytes| decode(bytes, "a tombstone")).transpose()?,
            })),
        };
        self.know(Key::Id(id.clone()), place.as_deref());
        Ok(())
    }

    /// The scope of a memory. Outside of a commit it is known from what led to the memory.
    fn scope_of(&self, number: u64) -> Option<ScopeKey> {
        let known = self.scopes.borrow().get(&number).copied();
        known.or(match self.locked[..] {
            [(only, _)] => Some(only),
            _ => None,
        })
    }

    pub(crate) fn row(&self, key: &Key) -> Result<Bytes, Error> {
        if let Some(known) = self.rows.borrow().get(key) {
            return Ok(known.clone());
        }
        self.fetch(key)?;
        Ok(self.rows.borrow().get(key).cloned().flatten())
    }

    fn fetch(&self, key: &Key) -> Result<(), Error> {
        let (number, sql, extra): (u64, &str, Option<Param>) = match key {
            Key::Id(id) => {
                let rows = self.session.query(rows::ID, &[&id.as_str(), &self.tenant])?;
                return self.know_place(id, &rows);
            }
            Key::Meta(name) => {
                let rows = self.session.query(rows::META, &[&self.tenant, name])?;
                self.know(key.clone(), rows.first().map(|row| row.get(0)));
                return Ok(());
            }
            Key::Learning(id) => {
                let rows = self.session.query(rows::LEARNING, &[&self.tenant, &id.as_str()])?;
                self.know(key.clone(), rows.first().map(|row| row.get(0)));
                return Ok(());
            }
            Key::Message(scope, id) => {
                let rows = self.session.query(rows::MESSAGE, &[scope, &id.as_str()])?;
                self.know(key.clone(), rows.first().map(|row| row.get(0)));
                return Ok(());
            }
            Key::Document(name) => {
                let rows = self.session.query(rows::DOCUMENT, &[&self.tenant, &name.as_bytes()])?;
                self.know(key.clone(), rows.first().map(|row| row.get(0)));
                return Ok(());
            }
            Key::Head(number) => (*number, rows::HEAD, None),
            Key::Earlier(number, version) => (*number, rows::EARLIER, Some(Box::new(*version as i64))),
            Key::Text(number, hash) => (*number, rows::TEXT, Some(Box::new(hash.as_bytes().to_vec()))),
            Key::Entry(number) => (*number, rows::INDEX_ENTRY, None),
            Key::Replaced(number, hash) => (*number, rows::EMBEDDING, Some(Box::new(hash.as_bytes().to_vec()))),
            Key::Dynamics(number) => (*number, rows::DYNAMICS, None),
            Key::Waypoints(number) => (*number, rows::WAYPOINTS, None),
            Key::Sources(number) => (*number, rows::SOURCES, None),
        };
        let Some(scope) = self.scope_of(number) else {
            self.know(key.clone(), None);
            return Ok(());
        };
        let at = number as i64;
        let mut params: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = vec![&scope, &at];
        if let Some(extra) = &extra {
            params.push(&**extra);
        }
        let rows = self.session.query(sql, &params)?;
        self.know(key.clone(), rows.first().map(|row| row.get(0)));
        Ok(())
    }

    pub(crate) fn put(&mut self, key: Key, value: Bytes) {
        let before = self.rows.borrow_mut().insert(key.clone(), value);
        let was_changed = self.changed.known.contains(&key);
        self.changed.insert(key.clone());
        self.undo.push(Undo { key, before, was_changed });
    }

    fn put_record<T: Serialize>(&mut self, key: Key, record: &T) {
        self.put(key, Some(encode(record).into()));
    }

    pub(crate) fn place(&self, id: &MemoryId) -> Result<Place, Error> {
        let row = self.row(&Key::Id(id.clone()))?;
        row.map_or_else(|| Ok(Place::default()), |row| decode(&row, "the place of a memory"))
    }

    fn happened(&mut self, number: u64, version: &Version, kind: i16) {
        let Some(scope) = self.scope_of(number) else { return };
        if kind == SIGNAL && self.events.iter().rev().any(|event| event.number == number) {
            return;
        }
        let owner = (kind == DELETED).then(|| encode(&version.scope));
        let (id, version) = (version.id.clone(), version.number);
        self.events.push(Event { scope, number, id, version, kind, owner });
    }

    fn count(&mut self, number: u64, by: i64) {
        if let Some(scope) = self.scope_of(number) {
            self.memories.push((scope, by));
        }
    }

    /// The versions of a memory before one, newest first.
    pub(crate) fn history(&self, number: Number, before: u64) -> Result<Vec<Version>, Error> {
        self.history_to(number, before, usize::MAX)
    }

    /// At most `limit` of them.
    pub(crate) fn history_to(&self, number: Number, before: u64, limit: usize) -> Result<Vec<Version>, Error> {
        if let Some(known) = self.histories.borrow().get(&number.0) {
            return Ok(known.iter().filter(|version| version.number < before).take(limit).cloned().collect());
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let Some(scope) = self.scope_of(number.0) else { return Ok(Vec::new()) };
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        let rows = self.session.query(rows::HISTORY, &[&scope, &(number.0 as i64), &before, &limit])?;
        rows.iter().map(|row| rows::version(row.get(1))).collect()
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

    /// The statements that write all that was recorded, and move the clocks.
    pub(crate) fn statements(&self, writer: Uuid) -> Result<Vec<Request>, Error> {
        let mut requests = Vec::new();
        let mut deleted: BTreeSet<(ScopeKey, u64)> = BTreeSet::new();
        for (scope, number) in &self.deleted {
            if deleted.insert((*scope, *number)) {
                for sql in [
                    rows::REMOVE_MEMORY,
                    rows::REMOVE_TEXTS,
                    rows::REMOVE_INDEX_ENTRY,
                    rows::REMOVE_EMBEDDINGS,
                    rows::REMOVE_HISTORY,
                    rows::REMOVE_DYNAMICS,
                    rows::REMOVE_WAYPOINTS,
                    rows::REMOVE_SOURCES,
                ] {
                    requests.push(Request::new(sql, vec![Box::new(*scope), Box::new(*number as i64)]));
                }
            }
        }
        let all = self.rows.borrow();
        let inserted: HashSet<u64> = self.inserted.iter().copied().collect();
        let first: HashMap<&Key, bool> = self.undo.iter().rev().map(|undo| (&undo.key, undo.was_placed())).collect();
        let (mut written, mut new_rows) = (HashSet::new(), Vec::new());
        for key in self.changed.order.iter().filter(|key| self.changed.known.contains(key)) {
            if !written.insert(key) {
                continue;
            }
            let Some(value) = all.get(key) else { continue };
            if let Key::Id(id) = key {
                self.write_place(id, value.as_deref(), first.get(key).copied().unwrap_or(false), &mut requests)?;
                continue;
            }
            if let Key::Meta(name) = key {
                let (tenant, name) = (self.tenant.to_owned(), (*name).to_owned());
                let request = match value {
                    None => Request::new(rows::REMOVE_META, vec![Box::new(tenant), Box::new(name)]),
                    Some(value) => {
                        let sql = if self.knew_meta(key) { rows::SET_META } else { rows::ADD_META };
                        Request::new(sql, vec![Box::new(tenant), Box::new(name), Box::new(value.to_vec())])
                    }
                };
                requests.push(request);
                continue;
            }
            match self.write_learnt(key, value.as_deref())? {
                Some(request) => requests.push(request),
                None => self.write_row(key, value.as_deref(), &deleted, &inserted, (&mut requests, &mut new_rows))?,
            }
        }
        let clocks = self.write_events(writer, &mut new_rows);
        requests.extend(written_rows::requests(new_rows));
        requests.extend(clocks);
        Ok(requests)
    }

    /// Whether a row of a tenant was there before this work.
    fn knew_meta(&self, key: &Key) -> bool {
        self.undo.iter().find(|undo| undo.key == *key).is_some_and(|undo| matches!(undo.before, Some(Some(_))))
    }

    fn write_place(
        &self,
        id: &MemoryId,
        value: Option<&[u8]>,
        was_there: bool,
        requests: &mut Vec<Request>,
    ) -> Result<(), Error> {
        let Some(value) = value else { return Ok(()) };
        let place: Place = decode(value, "the place of a memory")?;
        let key = || -> Vec<Param> { vec![Box::new(id.as_str().to_owned()), Box::new(self.tenant.to_owned())] };
        let mut params = key();
        params.push(Box::new(place.scope));
        params.push(Box::new(place.number.map(|number| number as i64)));
        params.push(Box::new(place.tombstone.as_ref().map(encode)));
        if place.number.is_some() && !was_there {
            // If another server has just added it, the second statement fails.
            requests.push(Request::new(rows::FORGET_TOMBSTONE, key()));
            requests.push(Request::new(rows::ADD_ID, params));
        } else if place.number.is_none() && !was_there {
            requests.push(Request::new(rows::FORGET_TOMBSTONE, key()));
            requests.push(Request::new(rows::ADD_ID, params));
        } else {
            requests.push(Request::new(rows::SET_ID, params));
        }
        Ok(())
    }

    fn write_row(
        &self,
        key: &Key,
        value: Option<&[u8]>,
        deleted: &BTreeSet<(ScopeKey, u64)>,
        inserted: &HashSet<u64>,
        (requests, written): (&mut Vec<Request>, &mut Vec<Row>),
    ) -> Result<(), Error> {
        let (Key::Head(number)
        | Key::Earlier(number, _)
        | Key::Text(number, _)
        | Key::Entry(number)
        | Key::Replaced(number, _)
        | Key::Dynamics(number)
        | Key::Waypoints(number)
        | Key::Sources(number)) = key
        else {
            return Ok(());
        };
        let number = *number;
        let Some(scope) = self.scope_of(number) else { return Err(Error::Internal("a memory without a scope")) };
        if deleted.contains(&(scope, number)) {
            return Ok(());
        }
        let Some(value) = value else {
            if matches!(key, Key::Waypoints(_)) {
                let params: Vec<Param> = vec![Box::new(scope), Box::new(number as i64)];
                requests.push(Request::new(rows::REMOVE_WAYPOINTS, params));
            }
            return Ok(());
        };
        let bytes = |bytes: &[u8]| Value::Bytes(Some(bytes.to_vec()));
        let mut columns = vec![Value::Int(number as i64)];
        if !matches!(key, Key::Head(_)) || inserted.contains(&number) {
            columns.push(Value::Text(self.tenant.to_owned()));
        }
        let sql = match key {
            Key::Head(_) => {
                let version = rows::version(value)?;
                let is_new = inserted.contains(&number);
                columns.push(bytes(version.content.as_bytes()));
                if is_new {
                    let Scope { agent_id, app_id, run_id, .. } = &version.scope;
                    for id in [agent_id, app_id, run_id] {
                        columns.push(Value::Bytes(id.as_ref().map(|id| id.as_bytes().to_vec())));
                    }
                }
                columns.push(Value::Int(version.created_at.millis()));
                columns.push(Value::Int(version.updated_at.millis()));
                if is_new { rows::ADD_MEMORY } else { rows::SET_MEMORY }
            }
            Key::Earlier(_, version) => {
                columns.push(Value::Int(*version as i64));
                rows::ADD_HISTORY
            }
            Key::Text(_, hash) => {
                let head = self.head(Number(number))?.ok_or(Error::Internal("a text without its memory"))?;
                let text = std::str::from_utf8(value).map_err(|_| damaged("the text of a memory"))?;
                columns.push(bytes(hash.as_bytes()));
                columns.push(bytes(TextKey::of(&head.scope, text).as_bytes()));
                rows::ADD_TEXT
            }
            Key::Replaced(_, hash) => {
                columns.push(bytes(hash.as_bytes()));
                rows::SET_EMBEDDING
            }
            Key::Entry(_) => rows::SET_INDEX_ENTRY,
            Key::Dynamics(_) => rows::SET_DYNAMICS,
            Key::Waypoints(_) => rows::SET_WAYPOINTS,
            Key::Sources(_) => rows::SET_SOURCES,
            Key::Id(_) | Key::Meta(_) | Key::Learning(_) | Key::Message(..) | Key::Document(_) => return Ok(()),
        };
        columns.push(bytes(value));
        written.push(Row { sql, scope, columns });
        Ok(())
    }

    /// A row for each change. Returns the statements that move the clocks.
    fn write_events(&self, writer: Uuid, written: &mut Vec<Row>) -> Vec<Request> {
        let mut clocks = Vec::new();
        for (scope, seq) in &self.locked {
            let mut clock = *seq;
            for event in self.events.iter().filter(|event| event.scope == *scope) {
                clock += 1;
                let columns = vec![
                    Value::Int(clock),
                    Value::Text(self.tenant.to_owned()),
                    Value::Int(event.number as i64),
                    Value::Text(event.id.as_str().to_owned()),
                    Value::Int(event.version as i64),
                    Value::Small(event.kind),
                    Value::Int(self.now.millis()),
                    Value::Uuid(writer),
                    Value::Bytes(event.owner.clone()),
                ];
                written.push(Row { sql: rows::ADD_CHANGE, scope: *scope, columns });
            }
            if clock > *seq {
                let by: i64 = self.memories.iter().filter(|(of, _)| of == scope).map(|(_, by)| by).sum();
                clocks.push(Request::new(rows::MOVE_CLOCK, vec![Box::new(*scope), Box::new(clock), Box::new(by)]));
            }
        }
        clocks
    }
}

impl Rows for Workspace<'_> {
    fn number(&self, id: &MemoryId) -> Result<Option<Number>, Error> {
        let place = self.place(id)?;
        let (Some(number), Some(scope)) = (place.number, place.scope) else { return Ok(None) };
        self.know_scope(Number(number), scope);
        if self.writes && !self.locked.iter().any(|(locked, _)| *locked == scope) {
            *self.missing.borrow_mut() = Some(Missing { scope, user: None });
            return Err(Error::Internal("a memory of a scope that is not locked"));
        }
        Ok(Some(Number(number)))
    }

    fn head(&self, number: Number) -> Result<Option<Version>, Error> {
        self.row(&Key::Head(number.0))?.map(|row| rows::version(&row)).transpose()
    }

    fn earlier(&self, number: Number, version: u64) -> Result<Option<Version>, Error> {
        self.row(&Key::Earlier(number.0, version))?.map(|row| rows::version(&row)).transpose()
    }

    fn content(&self, number: Number, hash: ContentHash) -> Result<Option<String>, Error> {
        self.row(&Key::Text(number.0, hash))?.map(|row| rows::text(row.to_vec())).transpose()
    }

    fn indexed_text(&self, number: Number, _scope: &Scope) -> Result<Option<IndexedText>, Error> {
        self.row(&Key::Entry(number.0))?.map(|row| rows::entry(&row)).transpose()
    }

    fn replaced_embedding(&self, number: Number, hash: ContentHash) -> Result<Option<Embedding>, Error> {
        self.row(&Key::Replaced(number.0, hash))?.map(|row| rows::embedding(&row)).transpose()
    }

    fn dynamics(&self, number: Number, _scope: &Scope) -> Result<Option<Dynamics>, Error> {
        self.row(&Key::Dynamics(number.0))?.map(|row| rows::dynamics(&row)).transpose()
    }

    fn tombstone(&self, id: &MemoryId) -> Result<Option<Tombstone>, Error> {
        Ok(self.place(id)?.tombstone)
    }

    fn waypoints(&self, number: Number) -> Result<Vec<(Number, Waypoint)>, Error> {
        let row = self.row(&Key::Waypoints(number.0))?;
        row.map_or_else(|| Ok(Vec::new()), |row| decode(&row, "the links of a memory"))
    }

    fn numbers_of_text(&self, text: TextKey) -> Result<Vec<Number>, Error> {
        let scopes: Vec<ScopeKey> = self.locked.iter().map(|(scope, _)| *scope).collect();
        self.numbers_of_text_in(&scopes, text)
    }

    fn model(&self) -> Result<Option<ModelIdentity>, Error> {
        self.row(&Key::Meta(MODEL))?.map(|row| decode(&row, "the model")).transpose()
    }

    fn reindex(&self) -> Result<Option<Reindex>, Error> {
        self.row(&Key::Meta(REINDEX))?.map(|row| decode(&row, "the model")).transpose()
    }
}

impl Workspace<'_> {
    /// The memories with this current text and scope, oldest first. A text key names one scope.
    pub(crate) fn numbers_of_text_in(&self, scopes: &[ScopeKey], text: TextKey) -> Result<Vec<Number>, Error> {
        let mut numbers = BTreeSet::new();
        for scope in scopes {
            for row in self.session.query(rows::NUMBERS_OF_TEXT, &[scope, &text.as_bytes().as_slice()])? {
                let number = row.get::<_, i64>(0) as u64;
                self.know_scope(Number(number), *scope);
                numbers.insert(number);
            }
        }
        // What this work has written is not in the tables yet.
        for (number, key) in &self.texts {
            if key.as_ref() == Some(text.as_bytes()) {
                numbers.insert(*number);
            } else {
                numbers.remove(number);
            }
        }
        Ok(numbers.into_iter().map(Number).collect())
    }

    fn key_of(&self, scope: &Scope) -> ScopeKey {
        scope_key::of_scope(self.tenant, scope)
    }

    /// Where a memory is, if it exists.
    pub(crate) fn place_of(&self, id: &MemoryId) -> Result<Option<(ScopeKey, u64)>, Error> {
        let place = self.place(id)?;
        Ok(place.scope.zip(place.number))
    }

    /// The scope of a memory, if it is known.
    pub(crate) fn scope(&self, number: Number) -> Option<ScopeKey> {
        self.scope_of(number.0)
    }
}

impl Changes for Workspace<'_> {
    fn attempt<T, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let undo = self.undo.len();
        let (texts, events) = (self.texts.len(), self.events.len());
        let (memories, deleted) = (self.memories.len(), self.deleted.len());
        let inserted = self.inserted.len();
        let result = work(self);
        if result.is_err() {
            for Undo { key, before, was_changed } in self.undo.drain(undo..).rev() {
                if !was_changed {
                    self.changed.remove(&key);
                }
                match before {
                    Some(before) => self.rows.get_mut().insert(key, before),
                    None => self.rows.get_mut().remove(&key),
                };
            }
            self.texts.truncate(texts);
            self.events.truncate(events);
            self.memories.truncate(memories);
            self.deleted.truncate(deleted);
            self.inserted.truncate(inserted);
        }
        result
    }

    fn insert(&mut self, version: &Version, content: &Content, dynamics: &Dynamics) -> Result<Number, Error> {
        if self.numbers.is_empty() {
            let rows = self.session.query(rows::NUMBERS, &[&16_i32])?;
            self.numbers = rows.iter().rev().map(|row| row.get::<_, i64>(0) as u64).collect();
        }
        let number = self.numbers.pop().ok_or(Error::Internal("no number for a memory"))?;
        let scope = self.locked_scope_of(&version.scope)?;
        self.know_scope(Number(number), scope);
        let place = Place { scope: Some(scope), number: Some(number), tombstone: None };
        // Reads whether the id has a row.
        self.place(&version.id)?;
        self.put_record(Key::Id(version.id.clone()), &place);
        // No row has the new number.
        self.know(Key::Waypoints(number), None);
        self.know(Key::Sources(number), None);
        self.know(Key::Entry(number), None);
        self.know(Key::Head(number), None);
        self.put_record(Key::Head(number), version);
        self.put_record(Key::Dynamics(number), dynamics);
        self.put_content(Number(number), version.content, content)?;
        self.texts.push((number, Some(*TextKey::of(&version.scope, content.as_str()).as_bytes())));
        self.inserted.push(number);
        self.count(number, 1);
        self.happened(number, version, STORED);
        Ok(Number(number))
    }

    fn replace(&mut self, number: Number, current: &Version, next: &Version) -> Result<(), Error> {
        self.put_record(Key::Earlier(number.0, current.number), current);
        self.put_record(Key::Head(number.0), next);
        if current.content != next.content {
            let text = self.content(number, next.content)?;
            let key = text.map(|text| *TextKey::of(&next.scope, &text).as_bytes());
            self.texts.push((number.0, key));
        }
        self.happened(number.0, next, STORED);
        Ok(())
    }

    fn amend(&mut self, number: Number, _current: &Version, next: &Version) -> Result<(), Error> {
        self.put_record(Key::Head(number.0), next);
        self.happened(number.0, next, SIGNAL);
        Ok(())
    }

    fn delete(&mut self, number: Number, head: &Version, tombstone: &Tombstone) -> Result<(), Error> {
        let scope = self.scope_of(number.0).ok_or(Error::Internal("a memory without a scope"))?;
        let place = Place { scope: Some(scope), number: None, tombstone: Some(tombstone.clone()) };
        self.place(&head.id)?;
        self.put_record(Key::Id(head.id.clone()), &place);
        self.put(Key::Head(number.0), None);
        self.put(Key::Waypoints(number.0), None);
        self.put(Key::Sources(number.0), None);
        self.texts.push((number.0, None));
        self.deleted.push((scope, number.0));
        self.count(number.0, -1);
        self.happened(number.0, head, DELETED);
        Ok(())
    }

    fn put_content(&mut self, number: Number, hash: ContentHash, content: &Content) -> Result<(), Error> {
        self.put(Key::Text(number.0, hash), Some(content.as_str().as_bytes().into()));
        Ok(())
    }

    fn put_indexed_text(&mut self, number: Number, scope: &Scope, text: &IndexedText) -> Result<(), Error> {
        self.check_model(&text.embedding)?;
        if let Some(replaced) = self.indexed_text(number, scope)?
            && replaced.content != text.content
        {
            let kept = self.replaced_embedding(number, replaced.content)?;
            if kept.is_none_or(|kept| kept.model != replaced.embedding.model) {
                self.put_record(Key::Replaced(number.0, replaced.content), &*replaced.embedding);
            }
        }
        self.put(Key::Entry(number.0), Some(rows::encode_entry(text).into()));
        if let Some(head) = self.head(number)? {
            self.happened(number.0, &head, SIGNAL);
        }
        Ok(())
    }

    fn put_dynamics(&mut self, number: Number, _scope: &Scope, dynamics: &Dynamics) -> Result<(), Error> {
        self.put_record(Key::Dynamics(number.0), dynamics);
        if let Some(head) = self.head(number)? {
            self.happened(number.0, &head, SIGNAL);
        }
        Ok(())
    }

    fn put_waypoints(&mut self, number: Number, links: &[(Number, Waypoint)]) -> Result<(), Error> {
        let value = (!links.is_empty()).then(|| encode(&links).into());
        self.put(Key::Waypoints(number.0), value);
        Ok(())
    }

    fn put_tombstone(&mut self, id: &MemoryId, tombstone: &Tombstone) -> Result<(), Error> {
        let place = Place { tombstone: Some(tombstone.clone()), ..self.place(id)? };
        self.put_record(Key::Id(id.clone()), &place);
        Ok(())
    }

    fn put_model(&mut self, model: &ModelIdentity) -> Result<(), Error> {
        if self.reindex()?.is_some() {
            self.put(Key::Meta(REINDEX), None);
        }
        self.model()?;
        self.put_record(Key::Meta(MODEL), model);
        Ok(())
    }

    fn put_reindex(&mut self, reindex: &Reindex) -> Result<(), Error> {
        self.reindex()?;
        self.put_record(Key::Meta(REINDEX), reindex);
        Ok(())
    }

    fn index_texts(&mut self) -> Result<(), Error> {
        // Texts are found by their key from the first day.
        Ok(())
    }
}

pub(crate) fn hash(bytes: &[u8]) -> Result<ContentHash, Error> {
    Ok(ContentHash::from_bytes(bytes.try_into().map_err(|_| damaged("the hash of a text"))?))
}
