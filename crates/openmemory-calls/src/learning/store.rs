//! What does learning need of a store? Its rows, a search that leaves no trace, and commits.

use openmemory_domain::request::{Operation, Search};
use openmemory_domain::{MemoryId, ModelIdentity, Scope, Timestamp};
use openmemory_rules::contract::{Control, Hit, Reply};
use openmemory_rules::{Error, LearningChanges, LearningRows};

use super::queue::LearningQueue;
use crate::embed::Embedded;
use crate::operations::{Applied, Ready};

/// What one commit does.
pub trait LearningWork: Send + 'static {
    type Output: Send + 'static;

    /// A store that begins a commit anew runs it again.
    fn run(&self, changes: &mut impl LearningChanges, now: Timestamp) -> Result<(Self::Output, Vec<Applied>), Error>;
}

pub trait LearningStore: Send + Sync {
    fn now(&self) -> Timestamp;

    fn queue(&self) -> &LearningQueue;

    fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&dyn LearningRows) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Reply<'_, T>;

    /// A search that nobody has asked for, and that reinforces nothing.
    fn search_silently(&self, search: Search) -> Reply<'_, Vec<Hit>>;

    fn model_identity(&self) -> Reply<'_, ModelIdentity>;

    /// Embeds the texts that the store does not have yet.
    fn embed_texts<'a>(&'a self, operations: &'a [Operation], control: &'a Control) -> Reply<'a, Embedded>;

    /// An operation with all that its commit needs.
    fn prepare<'a>(&'a self, operation: Operation, embedded: &'a Embedded) -> Reply<'a, Ready>;

    /// Commits work about a scope. `memories` are those that it changes.
    fn commit<W: LearningWork>(&self, scope: &Scope, memories: Vec<MemoryId>, work: W) -> Reply<'_, W::Output>;
}
