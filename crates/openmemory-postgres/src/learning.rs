//! How does a database fulfil what learning needs of a store? Calls about one scope run one after another in each process;
//! what another server has learnt from the same call meanwhile is answered, and nothing is learnt twice.

use std::sync::Arc;

use openmemory_calls::embed::Embedded;
use openmemory_calls::learning::{
    LearningQueue, LearningStore, LearningWork, learning_page, message_page, source_texts,
};
use openmemory_calls::operations::Ready;
use openmemory_domain::learning::KeptMessage;
use openmemory_domain::request::{ListLearnings, ListMessages, Operation, Search, Sources};
use openmemory_domain::{Invalid, MemoryId, ModelIdentity, Scope, Timestamp};
use openmemory_rules::contract::{Control, DeletedMessages, Hit, LearningPage, MessagePage, Reply, SourceText};
use openmemory_rules::{Error, LearningChanges, LearningRows};

use crate::job::{Hints, ScopeRow};
use crate::learning_rows::UserMessages;
use crate::store::{PostgresStore, Tenant};
use crate::workspace::Workspace;

/// Messages per commit.
const CHUNK: usize = 256;

impl LearningStore for PostgresStore {
    fn now(&self) -> Timestamp {
        self.tenant.now()
    }

    fn queue(&self) -> &LearningQueue {
        &self.tenant.learning_queue
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&dyn LearningRows) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Reply<'_, T> {
        Box::pin(self.tenant.read(Vec::new(), move |rows| read(rows)))
    }

    fn search_silently(&self, search: Search) -> Reply<'_, Vec<Hit>> {
        Box::pin(async move {
            let vector = self.tenant.embed_query(&search).await?;
            Ok(self.tenant.ranked(search, vector, Arc::default()).await?.0)
        })
    }

    fn model_identity(&self) -> Reply<'_, ModelIdentity> {
        Box::pin(async move { self.tenant.model.identity().await.cloned() })
    }

    fn embed_texts<'a>(&'a self, operations: &'a [Operation], control: &'a Control) -> Reply<'a, Embedded> {
        Box::pin(self.tenant.embed_texts(operations, control))
    }

    fn prepare<'a>(&'a self, operation: Operation, embedded: &'a Embedded) -> Reply<'a, Ready> {
        Box::pin(async move { self.tenant.ready(operation, embedded, &mut Vec::new(), &mut Hints::default()).await })
    }

    fn commit<W: LearningWork>(&self, scope: &Scope, memories: Vec<MemoryId>, work: W) -> Reply<'_, W::Output> {
        let scope = self.tenant.scope_of(scope);
        Box::pin(async move {
            let (mut scopes, mut hints) = self.tenant.places(memories.iter()).await?;
            scopes.retain(|other| other.key != scope.key);
            scopes.push(scope);
            (hints.model, hints.sources) = (true, true);
            let work = move |rows: &mut Workspace<'_>| {
                let now = rows.now();
                work.run(rows, now).map(|(output, _)| output)
            };
            let done = self.tenant.commit(scopes, hints, work).await;
            memories.iter().for_each(|id| self.tenant.forget(id));
            done
        })
    }
}

impl Tenant {
    /// Newest first.
    pub(crate) async fn list_learnings(self: &Arc<Self>, request: ListLearnings) -> Result<LearningPage, Error> {
        self.read(Vec::new(), move |rows| {
            let ids = match &request.scope.user_id {
                Some(user) => rows.learnings_of(Some(user))?,
                None => rows.all_learnings()?,
            };
            learning_page(rows, ids, &request)
        })
        .await
    }

    pub(crate) async fn sources(self: &Arc<Self>, request: Sources) -> Result<Vec<SourceText>, Error> {
        self.read(Vec::new(), move |rows| source_texts(rows, &request)).await
    }

    pub(crate) async fn list_messages(self: &Arc<Self>, request: ListMessages) -> Result<MessagePage, Error> {
        self.read(Vec::new(), move |rows| message_page(rows, messages_in(rows, &request.scope)?, &request)).await
    }

    /// Deletes the messages of a scope, which has to name somebody.
    pub(crate) async fn delete_messages(self: &Arc<Self>, scope: Scope) -> Result<DeletedMessages, Error> {
        if scope == Scope::default() {
            return Err(Invalid::argument("user_id", "is missing: say whose messages are deleted").into());
        }
        let kept = self.read(Vec::new(), move |rows| {
            let mut kept = Vec::new();
            for (user, id) in messages_in(rows, &scope)? {
                kept.extend(rows.message(user.as_deref(), &id)?.filter(|kept| kept.scope.is_within(&scope)));
            }
            Ok(kept)
        });
        let kept = kept.await?;
        let deleted = kept.len();
        self.remove_messages(kept).await?;
        Ok(DeletedMessages { deleted })
    }

    pub(crate) async fn remove_messages(self: &Arc<Self>, messages: Vec<KeptMessage>) -> Result<(), Error> {
        for chunk in messages.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            let scopes: Vec<ScopeRow> = chunk.iter().map(|kept| self.scope_of(&kept.scope)).collect();
            let remove = move |rows: &mut Workspace<'_>| chunk.iter().try_for_each(|kept| rows.remove_message(kept));
            self.commit(scopes, Hints::default(), remove).await?;
        }
        Ok(())
    }
}

/// The messages of a user, or of all users.
fn messages_in(rows: &Workspace<'_>, scope: &Scope) -> Result<UserMessages, Error> {
    let Some(user) = &scope.user_id else { return rows.all_messages() };
    Ok(rows.messages_of(Some(user))?.into_iter().map(|id| (Some(user.clone()), id)).collect())
}
