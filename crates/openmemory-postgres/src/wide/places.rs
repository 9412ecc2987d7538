//! Which memories may be candidates, and what is read of those that are?

use openmemory_domain::filter::Filter;
use openmemory_rules::Error;
use tokio_postgres::Row;

use crate::partitions::{Change, indexed};
use crate::scope_key::ScopeKey;
use crate::session::Session;
use crate::wide::statements;

/// Candidates of each list. Among 30,000 memories of random words they have nearly all of the best ten.
const CANDIDATES: i64 = 400;
/// Candidates for each of those, if a filter will drop most.
const FILTERED: i64 = 4;
/// Where a memory is.
pub(crate) type Place = (ScopeKey, i64);

/// Which memories a search is about.
#[derive(Clone, Copy)]
pub(crate) struct Within<'a> {
    pub tenant: &'a str,
    /// `None`: all of the tenant.
    pub scopes: Option<&'a [ScopeKey]>,
    pub filter: Option<&'a Filter>,
    /// How many are in scope.
    pub memories: i64,
}

impl Within<'_> {
    /// How long each list of candidates is.
    pub(crate) fn candidates(&self) -> i64 {
        CANDIDATES * self.filter.map_or(1, |_| FILTERED)
    }
}

/// What partitions need of memories. Those that are gone are left out.
pub(crate) fn entries(session: &Session, places: &[Place]) -> Result<Vec<(ScopeKey, Change)>, Error> {
    let (scopes, numbers): (Vec<ScopeKey>, Vec<i64>) = places.iter().copied().unzip();
    let rows = session.query(statements::ENTRIES, &[&scopes, &numbers])?;
    let entry = |row: &Row| Ok((row.get(0), (row.get::<_, i64>(1) as u64, Some(indexed(row, 1)?))));
    rows.iter().map(entry).collect()
}
