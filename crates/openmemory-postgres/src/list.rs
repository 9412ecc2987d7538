//! Which memories match a filter? Pages in time order. The database confines the rows to a user and to what else is
//! compared exactly, and the filter decides.

use std::sync::Arc;

use openmemory_calls::facets::Counts;
use openmemory_calls::list_cursor::{Position, only_value, read_cursor, write_cursor};
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::request::{Facets, List, Order, TimeField};
use openmemory_domain::{Memory, MemoryId, Shown, Timestamp, Version};
use openmemory_rules::contract::{Control, Faceted, Page};
use openmemory_rules::write::current::memory;
use openmemory_rules::{Error, Number};

use crate::rows::{Whole, page, whole};
use crate::scope_key::{self, ScopeKey};
use crate::session::{Param, Session};
use crate::store::Tenant;
use crate::workspace::{Key, Workspace};

/// Rows of the first read of a list. Each further one reads four times as many.
const FIRST: i64 = 64;
const MOST: i64 = 1024;

const OLDEST: Order = Order { by: TimeField::Created, newest_first: false };

/// The memories of a scope or a tenant in time order, read in pieces.
struct Scan<'a> {
    tenant: &'a str,
    sql: String,
    params: Vec<Param>,
    order: Order,
    position: Position,
    size: i64,
    ended: bool,
}

impl<'a> Scan<'a> {
    /// `filter` holds for the newest version of each.
    fn new(tenant: &'a str, filter: Option<&Filter>, order: Order, position: Option<Position>) -> Self {
        let mut params: Vec<Param> = Vec::new();
        let users = filter.and_then(|filter| filter.required(&Field::UserId));
        let mut conditions = match users.as_deref() {
            Some([user]) => {
                params.push(Box::new(scope_key::of_user(tenant, *user)));
                String::from("m.scope = $1")
            }
            Some(users) => {
                let scopes: Vec<ScopeKey> = users.iter().map(|user| scope_key::of_user(tenant, *user)).collect();
                params.push(Box::new(scopes));
                String::from("m.scope = ANY($1)")
            }
            None => {
                params.push(Box::new(tenant.to_owned()));
                String::from("m.tenant = $1")
            }
        };
        for (column, field) in [("agent_id", Field::AgentId), ("app_id", Field::AppId), ("run_id", Field::RunId)] {
            if let Some(value) = filter.and_then(|filter| only_value(filter, &field)) {
                params.push(Box::new(value.as_bytes().to_vec()));
                conditions.push_str(&format!(" AND m.{column} = ${}", params.len()));
            }
        }
        let column = match order.by {
            TimeField::Created => "m.created_at",
            TimeField::Updated => "m.updated_at",
        };
        let (compare, direction) = if order.newest_first { ("<", "DESC") } else { (">", "ASC") };
        let at = params.len() + 1;
        let sql = format!(
            page!(
                "{conditions} AND ({column}, m.number) {compare} (${at}, ${number})",
                "{column} {direction}, m.number {direction}",
                "${limit}"
            ),
            conditions = conditions,
            column = column,
            compare = compare,
            direction = direction,
            at = at,
            number = at + 1,
            limit = at + 2,
        );
        let first = if order.newest_first {
            (Timestamp::from_millis(i64::MAX), Number(i64::MAX as u64))
        } else {
            (Timestamp::from_millis(i64::MIN), Number(0))
        };
        Self { tenant, sql, params, order, position: position.unwrap_or(first), size: FIRST, ended: false }
    }

