//! How do the tables of candidates follow what is written? No write waits for them: a task of each server brings them up to
//! the clocks of the scopes, one transaction after another, and a search adds what they do not know yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use openmemory_calls::index_entry;
use openmemory_domain::ModelTag;
use openmemory_rules::{Error, Labels};
use uuid::Uuid;

use crate::partitions::{Change, Indexed, indexed};
use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::Session;
use crate::store::Tenant;
use crate::wide::passing::run_key;
use crate::wide::statements::{self, SEPARATOR, as_text};
use crate::wide::wide::Wide;

/// Memories, or changes, of one transaction.
const TOGETHER: i64 = 500;
/// How often a server that commits looks for what is to be followed.
const INTERVAL_MS: i64 = 1000;

/// A scope that the tables do not know up to its clock.
pub(crate) struct Behind {
    pub scope: ScopeKey,
    pub clock: i64,
    /// The time of the clock that they know all of; `None`: not all of it has been read yet.
    pub known: Option<i64>,
}

/// The scopes of a tenant that are behind, or those of a list.
pub(crate) fn behind(session: &Session, tenant: &str, scopes: Option<&[ScopeKey]>) -> Result<Vec<Behind>, Error> {
    let rows = session.query(statements::BEHIND, &[&tenant, &scopes])?;
    let behind = |row: &tokio_postgres::Row| {
        let (seq, filled_to): (Option<i64>, Option<i64>) = (row.get(2), row.get(3));
        Behind { scope: row.get(0), clock: row.get(1), known: seq.filter(|_| filled_to.is_none()) }
    };
    Ok(rows.iter().map(behind).collect())
}

/// By what a memory is found.
struct Found {
    digest: Vec<u8>,
    marks: String,
    run: Option<Uuid>,
    created_at: i64,
    vectors: Vec<String>,
}

impl Tenant {
    /// Follows what has been committed, at most once in a while. Does not wait for that.
    pub(crate) fn follow_now_and_then(self: &Arc<Self>) {
        let Some(wide) = &self.wide else { return };
        if !wide.last_follow.is_due(self.clock.now(), INTERVAL_MS) || wide.is_following.swap(true, Ordering::AcqRel) {
            return;
        }
        let tenant = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = tenant.follow_all().await {
                tracing::warn!(tenant = tenant.name, %error, "the tables of candidates were not brought up to date");
            }
            if let Some(wide) = &tenant.wide {
                wide.is_following.store(false, Ordering::Release);
            }
        });
    }

    /// A tenant with few memories needs no candidates.
    async fn follow_all(self: &Arc<Self>) -> Result<(), Error> {
        let tag = self.model.identity().await?.tag();
        let tenant = Arc::clone(self);
        let run = move |session: &Session| {
            let Some(wide) = &tenant.wide else { return Ok(()) };
            let counted = session.query(rows::COUNT, &[&tenant.name])?;
            if counted.first().is_none_or(|row| row.get::<_, i64>(0) <= wide.above) {
                return Ok(());
            }
            for scope in behind(session, &tenant.name, None)? {
                while wide.step(session, &tenant.name, &scope, tag)? {}
            }
            Ok(())
        };
        self.database.run(run).await
    }
}

impl Wide {
    /// Follows a scope by one transaction. Whether it is still behind.
    pub(crate) fn step(&self, session: &Session, tenant: &str, of: &Behind, tag: ModelTag) -> Result<bool, Error> {
        session.query(rows::BEGIN, &[])?;
        let stepped = self.step_within(session, tenant, of, tag);
        match stepped {
            Ok(_) => session.query(rows::COMMIT, &[]).map(drop)?,
            Err(_) => session.roll_back(),
        }
        stepped
    }

