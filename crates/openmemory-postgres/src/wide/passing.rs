//! The memories that one search compares, in partitions by scope.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use openmemory_domain::ModelIdentity;
use openmemory_rules::Error;
use uuid::Uuid;

use crate::partitions::Hot;
use crate::scope_key::{self, ScopeKey};
use crate::session::Session;
use crate::wide::places::{Place, entries};

/// Where a memory is in a run.
pub(crate) struct Member {
    pub scope: ScopeKey,
    pub run: Uuid,
    pub created_at: i64,
}

#[derive(Default)]
pub(crate) struct Passing {
    pub hot: Vec<Arc<Hot>>,
    scopes: HashMap<ScopeKey, usize>,
    known: HashSet<Place>,
    /// The memories in runs, by number.
    pub members: HashMap<u64, Member>,
}

impl Passing {
    /// Adds memories, each once.
    pub(crate) fn add(
        &mut self,
        session: &Session,
        places: impl IntoIterator<Item = Place>,
        identity: &ModelIdentity,
    ) -> Result<(), Error> {
        let new: Vec<Place> = places.into_iter().filter(|place| self.known.insert(*place)).collect();
        for (scope, change) in entries(session, &new)? {
            if let (number, Some(memory)) = &change
                && let Some(run) = &memory.version.scope.run_id
            {
                let member = Member { scope, run: run_key(run), created_at: memory.version.created_at.millis() };
                self.members.insert(*number, member);
            }
            let at = *self.scopes.entry(scope).or_insert_with(|| {
                self.hot.push(Arc::new(Hot::passing(scope, identity.dimensions)));
                self.hot.len() - 1
            });
            self.hot[at].put(&change, identity.tag())?;
        }
        Ok(())
    }
}

/// By what a run of a scope is looked up: its name may be too long for an index.
pub(crate) fn run_key(run: &str) -> Uuid {
    scope_key::of_user("", Some(run))
}
