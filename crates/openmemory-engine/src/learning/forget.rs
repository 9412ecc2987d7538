//! What goes when memories are deleted? Of one memory its words in learnings; of a user all learnings and messages.

use openmemory_domain::filter::{Field, Filter};
use openmemory_rules::{Error, LearningChanges, LearningRows};
use openmemory_storage::Transaction;

use crate::engine::Engine;

/// Records per commit.
const CHUNK: usize = 256;

impl Engine {
    /// Removes what is kept for the users that a filter names and nothing else, or for all. Whether there was anything.
    pub(crate) async fn forget_documents_of(&self, filter: Option<&Filter>) -> Result<bool, Error> {
        match filter {
            None => self.forget_documents(None).await,
            Some(filter) if filter.constrains_only(&Field::UserId) => {
                let users = filter.required(&Field::UserId).unwrap_or_default();
                let named: Vec<Option<String>> = users.iter().map(|user| user.map(str::to_owned)).collect();
                self.forget_documents(Some(&named)).await
            }
            Some(_) => Ok(false),
        }
    }

    /// Deletes all learnings and messages of the users that a filter names and nothing else, or of all users.
    pub(crate) async fn forget_users(&self, filter: Option<&Filter>) -> Result<(), Error> {
        let (mut learnings, mut messages) = (Vec::new(), Vec::new());
        match filter {
            None => {
                learnings = self.store.all_learnings()?;
                messages = self.store.all_messages()?;
            }
            Some(filter) if filter.constrains_only(&Field::UserId) => {
                let users = filter.required(&Field::UserId).unwrap_or_default();
                for user in users {
                    learnings.extend(self.store.learnings_of(user)?);
                    let of_user = self.store.messages_of(user)?;
                    messages.extend(of_user.into_iter().map(|id| (user.map(str::to_owned), id)));
                }
            }
            Some(_) => return Ok(()),
        }
        for chunk in learnings.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            let work = move |transaction: &mut Transaction<'_>| -> Result<(), Error> {
                for id in &chunk {
                    if let Some(kept) = LearningRows::learning(transaction, id)? {
                        transaction.remove_learning(&kept)?;
                    }
                }
                Ok(())
            };
            self.store.commit(work, |()| {}).await??;
        }
        for chunk in messages.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            let work = move |transaction: &mut Transaction<'_>| -> Result<(), Error> {
                for (user, id) in &chunk {
                    if let Some(kept) = LearningRows::message(transaction, user.as_deref(), id)? {
                        transaction.remove_message(&kept)?;
                    }
                }
                Ok(())
            };
            self.store.commit(work, |()| {}).await??;
        }
        Ok(())
    }
}