    fn step_within(&self, session: &Session, tenant: &str, of: &Behind, tag: ModelTag) -> Result<bool, Error> {
        let turn = session.query(statements::TAKE_TURN, &[&of.scope, &tenant, &of.clock])?;
        let (mut seq, mut filled_to): (i64, Option<i64>) =
            turn.first().map(|row| (row.get(0), row.get(1))).ok_or(Error::Internal("a turn without a row"))?;
        let is_behind = match filled_to {
            Some(from) => {
                let rows = session.query(rows::FILL, &[&of.scope, &from, &TOGETHER])?;
                let memories: Vec<Change> = rows
                    .iter()
                    .map(|row| Ok((row.get::<_, i64>(0) as u64, Some(indexed(row, 0)?))))
                    .collect::<Result<_, Error>>()?;
                self.put(session, (tenant, of.scope), &memories, tag)?;
                filled_to = rows.last().map(|row| row.get(0));
                // What has changed meanwhile is followed.
                filled_to.is_some() || seq < of.clock
            }
            None if seq >= of.clock => return Ok(false),
            None => {
                let rows = session.query(statements::CHANGES, &[&of.scope, &seq, &TOGETHER])?;
                if rows.first().is_none_or(|row| row.get::<_, i64>(0) != seq + 1) {
                    // Those changes are not kept any longer, so all of it is read again.
                    session.query(statements::REMOVE_ALL_TEXTS, &[&of.scope])?;
                    session.query(&self.of_vectors.remove_all, &[&of.scope])?;
                    (seq, filled_to) = (of.clock, Some(-1));
                } else {
                    let mut memories = HashMap::new();
                    for row in &rows {
                        let memory = row.get::<_, Option<&[u8]>>(2).map(|_| indexed(row, 1)).transpose()?;
                        seq = row.get(0);
                        memories.insert(row.get::<_, i64>(1) as u64, memory);
                    }
                    self.put(session, (tenant, of.scope), &memories.into_iter().collect::<Vec<_>>(), tag)?;
                }
                filled_to.is_some() || seq < of.clock
            }
        };
        session.query(statements::SET_TURN, &[&of.scope, &seq, &filled_to])?;
        Ok(is_behind)
    }

    /// Replaces the rows of memories of a scope, of those that have changed here.
    fn put(
        &self,
        session: &Session,
        (tenant, scope): (&str, ScopeKey),
        memories: &[Change],
        tag: ModelTag,
    ) -> Result<(), Error> {
        let mut found = HashMap::with_capacity(memories.len());
        for (number, memory) in memories {
            let memory = memory.as_ref().filter(|memory| memory.text.embedding.model == tag);
            found.insert(*number as i64, memory.map(|memory| self.row(memory)).transpose()?);
        }
        let all: Vec<i64> = found.keys().copied().collect();
        for row in session.query(statements::DIGESTS, &[&scope, &all])? {
            let number: i64 = row.get(0);
            if found.get(&number).and_then(Option::as_ref).is_some_and(|new| new.digest == row.get::<_, &[u8]>(1)) {
                found.remove(&number);
            }
        }
        let changed: Vec<i64> = found.keys().copied().collect();
        if changed.is_empty() {
            return Ok(());
        }
        session.query(statements::REMOVE_TEXTS, &[&scope, &changed])?;
        session.query(&self.of_vectors.remove, &[&scope, &changed])?;
        let (mut numbers, mut digests, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        let (mut runs, mut times) = (Vec::new(), Vec::new());
        let (mut vector_numbers, mut places, mut vectors) = (Vec::new(), Vec::new(), Vec::new());
        for (number, row) in found.into_iter().filter_map(|(number, row)| Some((number, row?))) {
            numbers.push(number);
            digests.push(row.digest);
            marks.push(row.marks);
            runs.push(row.run);
            times.push(row.created_at);
            for (at, vector) in row.vectors.into_iter().enumerate() {
                vector_numbers.push(number);
                places.push(at as i16);
                vectors.push(vector);
            }
        }
        session.query(statements::ADD_TEXTS, &[&scope, &tenant, &numbers, &digests, &marks, &runs, &times])?;
        session.query(&self.of_vectors.add, &[&scope, &tenant, &vector_numbers, &places, &vectors])?;
        Ok(())
    }

    fn row(&self, memory: &Indexed) -> Result<Found, Error> {
        let marks = self.marks.of(&memory.version, &memory.text)?.join(&SEPARATOR.to_string());
        let sectors = Labels::of(&memory.version).sectors;
        let all = index_entry::vectors(&memory.text.embedding, &sectors).into_iter().map(|(vector, _)| vector);
        let vectors: Vec<String> =
            all.filter(|vector| !vector.is_zero()).map(|vector| as_text(&vector.to_numbers())).collect();
        let created_at = memory.version.created_at.millis();
        let mut hasher = blake3::Hasher::new();
        hasher.update(marks.as_bytes()).update(&created_at.to_le_bytes());
        for vector in &vectors {
            hasher.update(vector.as_bytes());
        }
        let run = memory.version.scope.run_id.as_deref().map(run_key);
        Ok(Found { digest: hasher.finalize().as_bytes()[..16].to_vec(), marks, run, created_at, vectors })
    }
}
