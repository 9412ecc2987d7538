//! What has a store learnt, from which words, and what was said?

use openmemory_calls::learning::{learning_page, message_page, source_texts};
use openmemory_domain::learning::{KeptMessage, Learning, LearningId, MessageId};
use openmemory_domain::request::{ListLearnings, ListMessages, Sources};
use openmemory_domain::{Invalid, Scope};
use openmemory_rules::contract::{DeletedMessages, LearningPage, MessagePage, SourceText};
use openmemory_rules::{Error, LearningChanges, LearningRows};
use openmemory_storage::Transaction;

use crate::engine::Engine;

/// Messages per commit.
const CHUNK: usize = 256;

impl Engine {
    pub fn learning(&self, id: &LearningId) -> Result<Learning, Error> {
        Ok(self.kept_learning(id)?.learning)
    }

    /// Newest first.
    pub fn list_learnings(&self, request: &ListLearnings) -> Result<LearningPage, Error> {
        let ids = match &request.scope.user_id {
            Some(user) => self.store.learnings_of(Some(user))?,
            None => self.store.all_learnings()?,
        };
        learning_page(&*self.store, ids, request)
    }

    /// The sources of a memory, newest version first.
    pub fn sources(&self, request: &Sources) -> Result<Vec<SourceText>, Error> {
        source_texts(&*self.store, request)
    }

    /// In the order in which they were said.
    pub fn list_messages(&self, request: &ListMessages) -> Result<MessagePage, Error> {
        message_page(&*self.store, self.message_ids(&request.scope)?, request)
    }

    /// Deletes the messages of a scope, which has to name somebody.
    pub async fn delete_messages(&self, scope: Scope) -> Result<DeletedMessages, Error> {
        if scope == Scope::default() {
            return Err(Invalid::argument("user_id", "is missing: say whose messages are deleted").into());
        }
        let mut deleted = 0;
        let mut messages: Vec<KeptMessage> = Vec::new();
        for (user, id) in self.message_ids(&scope)? {
            messages.extend(self.store.message(user.as_deref(), &id)?.filter(|kept| kept.scope.is_within(&scope)));
        }
        for chunk in messages.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            deleted += chunk.len();
            let work = move |transaction: &mut Transaction<'_>| -> Result<(), Error> {
                chunk.iter().try_for_each(|message| transaction.remove_message(message))
            };
            self.store.commit(work, |()| {}).await??;
        }
        Ok(DeletedMessages { deleted })
    }

    fn message_ids(&self, scope: &Scope) -> Result<Vec<(Option<String>, MessageId)>, Error> {
        let Some(user) = &scope.user_id else { return Ok(self.store.all_messages()?) };
        Ok(self.store.messages_of(Some(user))?.into_iter().map(|id| (Some(user.clone()), id)).collect())
    }
}
