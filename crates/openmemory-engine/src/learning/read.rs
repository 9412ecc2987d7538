//! What has a store learnt, from which words, and what was said?

use openmemory_domain::learning::{KeptMessage, Learning, LearningId, MessageId};
use openmemory_domain::request::{ListLearnings, ListMessages, Sources};
use openmemory_domain::{Invalid, Scope};
use openmemory_rules::contract::{DeletedMessages, LearningPage, MessagePage, SourceText};
use openmemory_rules::{Error, LearningChanges, LearningRows, Rows};
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
        let mut ids = match &request.scope.user_id {
            Some(user) => self.store.learnings_of(Some(user))?,
            None => self.store.all_learnings()?,
        };
        ids.sort();
        let mut page = LearningPage::default();
        for id in ids.into_iter().rev().filter(|id| request.cursor.as_ref().is_none_or(|cursor| id < cursor)) {
            let Some(kept) = self.store.learning(&id)? else { continue };
            let learning = kept.learning;
            if !is_within(&learning.scope, &request.scope)
                || request.status.is_some_and(|status| learning.status != status)
            {
                continue;
            }
            if page.learnings.len() == request.limit {
                page.next_cursor = page.learnings.last().map(|last| last.id.to_string());
                break;
            }
            page.learnings.push(learning);
        }
        Ok(page)
    }

    /// The sources of a memory, newest version first.
    pub fn sources(&self, request: &Sources) -> Result<Vec<SourceText>, Error> {
        let number = self.store.number(&request.id)?.ok_or_else(|| self.not_found(&request.id))?;
        let head = self.store.head(number)?.ok_or_else(|| self.not_found(&request.id))?;
        let user = head.scope.user_id.as_deref();
        let wanted = |version| request.version.is_none_or(|wanted| wanted == version);
        let mut sources = Vec::new();
        for source in self.store.sources(number)?.into_iter().rev().filter(|source| wanted(source.version)) {
            let text = self.store.message(user, &source.message)?;
            sources.push(SourceText { source, text });
        }
        Ok(sources)
    }

    /// In the order in which they were said.
    pub fn list_messages(&self, request: &ListMessages) -> Result<MessagePage, Error> {
        let cursor = request.cursor.as_deref().map(|text| MessageId::read("cursor", text)).transpose()?;
        let mut after = cursor.is_none();
        let mut page = MessagePage::default();
        for (user, id) in self.message_ids(&request.scope)? {
            if !after {
                after = Some(&id) == cursor.as_ref();
                continue;
            }
            let Some(kept) = self.store.message(user.as_deref(), &id)? else { continue };
            if !is_within(&kept.scope, &request.scope) {
                continue;
            }
            if page.messages.len() == request.limit {
                page.next_cursor = page.messages.last().map(|last| last.message_id.to_string());
                break;
            }
            page.messages.push(kept);
        }
        if after { Ok(page) } else { Err(Invalid::argument("cursor", "must be the next_cursor of a page").into()) }
    }

    /// Deletes the messages of a scope, which has to name somebody.
    pub async fn delete_messages(&self, scope: Scope) -> Result<DeletedMessages, Error> {
        if scope == Scope::default() {
            return Err(Invalid::argument("user_id", "is missing: say whose messages are deleted").into());
        }
        let mut deleted = 0;
        let mut messages: Vec<KeptMessage> = Vec::new();
        for (user, id) in self.message_ids(&scope)? {
            messages.extend(self.store.message(user.as_deref(), &id)?.filter(|kept| is_within(&kept.scope, &scope)));
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

/// Whether a scope has all that another one names.
pub(super) fn is_within(scope: &Scope, named: &Scope) -> bool {
    scope.fields().iter().zip(named.fields()).all(|((_, value), (_, wanted))| wanted.is_none() || *value == wanted)
}
