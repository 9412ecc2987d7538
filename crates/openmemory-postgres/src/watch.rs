//! What has changed, in all servers, since a position? Committed changes are read by the numbers of their transactions: what
//! lies below the oldest one that is still running cannot get company later.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use openmemory_calls::list_cursor::Position;
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::request::{List, Order, TimeField, Watch};
use openmemory_domain::valid_time::PointInTime;
use openmemory_domain::{Invalid, MemoryId, Scope, Shown, Timestamp};
use openmemory_rules::contract::{ChangeKind, Control, MemoryChange, Reply, Wake, Watcher};
use openmemory_rules::write::current::memory;
use openmemory_rules::{Error, Number, Rows, Tombstone};
use serde::{Deserialize, Serialize};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::error::damaged;
use crate::export::tombstones;
use crate::rows::{self, DELETED, STORED, decode};
use crate::scope_key::ScopeKey;
use crate::session::{Param, Request, Session};
use crate::store::Tenant;
use crate::trim::{TRIMMED, trimmed};
use crate::workspace::Workspace;

/// How long a watcher sleeps that nobody wakes, in which other servers may have committed.
const POLL: Duration = Duration::from_millis(200);
/// Maximum number of changes per call.
const MAX_CHANGES: usize = 256;
/// A snapshot in which no transaction is committed.
const NOTHING: &str = "1:1:";
/// Prefix that distinguishes a cursor from a time, and from the cursors of other stores.
const CURSOR_PREFIX: &str = "p.";

/// How much earlier the time of a change may be than that of a change told before it.
const MARGIN_MS: i64 = 60_000;

/// A position: all before this transaction, and so many changes after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    from: i64,
    skip: u64,
    /// From when on the memories themselves say what has changed, if the changes are no longer kept.
    at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
enum Since {
    Cursor(Cursor),
    Time(Timestamp),
}

/// What has changed since a time, as far as it is not returned yet.
struct Backlog {
    since: Timestamp,
    /// `None`: not read yet.
    changes: Option<VecDeque<ChangeKind>>,
}

pub(crate) struct PostgresWatcher {
    tenant: Arc<Tenant>,
    filter: Option<Filter>,
    /// `None` until the first position is known.
    at: Option<Cursor>,
    /// What was committed when the watch began, which it is not told although older transactions were still running.
    begun: String,
    backlog: Option<Backlog>,
}

impl Tenant {
    pub(crate) fn watch(self: &Arc<Self>, request: &Watch) -> Result<PostgresWatcher, Error> {
        let since = request.since.as_deref().map(read_since).transpose()?;
        let (mut at, mut backlog) = (None, None);
        match since {
            Some(Since::Cursor(cursor)) => at = Some(cursor),
            Some(Since::Time(since)) => backlog = Some(Backlog { since, changes: None }),
            None => {}
        }
        let mut begun = String::from(NOTHING);
        if at.is_none()
            && let Some((now, snapshot)) = self.horizon_now()?
        {
            (at, begun) = (Some(now), snapshot);
        }
        Ok(PostgresWatcher { tenant: Arc::clone(self), filter: request.filter.clone(), at, begun, backlog })
    }

    /// The present position, if this thread may wait for it. A watch has to begin where its caller asks for it.
    fn horizon_now(self: &Arc<Self>) -> Result<Option<(Cursor, String)>, Error> {
        let Ok(runtime) = Handle::try_current() else { return Ok(None) };
        if runtime.runtime_flavor() != RuntimeFlavor::MultiThread {
            return Ok(None);
        }
        let now = self.clock.now();
        let horizon = self.database.read(move |session| horizon(session, now));
        tokio::task::block_in_place(|| runtime.block_on(horizon)).map(Some)
    }
}

/// The present position, and the snapshot of what was committed by then.
fn horizon(session: &Session, now: Timestamp) -> Result<(Cursor, String), Error> {
    let rows = session.query(rows::HORIZON, &[])?;
    let (from, snapshot) = rows.first().map_or((0, String::from(NOTHING)), |row| (row.get(0), row.get(1)));
    Ok((Cursor { from, skip: 0, at: now }, snapshot))
}

impl Watcher for PostgresWatcher {
    fn next(&mut self, control: Arc<Control>, wake: Wake) -> Reply<'_, Option<Vec<MemoryChange>>> {
        Box::pin(async move {
            if self.tenant.feed.is_closed() {
                return Ok(None);
            }
            loop {
                let at = match self.at {
                    Some(at) => at,
                    None => {
                        let now = self.tenant.clock.now();
                        let (now, snapshot) = self.tenant.database.read(move |session| horizon(session, now)).await?;
                        self.begun = snapshot;
                        *self.at.insert(now)
                    }
                };
                let changes = self.backlog_changes(&control, at).await?;
                if !changes.is_empty() {
                    return Ok(Some(changes));
                }
                let changes = self.new_changes(&control, at).await?;
                if !changes.is_empty() {
                    return Ok(Some(changes));
                }
                if self.backlog.is_none() {
                    break;
                }
            }
            let feed = Arc::clone(&self.tenant.feed);
            tokio::spawn(async move {
                let _ = tokio::time::timeout(POLL, feed.woken()).await;
                wake();
            });
            Ok(Some(Vec::new()))
        })
    }

    fn reads_store(&self) -> bool {
        self.backlog.is_some()
    }

    fn cursor(&self) -> String {
        match (&self.backlog, self.at) {
            (Some(backlog), _) => backlog.since.to_string(),
            (None, Some(at)) => write_cursor(at),
            (None, None) => String::new(),
        }
    }
}

