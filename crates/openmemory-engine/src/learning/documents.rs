//! What does a server keep with a store? JSON by name, with the promises of any other write.

use openmemory_rules::{Error, LearningChanges, LearningRows};
use openmemory_storage::Transaction;
use serde_json::Value;

use crate::engine::Engine;

impl Engine {
    pub fn document(&self, name: &str) -> Result<Option<Value>, Error> {
        self.store.document(name)
    }

    pub fn document_names(&self, prefix: &str) -> Result<Vec<String>, Error> {
        self.store.document_names(prefix)
    }

    /// Keeps all and removes those without a value, in one commit.
    pub async fn put_documents(&self, documents: Vec<(String, Option<Value>)>) -> Result<(), Error> {
        let work = move |transaction: &mut Transaction<'_>| -> Result<(), Error> {
            documents.iter().try_for_each(|(name, document)| match document {
                Some(document) => transaction.put_document(name, document),
                None => transaction.remove_document(name),
            })
        };
        self.store.commit(work, |()| {}).await?
    }

    /// Removes what is kept for users: of all if none are named. Whether there was anything.
    pub(super) async fn forget_documents(&self, users: Option<&[Option<String>]>) -> Result<bool, Error> {
        let mut gone = Vec::new();
        for name in self.store.document_names("")? {
            let Some(document) = self.store.document(&name)? else { continue };
            let Some(user) = document.get("user_id").map(|user| user.as_str().map(str::to_owned)) else { continue };
            if users.is_none_or(|users| users.contains(&user)) {
                gone.push((name, None));
            }
        }
        if gone.is_empty() {
            return Ok(false);
        }
        self.put_documents(gone).await?;
        Ok(true)
    }
}