    /// The next memories; none at the end.
    fn next(&mut self, session: &Session, now: Timestamp) -> Result<Vec<Whole>, Error> {
        if self.ended {
            return Ok(Vec::new());
        }
        let (at, number) = (self.position.0.millis(), self.position.1.0 as i64);
        let mut params: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
            self.params.iter().map(|param| &**param as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
        params.extend([&at as &(dyn tokio_postgres::types::ToSql + Sync), &number, &self.size]);
        let rows = session.query(&self.sql, &params)?;
        self.ended = (rows.len() as i64) < self.size;
        self.size = (self.size * 4).min(MOST);
        let found: Vec<Whole> = rows.iter().map(|row| whole(row, now)).collect::<Result<_, _>>()?;
        if let Some(last) = found.last() {
            self.position = (time_of(&last.memory.version, self.order), last.number);
        }
        Ok(found)
    }

    /// Calls `visit` with each memory, until it returns false.
    fn each(
        &mut self,
        session: &Session,
        control: &Control,
        now: Timestamp,
        mut visit: impl FnMut(Whole) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        tracing::trace!(tenant = self.tenant, "a list is read");
        loop {
            let found = self.next(session, now)?;
            if found.is_empty() {
                return Ok(());
            }
            for whole in found {
                control.check()?;
                if !visit(whole)? {
                    return Ok(());
                }
            }
        }
    }
}

fn time_of(version: &Version, order: Order) -> Timestamp {
    match order.by {
        TimeField::Created => version.created_at,
        TimeField::Updated => version.updated_at,
    }
}

impl Tenant {
    pub(crate) async fn list(self: &Arc<Self>, request: List, control: Arc<Control>) -> Result<Page, Error> {
        let position = request.cursor.as_deref().map(|text| read_cursor(text, request.order)).transpose()?;
        let tenant = Arc::clone(self);
        self.read(Vec::new(), move |rows| {
            // The columns have the newest version, which may lack what an earlier one had.
            let filter = request.filter.as_ref().filter(|_| request.point.is_now());
            let mut scan = Scan::new(&tenant.name, filter, request.order, position);
            let (mut memories, mut last, mut skip) = (Vec::new(), None, request.skip);
            let mut next_cursor = None;
            scan.each(rows.session(), &control, rows.now(), |whole| {
                let Whole { number, scope, memory: head } = whole;
                let time = time_of(&head.version, request.order);
                let Some(found) = at_point(rows, number, scope, head, &request)? else { return Ok(true) };
                if skip > 0 {
                    skip -= 1;
                    return Ok(true);
                }
                if memories.len() == request.limit {
                    next_cursor = last.map(|position| write_cursor(request.order, position));
                    return Ok(false);
                }
                last = Some((time, number));
                memories.push(found);
                Ok(true)
            })?;
            Ok(Page { memories, next_cursor })
        })
        .await
    }

    /// Calls `visit` with each memory that matches, oldest first.
    async fn each_matching<T: Default + Send + 'static>(
        self: &Arc<Self>,
        filter: Option<Filter>,
        control: Arc<Control>,
        visit: impl Fn(&mut T, &Memory) + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let tenant = Arc::clone(self);
        self.read(Vec::new(), move |rows| {
            let mut result = T::default();
            let mut scan = Scan::new(&tenant.name, filter.as_ref(), OLDEST, None);
            scan.each(rows.session(), &control, rows.now(), |Whole { memory, .. }| {
                let matches = |filter: &Filter| filter.matches(&memory.version, &memory.content);
                if filter.as_ref().is_none_or(matches) {
                    visit(&mut result, &memory);
                }
                Ok(true)
            })?;
            Ok(result)
        })
        .await
    }

    pub(crate) async fn ids_matching(
        self: &Arc<Self>,
        filter: Option<Arc<Filter>>,
        control: Arc<Control>,
    ) -> Result<Vec<MemoryId>, Error> {
        let filter = filter.map(|filter| (*filter).clone());
        self.each_matching(filter, control, |ids: &mut Vec<MemoryId>, memory| ids.push(memory.version.id.clone())).await
    }

    pub(crate) async fn count(
        self: &Arc<Self>,
        filter: Option<Filter>,
        shown: Shown,
        control: Arc<Control>,
    ) -> Result<u64, Error> {
        let count = move |count: &mut u64, memory: &Memory| {
            *count += u64::from(!memory.version.is_hidden(shown, memory.now));
        };
        self.each_matching(filter, control, count).await
    }

    pub(crate) async fn facets(self: &Arc<Self>, request: Facets, control: Arc<Control>) -> Result<Faceted, Error> {
        let Facets { field, filter, shown, limit, .. } = request;
        let count = move |counts: &mut Counts, memory: &Memory| {
            if !memory.version.is_hidden(shown, memory.now) {
                field.each(&memory.version, &mut |value| counts.add(value));
            }
        };
        Ok(self.each_matching(filter, control, count).await?.into_faceted(limit))
    }
}

/// The version of a memory that a list shows, if it matches.
fn at_point(
    rows: &Workspace<'_>,
    number: Number,
    scope: ScopeKey,
    head: Memory,
    request: &List,
) -> Result<Option<Memory>, Error> {
    if request.point.is_now() {
        let hidden = head.version.is_hidden(request.shown, rows.now());
        let matches = |filter: &Filter| filter.matches(&head.version, &head.content);
        return Ok((!hidden && request.filter.as_ref().is_none_or(matches)).then_some(head));
    }
    rows.know_scope(number, scope);
    rows.know(Key::Text(number.0, head.version.content), Some(head.content.as_bytes()));
    let Some(version) = rows.version_in(number, head.version, &request.point)? else { return Ok(None) };
    if request.point.hides(&version, request.shown, rows.now())
        || !rows.matches(number, &version, request.filter.as_ref())?
    {
        return Ok(None);
    }
    memory(rows, number, version, rows.now()).map(Some)
}