/// A row of the feed.
struct Change {
    scope: ScopeKey,
    number: Number,
    id: MemoryId,
    version: u64,
    kind: i16,
    at: Timestamp,
    owner: Option<Vec<u8>>,
}

impl PostgresWatcher {
    /// The changes after a position. If they are no longer kept there are none, but a backlog.
    async fn new_changes(&mut self, control: &Arc<Control>, at: Cursor) -> Result<Vec<MemoryChange>, Error> {
        let (tenant, filter, control) = (Arc::clone(&self.tenant), self.filter.clone(), Arc::clone(control));
        let begun = self.begun.clone();
        let read = self.tenant.read(Vec::new(), move |rows| {
            let (end, _) = horizon(rows.session(), rows.now())?;
            let Some(all) = changes_between(rows, &tenant.name, (at.from, end.from), &begun)? else {
                return Ok((end, None));
            };
            let (mut cursor, mut told) = (at, Vec::new());
            for change in all.iter().skip(at.skip as usize) {
                control.check()?;
                cursor.skip += 1;
                cursor.at = cursor.at.max(change.at);
                if let Some(kind) = kind_of(rows, change, filter.as_ref())? {
                    told.push(MemoryChange { kind, cursor: write_cursor(cursor) });
                    if told.len() == MAX_CHANGES {
                        return Ok((cursor, Some(told)));
                    }
                }
            }
            Ok((end, Some(told)))
        });
        let (cursor, told) = read.await?;
        self.at = Some(cursor);
        if told.is_none() {
            let since = Timestamp::from_millis(at.at.millis().saturating_sub(MARGIN_MS));
            self.backlog = Some(Backlog { since, changes: None });
        }
        Ok(told.unwrap_or_default())
    }

    /// The next changes of the backlog. Before the last ones they have the time at which the watch began, so that a watcher
    /// that stops halfway gets the whole backlog again.
    async fn backlog_changes(&mut self, control: &Arc<Control>, at: Cursor) -> Result<Vec<MemoryChange>, Error> {
        let Some(backlog) = &mut self.backlog else { return Ok(Vec::new()) };
        let since = backlog.since;
        if backlog.changes.is_none() {
            backlog.changes = Some(self.tenant.changes_since(since, self.filter.clone(), control).await?);
        }
        let Some(changes) = &mut backlog.changes else { return Ok(Vec::new()) };
        let most = changes.len().min(MAX_CHANGES);
        let next: Vec<ChangeKind> = changes.drain(..most).collect();
        let is_last = changes.is_empty();
        if is_last {
            self.backlog = None;
        }
        let cursor = if is_last { write_cursor(at) } else { since.to_string() };
        Ok(next.into_iter().map(|kind| MemoryChange { kind, cursor: cursor.clone() }).collect())
    }
}

impl Tenant {
    /// What was deleted since a time, and then the newest state of what was changed since, oldest change first.
    async fn changes_since(
        self: &Arc<Self>,
        since: Timestamp,
        filter: Option<Filter>,
        control: &Arc<Control>,
    ) -> Result<VecDeque<ChangeKind>, Error> {
        let tenant = Arc::clone(self);
        let dead = self.read(Vec::new(), move |rows| tombstones(rows, &tenant.name)).await?;
        let mut dead: Vec<(MemoryId, Tombstone)> =
            dead.into_iter().filter(|(_, tombstone)| tombstone.deleted_at >= since).collect();
        dead.sort_by_key(|(_, tombstone)| tombstone.deleted_at);
        let deleted = |(id, Tombstone { deleted_at, version, .. })| ChangeKind::Deleted { id, version, at: deleted_at };
        let mut changes: VecDeque<ChangeKind> = dead.into_iter().map(deleted).collect();
        let order = Order { by: TimeField::Updated, newest_first: false };
        let before: Position = (Timestamp::from_millis(since.millis().saturating_sub(1)), Number(i64::MAX as u64));
        let mut cursor = Some(openmemory_calls::list_cursor::write_cursor(order, before));
        while cursor.is_some() {
            let request = List {
                filter: filter.clone(),
                limit: MAX_CHANGES,
                skip: 0,
                cursor,
                order,
                shown: Shown { expired: true, retired: true },
                point: PointInTime::default(),
            };
            let page = self.list(request, Arc::clone(control)).await?;
            changes.extend(page.memories.into_iter().map(|memory| ChangeKind::Stored(Box::new(memory))));
            cursor = page.next_cursor;
        }
        Ok(changes)
    }
}

