//! What waits to be committed? Pieces of work, by scope.

use std::collections::{HashMap, VecDeque};

use openmemory_domain::MemoryId;
use openmemory_rules::{Changes, Error};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::prefetch::TextOf;
use crate::scope_key::ScopeKey;
use crate::workspace::Workspace;

/// The scope of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ScopeRow {
    pub key: ScopeKey,
    pub user: Option<String>,
}

/// What a job is known to read, so that it is read together with the lock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hints {
    pub ids: Vec<MemoryId>,
    pub numbers: Vec<(ScopeKey, u64)>,
    /// Texts that memories get.
    pub texts: Vec<TextOf>,
    /// New memories.
    pub new: usize,
    pub model: bool,
    /// Where the memories come from, which deletions ask for.
    pub sources: bool,
}

/// A piece of work inside a transaction.
pub(crate) trait Job: Send {
    fn hints(&self) -> &Hints;
    /// Runs the work under a savepoint, and keeps its result.
    fn run(&mut self, workspace: &mut Workspace<'_>);
    /// Answers with the result, or with what became of the transaction.
    fn finish(self: Box<Self>, committed: Result<(), Error>);
}

pub(crate) struct Work<T, W> {
    hints: Hints,
    work: W,
    result: Option<Result<T, Error>>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<T, W> Work<T, W> {
    pub(crate) fn new(hints: Hints, work: W, answer: oneshot::Sender<Result<T, Error>>) -> Self {
        Self { hints, work, result: None, answer }
    }
}

impl<T, W> Job for Work<T, W>
where
    T: Send,
    W: Fn(&mut Workspace<'_>) -> Result<T, Error> + Send,
{
    fn hints(&self) -> &Hints {
        &self.hints
    }

    fn run(&mut self, workspace: &mut Workspace<'_>) {
        self.result = Some(workspace.attempt(|workspace| (self.work)(workspace)));
    }

    fn finish(self: Box<Self>, committed: Result<(), Error>) {
        let Self { result, answer, .. } = *self;
        let result = committed.and_then(|()| result.unwrap_or(Err(Error::Internal("a job was not run"))));
        // The caller may have gone; what is committed stays.
        let _ = answer.send(result);
    }
}

/// The jobs that wait, by scope.
#[derive(Default)]
pub(crate) struct Writer {
    pub queues: Mutex<HashMap<ScopeKey, VecDeque<Box<dyn Job>>>>,
}
