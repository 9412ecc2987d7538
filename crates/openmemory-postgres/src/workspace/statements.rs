//! How is what was recorded written to the database?

use std::collections::{BTreeSet, HashMap, HashSet};

use openmemory_domain::{MemoryId, Scope, TextKey};
use openmemory_rules::{Error, Number, Rows};
use uuid::Uuid;

use super::key::{Key, Place};
use super::unit::Workspace;
use crate::error::damaged;
use crate::rows::{self, decode, encode};
use crate::scope_key::ScopeKey;
use crate::session::{Param, Request};
use crate::written_rows::{self, Row, Value};

impl Workspace<'_> {
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
        if was_there {
            requests.push(Request::new(rows::SET_ID, params));
        } else {
            // If another server has just added it, the second statement fails.
            requests.push(Request::new(rows::FORGET_TOMBSTONE, key()));
            requests.push(Request::new(rows::ADD_ID, params));
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
