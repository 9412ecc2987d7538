//! What has been read, and what is fetched when a rule asks for it?

use std::collections::BTreeSet;
use std::rc::Rc;

use openmemory_domain::{ContentHash, MemoryId, TextKey, Version};
use openmemory_rules::{Error, Number};

use super::key::{Bytes, Key, Place};
use super::unit::Workspace;
use crate::error::damaged;
use crate::rows::{self, decode, encode};
use crate::scope_key::ScopeKey;
use crate::session::Param;

impl Workspace<'_> {
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

    pub(crate) fn place(&self, id: &MemoryId) -> Result<Place, Error> {
        let row = self.row(&Key::Id(id.clone()))?;
        row.map_or_else(|| Ok(Place::default()), |row| decode(&row, "the place of a memory"))
    }

    /// Where a memory is, if it exists.
    pub(crate) fn place_of(&self, id: &MemoryId) -> Result<Option<(ScopeKey, u64)>, Error> {
        let place = self.place(id)?;
        Ok(place.scope.zip(place.number))
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
}

pub(crate) fn hash(bytes: &[u8]) -> Result<ContentHash, Error> {
    Ok(ContentHash::from_bytes(bytes.try_into().map_err(|_| damaged("the hash of a text"))?))
}
