//! Which memories may answer a query, if there are too many to compare all? The nearest by vectors, those with its words, and
//! what has changed so recently that neither list has it. If a filter leaves few, all of those.

use std::sync::Arc;

use openmemory_domain::filter::Field;
use openmemory_domain::{MemoryId, ModelIdentity};
use openmemory_index::Query;
use openmemory_rules::Error;

use crate::current::{Compared, Outside};
use crate::partitions::Hot;
use crate::scope_key::ScopeKey;
use crate::session::Session;
use crate::store::Tenant;
use crate::wide::follow::{Behind, behind};
use crate::wide::passing::Passing;
use crate::wide::places::{Place, Within};
use crate::wide::statements;
use crate::wide::wide::Wide;
use crate::wide::words::words_of;
use crate::workspace::Workspace;

/// Memories that are compared without asking what the query says.
const FEW: i64 = 5000;
/// Memories that the tables know, of those that a new one may be linked to: of the nearest ones, three are.
const LINKABLE: i64 = 32;
/// Memories that the tables do not know yet, of those that a new one may be linked to.
const MAX_NEW: i64 = 500;

/// One in so many of the sample has a word that may be so frequent among all that it is left out as a name.
const FREQUENT: usize = 10;

impl Tenant {
    /// The candidates for a query, in partitions of their own.
    pub(crate) fn gathered(
        &self,
        rows: &Workspace<'_>,
        wide: &Wide,
        within: Within<'_>,
        query: &Query<'_>,
        identity: &ModelIdentity,
    ) -> Result<Compared, Error> {
        let session = rows.session();
        let (mut outside, behind) = self.outside(session, wide, within, identity)?;
        let words = words_of(query.text, &outside);
        outside.known = wide.counted(session, within, &words, &outside)?;
        let mut places = changed(session, &behind, i64::MAX)?;
        match wide.few(rows, within)? {
            Some(few) => places.extend(few),
            None => {
                places.extend(wide.nearest(session, within, (query.vector, within.candidates()))?);
                places.extend(wide.with_words(session, within, &words, &outside)?);
            }
        }
        let mut passing = Passing::default();
        passing.add(session, places, identity)?;
        passing.add_neighbours(session, outside.statistics(), query, identity)?;
        Ok(Compared { hot: passing.hot, outside: Some(outside) })
    }

    /// What is known of all memories before a query is embedded: how many have its frequent words, which may be names.
    pub(crate) fn known_of_names(
        &self,
        session: &Session,
        wide: &Wide,
        within: Within<'_>,
        text: &str,
        identity: &ModelIdentity,
    ) -> Result<Outside, Error> {
        // Which scopes are behind is of no matter, unless there is no sample yet.
        let mut outside = match wide.samples.kept(within.scopes, self.clock.now()) {
            Some(sample) => Outside::new(within, sample),
            None => self.outside(session, wide, within, identity)?.0,
        };
        let mut words = words_of(text, &outside);
        words.retain(|word| FREQUENT * word.in_sample as usize > outside.sample.partition.memories());
        outside.known = wide.counted(session, within, &words, &outside)?;
        Ok(outside)
    }

    /// The nearest memories of a scope, and its newest ones, in a partition of their own.
    pub(crate) fn nearest_of(
        &self,
        session: &Session,
        wide: &Wide,
        within: Within<'_>,
        vector: &[f32],
        identity: &ModelIdentity,
    ) -> Result<Vec<Arc<Hot>>, Error> {
        let behind = behind(session, within.tenant, within.scopes)?;
        let mut places = changed(session, &behind, MAX_NEW)?;
        places.extend(wide.nearest(session, within, (vector, LINKABLE))?);
        let mut passing = Passing::default();
        passing.add(session, places, identity)?;
        Ok(passing.hot)
    }
}

impl Wide {
    /// All memories that a filter can match, if those are few.
    fn few(&self, rows: &Workspace<'_>, within: Within<'_>) -> Result<Option<Vec<Place>>, Error> {
        let Some(filter) = within.filter else { return Ok(None) };
        if let Some(ids) = filter.required(&Field::MemoryIds) {
            let mut places = Vec::with_capacity(ids.len());
            for id in ids.into_iter().flatten().filter_map(|id| MemoryId::read("memory_ids", id).ok()) {
                places.extend(rows.place_of(&id)?.map(|(scope, number)| (scope, number as i64)));
            }
            places.retain(|(scope, _)| within.scopes.is_none_or(|scopes| scopes.contains(scope)));
            return Ok(Some(places));
        }
        for mark in self.marks.of_filter(filter) {
            let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
                &[&within.tenant, &within.scopes, &mark, &(FEW + 1)];
            let found = rows.session().query(statements::MARKED, params)?;
            if found.len() as i64 <= FEW {
                return Ok(Some(found.iter().map(|row| (row.get(0), row.get(1))).collect()));
            }
        }
        Ok(None)
    }
}

/// What has changed since the tables were brought up to date, so many at most.
fn changed(session: &Session, behind: &[Behind], limit: i64) -> Result<Vec<Place>, Error> {
    let since = |of: &Behind| Some((of.scope, of.known?));
    let (scopes, known): (Vec<ScopeKey>, Vec<i64>) = behind.iter().filter_map(since).unzip();
    let rows = session.query(statements::CHANGED, &[&scopes, &known, &limit])?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
