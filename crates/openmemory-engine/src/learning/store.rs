//! How does a directory fulfil what learning needs of a store?

use std::sync::Arc;

use openmemory_calls::embed::Embedded;
use openmemory_calls::learning::{self, LearningQueue, LearningStore, LearningWork};
use openmemory_calls::operations::{Applied, Ready};
use openmemory_domain::learning::{KeptLearning, Learning, LearningId};
use openmemory_domain::request::{Decide, Learn, LearningById, Operation, Search};
use openmemory_domain::{MemoryId, ModelIdentity, Scope, Timestamp};
use openmemory_learning::LanguageModel;
use openmemory_rules::contract::{Control, Hit, Reply};
use openmemory_rules::{Error, LearningRows};
use openmemory_storage::Transaction;

use crate::engine::Engine;
use crate::operations::publish;

impl LearningStore for Engine {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn queue(&self) -> &LearningQueue {
        &self.learning_queue
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&dyn LearningRows) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Reply<'_, T> {
        Box::pin(std::future::ready(read(&*self.store)))
    }

    fn search_silently(&self, search: Search) -> Reply<'_, Vec<Hit>> {
        Box::pin(async move {
            let vector = self.embed_query(&search).await?;
            Self::search_silently(self, &search, &vector, &Control::default())
        })
    }

    fn model_identity(&self) -> Reply<'_, ModelIdentity> {
        Box::pin(async move { self.model.identity().await.cloned() })
    }

    fn embed_texts<'a>(&'a self, operations: &'a [Operation], control: &'a Control) -> Reply<'a, Embedded> {
        Box::pin(Self::embed_texts(self, operations, control))
    }

    fn prepare<'a>(&'a self, operation: Operation, embedded: &'a Embedded) -> Reply<'a, Ready> {
        Box::pin(self.prepare_operation(operation, embedded))
    }

    fn commit<W: LearningWork>(&self, _scope: &Scope, _memories: Vec<MemoryId>, work: W) -> Reply<'_, W::Output> {
        let (now, listeners) = (Self::now(self), self.listeners());
        let work = move |transaction: &mut Transaction<'_>| work.run(transaction, now);
        let publish = move |(_, applied): &(W::Output, Vec<Applied>)| {
            applied.iter().for_each(|applied| publish(applied, &listeners));
        };
        Box::pin(async move { Ok(self.store.commit(work, publish).await??.0) })
    }
}

impl Engine {
    /// Learns from messages. Without a model nothing is kept and nothing is sent.
    pub async fn learn(
        &self,
        request: Learn,
        model: Option<Arc<dyn LanguageModel>>,
        control: &Control,
    ) -> Result<Learning, Error> {
        learning::learn(self, request, model, control).await
    }

    pub async fn decide(&self, request: Decide) -> Result<Learning, Error> {
        learning::decide(self, request).await
    }

    pub async fn undo_learning(&self, request: LearningById) -> Result<Learning, Error> {
        learning::undo_learning(self, request).await
    }

    pub(super) fn kept_learning(&self, id: &LearningId) -> Result<KeptLearning, Error> {
        self.store.learning(id)?.ok_or_else(|| Error::NoLearning { id: id.clone() })
    }
}