/// The changes of the transactions from one on, and before another; `None` if some of them are no longer kept. Those of a
/// scope are in the order of its clock.
fn changes_between(
    rows: &Workspace<'_>,
    tenant: &str,
    (from, to): (i64, i64),
    begun: &str,
) -> Result<Option<Vec<Change>>, Error> {
    let params: [&str; 4] = [tenant, &from.to_string(), &to.to_string(), begun];
    let params = params.into_iter().map(|param| Box::new(param.to_owned()) as Param).collect();
    let meta: Vec<Param> = vec![Box::new(tenant.to_owned()), Box::new(TRIMMED)];
    // In this order, since they are removed while others read.
    let replies = rows.session().pipeline(&[Request::new(rows::FEED, params), Request::new(rows::META, meta)])?;
    let [found, meta] = &replies[..] else { return Err(Error::Internal("a reply of the database is missing")) };
    if trimmed(meta)? > from {
        return Ok(None);
    }
    let mut changes: Vec<(i64, ScopeKey, i64, Change)> = Vec::with_capacity(found.len());
    for row in found {
        let (scope, seq, id): (ScopeKey, i64, String) = (row.get(0), row.get(1), row.get(3));
        let change = Change {
            scope,
            number: Number(row.get::<_, i64>(2) as u64),
            id: MemoryId::read("id", &id).map_err(|_| damaged("the id of a memory"))?,
            version: row.get::<_, i64>(4) as u64,
            kind: row.get(5),
            at: Timestamp::from_millis(row.get(6)),
            owner: row.get(7),
        };
        changes.push((row.get(8), scope, seq, change));
    }
    // A transaction that waited for the lock of a scope may have the lower number.
    changes.sort_by_key(|(_, scope, seq, _)| (*scope, *seq));
    let mut highest: HashMap<ScopeKey, i64> = HashMap::new();
    for (xid, scope, ..) in &mut changes {
        let highest = highest.entry(*scope).or_default();
        *highest = (*highest).max(*xid);
        *xid = *highest;
    }
    changes.sort_by_key(|(xid, scope, seq, _)| (*xid, *scope, *seq));
    Ok(Some(changes.into_iter().map(|(.., change)| change).collect()))
}

/// What a watcher is told of a change; `None` if it does not match, or if the memory was deleted since.
fn kind_of(rows: &Workspace<'_>, change: &Change, filter: Option<&Filter>) -> Result<Option<ChangeKind>, Error> {
    let Change { number, id, version, at, .. } = change;
    if change.kind == DELETED {
        let owner: Option<Scope> = change.owner.as_deref().map(|owner| decode(owner, "a scope")).transpose()?;
        let matches = filter.is_none_or(|filter| may_match(filter, id, owner.as_ref()));
        return Ok(matches.then(|| ChangeKind::Deleted { id: id.clone(), version: *version, at: *at }));
    }
    if change.kind != STORED {
        return Ok(None);
    }
    rows.know_scope(*number, change.scope);
    let Some(head) = rows.head(*number)? else { return Ok(None) };
    let stored = if head.number == *version { Some(head) } else { rows.earlier(*number, *version)? };
    let Some(stored) = stored else { return Ok(None) };
    if !rows.matches(*number, &stored, filter)? {
        return Ok(None);
    }
    Ok(Some(ChangeKind::Stored(Box::new(memory(rows, *number, stored, rows.now())?))))
}

/// Whether a filter may have matched a memory of which only the scope is left.
fn may_match(filter: &Filter, id: &MemoryId, owner: Option<&Scope>) -> bool {
    let among =
        |field: &Field, value: Option<&str>| filter.required(field).is_none_or(|values| values.contains(&value));
    let Some(Scope { user_id, agent_id, app_id, run_id }) = owner else { return true };
    among(&Field::MemoryIds, Some(id.as_str()))
        && among(&Field::UserId, user_id.as_deref())
        && among(&Field::AgentId, agent_id.as_deref())
        && among(&Field::AppId, app_id.as_deref())
        && among(&Field::RunId, run_id.as_deref())
}

fn write_cursor(cursor: Cursor) -> String {
    format!("{CURSOR_PREFIX}{}", data_encoding::BASE64URL_NOPAD.encode(&rows::encode(&cursor)))
}

fn read_since(text: &str) -> Result<Since, Invalid> {
    let Some(cursor) = text.strip_prefix(CURSOR_PREFIX) else { return Timestamp::read("since", text).map(Since::Time) };
    let wrong = || Invalid::argument("since", "must be the cursor of a change, or a time");
    let bytes = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| wrong())?;
    postcard::from_bytes(&bytes).map(Since::Cursor).map_err(|_| wrong())
}
