//! Which partitions does a search compare? Those of its users, after their clocks were read. If those have too many memories,
//! partitions of candidates.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_domain::filter::Filter;
use openmemory_domain::request::Search;
use openmemory_domain::{Invalid, ModelIdentity, ModelTag};
use openmemory_index::{Query, Statistics};
use openmemory_rules::Error;

use crate::partitions::{Hot, InScope};
use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::Session;
use crate::store::Tenant;
use crate::wide::places::Within;
use crate::wide::sample::Sample;
use crate::wide::wide::Wide;
use crate::workspace::{MODEL, Workspace};

/// The most memories that a search over all users of a tenant loads.
const MAX_MEMORIES: i64 = 200_000;

/// What a search compares.
pub(crate) struct Compared {
    pub hot: Vec<Arc<Hot>>,
    /// What is known of all memories, if only candidates are here.
    pub outside: Option<Outside>,
}

/// All memories in the scope of a search, by a sample.
pub(crate) struct Outside {
    pub memories: u32,
    pub sample: Arc<Sample>,
    /// How many have a term, for terms that were counted.
    pub known: HashMap<String, u32>,
}

impl Outside {
    pub(crate) fn statistics(&self) -> Statistics<'_> {
        Statistics { memories: self.memories, sample: &self.sample.partition, known: &self.known }
    }
}

impl Compared {
    pub(crate) fn in_scope(&self) -> InScope<'_> {
        InScope(&self.hot, self.outside.as_ref().map(Outside::statistics))
    }
}

impl Tenant {
    /// The partitions of these scopes, or of all of the tenant, as new as the database. Blocks.
    pub(crate) fn current(
        &self,
        session: &Session,
        scopes: Option<&[ScopeKey]>,
        dimensions: usize,
        tag: ModelTag,
    ) -> Result<Vec<Arc<Hot>>, Error> {
        let clocks = self.clocks(session, scopes)?;
        self.at(session, scopes, clocks, dimensions, tag)
    }

    /// The scopes with memories, each with its clock and how many it has.
    pub(crate) fn clocks(
        &self,
        session: &Session,
        scopes: Option<&[ScopeKey]>,
    ) -> Result<Vec<(ScopeKey, i64, i64)>, Error> {
        let Some(scopes) = scopes else {
            let rows = session.query(rows::SCOPES, &[&self.name])?;
            return Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect());
        };
        let mut clocks = Vec::with_capacity(scopes.len());
        for scope in scopes {
            let rows = session.query(rows::CLOCK, &[scope])?;
            let clock = rows.first().map(|row| (*scope, row.get(0), row.get(1)));
            clocks.extend(clock.filter(|(_, _, memories)| *memories > 0));
        }
        Ok(clocks)
    }

    /// How candidates are found, if so many memories are in scope that only those are compared.
    pub(crate) fn widely<'a>(
        &'a self,
        clocks: &[(ScopeKey, i64, i64)],
        scopes: Option<&'a [ScopeKey]>,
        filter: Option<&'a Filter>,
    ) -> Option<(&'a Wide, Within<'a>)> {
        let memories = clocks.iter().map(|(_, _, memories)| memories).sum();
        let wide = self.wide.as_ref().filter(|wide| memories > wide.above)?;
        Some((wide, Within { tenant: &self.name, scopes, filter, memories }))
    }

    /// What a search compares. Blocks.
    pub(crate) fn compared(
        &self,
        rows: &Workspace<'_>,
        request: &Search,
        query: &Query<'_>,
        identity: &ModelIdentity,
    ) -> Result<Compared, Error> {
        let scopes = self.scopes(request);
        let scopes = scopes.as_deref();
        let clocks = self.clocks(rows.session(), scopes)?;
        if let Some((wide, within)) = self.widely(&clocks, scopes, request.filter.as_ref()) {
            return self.gathered(rows, wide, within, query, identity);
        }
        let hot = self.at(rows.session(), scopes, clocks, identity.dimensions, identity.tag())?;
        Ok(Compared { hot, outside: None })
    }

    /// What is known of the memories that a search will compare, before its query is embedded. Blocks.
    pub(crate) fn foreseen(
        &self,
        session: &Session,
        request: &Search,
        identity: &ModelIdentity,
    ) -> Result<Compared, Error> {
        let scopes = self.scopes(request);
        let scopes = scopes.as_deref();
        let clocks = self.clocks(session, scopes)?;
        if let Some((wide, within)) = self.widely(&clocks, scopes, None) {
            let outside = self.known_of_names(session, wide, within, &request.query, identity)?;
            return Ok(Compared { hot: Vec::new(), outside: Some(outside) });
        }
        let hot = self.at(session, scopes, clocks, identity.dimensions, identity.tag())?;
        Ok(Compared { hot, outside: None })
    }

    /// The partitions of scopes at these clocks.
    pub(crate) fn at(
        &self,
        session: &Session,
        scopes: Option<&[ScopeKey]>,
        clocks: Vec<(ScopeKey, i64, i64)>,
        dimensions: usize,
        tag: ModelTag,
    ) -> Result<Vec<Arc<Hot>>, Error> {
        let memories: i64 = clocks.iter().map(|(_, _, memories)| memories).sum();
        if scopes.is_none() && memories > MAX_MEMORIES {
            let problem = format!(
                "is needed: without a user {memories} memories would be searched, and at most {MAX_MEMORIES} are unless \
                 approximateAbove is set"
            );
            return Err(Invalid::limit("filters.user_id", problem).into());
        }
        let mut current = Vec::with_capacity(clocks.len());
        for (scope, clock, _) in clocks {
            let hot = self.partitions.at(session, scope, clock, dimensions, tag)?;
            if hot.lacks_memories() {
                return Err(self.mismatch(session)?);
            }
            current.push(hot);
        }
        Ok(current)
    }

    /// The error of a process whose model is not, or not any longer, that of the tenant.
    fn mismatch(&self, session: &Session) -> Result<Error, Error> {
        let rows = session.query(rows::META, &[&self.name, &MODEL])?;
        let stored = rows.first().map(|row| rows::decode(row.get(0), "the model")).transpose()?;
        Ok(match (stored, self.model.known_identity()) {
            (Some(stored), Some(embedder)) => Error::ModelMismatch { stored, embedder: embedder.clone() },
            _ => Error::Internal("vectors without a model"),
        })
    }
}
