//! Which partitions does a search compare? Those of its users, after their clocks were read.

use std::sync::Arc;

use openmemory_domain::{Invalid, ModelTag};
use openmemory_rules::Error;

use crate::partitions::Hot;
use crate::rows;
use crate::scope_key::ScopeKey;
use crate::session::Session;
use crate::store::Tenant;
use crate::workspace::MODEL;

/// The most memories that a search over all users of a tenant loads.
const MAX_MEMORIES: i64 = 200_000;

impl Tenant {
    /// The partitions of these scopes, or of all of the tenant, as new as the database. Blocks.
    pub(crate) fn current(
        &self,
        session: &Session,
        scopes: Option<&[ScopeKey]>,
        dimensions: usize,
        tag: ModelTag,
    ) -> Result<Vec<Arc<Hot>>, Error> {
        let mut clocks: Vec<(ScopeKey, i64)> = Vec::new();
        match scopes {
            Some(scopes) => {
                for scope in scopes {
                    let rows = session.query(rows::CLOCK, &[scope])?;
                    let seq = rows.first().filter(|row| row.get::<_, i64>(1) > 0).map(|row| row.get(0));
                    clocks.extend(seq.map(|seq| (*scope, seq)));
                }
            }
            None => {
                let rows = session.query(rows::SCOPES, &[&self.name])?;
                let memories: i64 = rows.iter().map(|row| row.get::<_, i64>(2)).sum();
                if memories > MAX_MEMORIES {
                    let problem = format!(
                        "is needed: without a user {memories} memories would be searched, and at most {MAX_MEMORIES} are"
                    );
                    return Err(Invalid::limit("filters.user_id", problem).into());
                }
                clocks.extend(rows.iter().map(|row| (row.get::<_, ScopeKey>(0), row.get::<_, i64>(1))));
            }
        }
        let mut current = Vec::with_capacity(clocks.len());
        for (scope, clock) in clocks {
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
