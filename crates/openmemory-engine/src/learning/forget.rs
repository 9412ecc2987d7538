//! What goes when memories are deleted? Of one memory its words in learnings; of a user all learnings and messages.

use std::collections::{BTreeMap, BTreeSet};

use openmemory_domain::MemoryId;
use openmemory_domain::Timestamp;
use openmemory_domain::filter::{Field, Filter};
use openmemory_domain::learning::LearningId;
use openmemory_domain::request::Delete;
use openmemory_rules::contract::Deleted;
use openmemory_rules::write::{delete, forget};
use openmemory_rules::{Error, LearningChanges, LearningRows, Number};
use openmemory_storage::Transaction;

use crate::engine::Engine;

/// Records per commit.
const CHUNK: usize = 256;

/// The learnings of memories that are about to be deleted.
pub struct Mentions(BTreeMap<MemoryId, BTreeSet<LearningId>>);

impl Mentions {
    pub fn of(transaction: &Transaction<'_>, ids: &[MemoryId]) -> Result<Self, Error> {
        let mut mentions = BTreeMap::new();
        for id in ids {
            let learnings = forget::learnings_of(transaction, id)?;
            if !learnings.is_empty() {
                mentions.insert(id.clone(), learnings);
            }
        }
        Ok(Self(mentions))
    }

    /// Takes out the words of the memories that were deleted.
    pub fn forget<'a>(
        &self,
        transaction: &mut Transaction<'_>,
        deleted: impl Iterator<Item = &'a MemoryId>,
    ) -> Result<(), Error> {
        for id in deleted {
            if let Some(learnings) = self.0.get(id) {
                forget::forget(transaction, id, learnings)?;
            }
        }
        Ok(())
    }
}

/// Deletes a memory, and its words in learnings.
pub fn delete_and_forget(
    transaction: &mut Transaction<'_>,
    request: Delete,
    now: Timestamp,
) -> Result<(Number, Deleted), Error> {
    let id = request.id.clone();
    let mentions = Mentions::of(transaction, std::slice::from_ref(&id))?;
    let deleted = delete::delete(transaction, request, now)?;
    mentions.forget(transaction, std::iter::once(&id))?;
    Ok(deleted)
}

impl Engine {
    /// Deletes all learnings and messages of the users that a filter names and nothing else, or of all users.
    pub(crate) async fn forget_users(&self, filter: Option<&Filter>) -> Result<(), Error> {
        let (mut learnings, mut messages) = (Vec::new(), Vec::new());
        match filter {
            None => {
                self.forget_documents(None).await?;
                learnings = self.store.all_learnings()?;
                messages = self.store.all_messages()?;
            }
            Some(filter) if filter.constrains_only(&Field::UserId) => {
                let users = filter.required(&Field::UserId).unwrap_or_default();
                let named: Vec<Option<String>> = users.iter().map(|user| user.map(str::to_owned)).collect();
                self.forget_documents(Some(&named)).await?;
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
