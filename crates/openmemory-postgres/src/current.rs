//! Which partitions does a search compare? Those of its users, after their clocks were read. If those have too many memories,
//! partitions of candidates.

use std::collections::HashMap;
use std::sync::Arc;

use openmemory_domain::filter::Filter;
use openmemory_domain::request::Search;
use openmemory_domain::{Invalid, ModelIdentity, ModelTag};
use openmemory_index::{Query, Statistics};
use openmemory_rules::Error;
use tokio_postgres::Row;

use crate::partitions::{Hot, InScope};
use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::{Request, Session};
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
    pub(crate) fn new(within: Within<'_>, sample: Arc<Sample>) -> Self {
        Self { memories: within.memories.try_into().unwrap_or(u32::MAX), sample, known: HashMap::new() }
    }

    pub(crate) fn statistics(&self) -> Statistics<'_> {
        Statistics { memories: self.memories, sample: &self.sample.partition, known: &self.known }
    }
}

impl Compared {
    pub(crate) fn in_scope(&self) -> InScope<'_> {
        InScope(&self.hot, self.outside.as_ref().map(Outside::statistics))
    }
}

/// A scope with its clock, and how many memories it has.
type Clock = (ScopeKey, i64, i64);

/// What is in the scope of a search.
pub(crate) enum Reach<'a> {
    Scopes(Vec<Clock>),
    /// So many memories that only candidates are compared.
    Candidates(&'a Wide, Within<'a>),
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
        let clocks = match scopes {
            Some(scopes) => clocks(session, scopes)?,
            None => self.all_clocks(session, self.memories(session)?)?,
        };
        self.at(session, clocks, dimensions, tag)
    }

    /// What these scopes have, or all of the tenant. A tenant may have more scopes than are worth reading only to find out.
    pub(crate) fn reach<'a>(
        &'a self,
        session: &Session,
        scopes: Option<&'a [ScopeKey]>,
        filter: Option<&'a Filter>,
    ) -> Result<Reach<'a>, Error> {
        let named = scopes.map(|scopes| clocks(session, scopes)).transpose()?;
        let memories = match &named {
            Some(clocks) => clocks.iter().map(|(_, _, memories)| memories).sum(),
            None => self.memories(session)?,
        };
        if let Some(wide) = self.wide.as_ref().filter(|wide| memories > wide.above) {
            return Ok(Reach::Candidates(wide, Within { tenant: &self.name, scopes, filter, memories }));
        }
        Ok(Reach::Scopes(match named {
            Some(clocks) => clocks,
            None => self.all_clocks(session, memories)?,
        }))
    }

    /// How many memories the tenant has.
    fn memories(&self, session: &Session) -> Result<i64, Error> {
        let counted = session.query(rows::COUNT, &[&self.name])?;
        Ok(counted.first().map_or(0, |row| row.get(0)))
    }

    /// The scopes of the tenant with memories, which are so many.
    fn all_clocks(&self, session: &Session, memories: i64) -> Result<Vec<Clock>, Error> {
        if memories > MAX_MEMORIES {
            let problem = format!(
                "is needed: without a user {memories} memories would be searched, and at most {MAX_MEMORIES} are unless \
                 approximateAbove is set"
            );
            return Err(Invalid::limit("filters.user_id", problem).into());
        }
        let rows = session.query(rows::SCOPES, &[&self.name])?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
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
        match self.reach(rows.session(), scopes, request.filter.as_ref())? {
            Reach::Candidates(wide, within) => self.gathered(rows, wide, within, query, identity),
            Reach::Scopes(clocks) => {
                let hot = self.at(rows.session(), clocks, identity.dimensions, identity.tag())?;
                Ok(Compared { hot, outside: None })
            }
        }
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
        match self.reach(session, scopes, None)? {
            Reach::Candidates(wide, within) => {
                let outside = self.known_of_names(session, wide, within, &request.query, identity)?;
                Ok(Compared { hot: Vec::new(), outside: Some(outside) })
            }
            Reach::Scopes(clocks) => {
                let hot = self.at(session, clocks, identity.dimensions, identity.tag())?;
                Ok(Compared { hot, outside: None })
            }
        }
    }

    /// The partitions of scopes at these clocks.
    pub(crate) fn at(
        &self,
        session: &Session,
        clocks: Vec<Clock>,
        dimensions: usize,
        tag: ModelTag,
    ) -> Result<Vec<Arc<Hot>>, Error> {
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

/// The clocks of those of these scopes that have memories.
fn clocks(session: &Session, scopes: &[ScopeKey]) -> Result<Vec<Clock>, Error> {
    let request = |scope: &ScopeKey| Request::new(rows::CLOCK, vec![Box::new(*scope)]);
    let requests: Vec<Request> = scopes.iter().map(request).collect();
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let replies = session.pipeline(&requests)?;
    let clock = |(scope, rows): (&ScopeKey, &Vec<Row>)| Some((*scope, rows.first()?.get(0), rows.first()?.get(1)));
    let clocks = scopes.iter().zip(&replies).filter_map(clock);
    Ok(clocks.filter(|(_, _, memories): &Clock| *memories > 0).collect())
}
