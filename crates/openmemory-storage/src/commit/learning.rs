//! Which rows change together when something is learnt? A learning and what finds it, a message and its place in time.

use openmemory_domain::learning::{KeptLearning, KeptMessage, KeptSource};
use openmemory_rules::{Error, LearningChanges, Number};

use crate::commit::transaction::Transaction;
use crate::error::StorageError;
use crate::rows::keys;
use crate::rows::records::{self, Records};

impl LearningChanges for Transaction<'_> {
    fn put_learning(&mut self, kept: &KeptLearning) -> Result<(), Error> {
        let KeptLearning { learning, key, .. } = kept;
        self.put_json(&keys::learning(&learning.id), kept)?;
        self.mark(keys::learning_of_user(learning.scope.user_id.as_deref(), &learning.id));
        Ok(self.put_json(&keys::learning_key(key), &learning.id)?)
    }

    fn remove_learning(&mut self, kept: &KeptLearning) -> Result<(), Error> {
        let KeptLearning { learning, key, .. } = kept;
        self.remove(&keys::learning(&learning.id))?;
        self.unmark(keys::learning_of_user(learning.scope.user_id.as_deref(), &learning.id));
        // A failed call that was repeated has given its key to a later learning.
        if Records::learning_of_key(self, key)?.as_ref() == Some(&learning.id) {
            self.remove(&keys::learning_key(key))?;
        }
        Ok(())
    }

    fn put_message(&mut self, kept: &KeptMessage) -> Result<(), Error> {
        let (user, id) = (kept.scope.user_id.as_deref(), &kept.message_id);
        if let Some(before) = Records::message(self, user, id)?
            && before.message.at != kept.message.at
        {
            self.unmark(keys::message_time(user, before.message.at, id));
        }
        self.put_json(&keys::message(user, id), kept)?;
        self.mark(keys::message_time(user, kept.message.at, id));
        Ok(())
    }

    fn remove_message(&mut self, kept: &KeptMessage) -> Result<(), Error> {
        let (user, id) = (kept.scope.user_id.as_deref(), &kept.message_id);
        self.remove(&keys::message(user, id))?;
        self.unmark(keys::message_time(user, kept.message.at, id));
        Ok(())
    }

    fn put_source(&mut self, number: Number, source: &KeptSource) -> Result<(), Error> {
        Ok(self.put_json(&keys::source(number, source), source)?)
    }

    fn put_document(&mut self, name: &str, document: &serde_json::Value) -> Result<(), Error> {
        Ok(self.put_json(&keys::document(name), document)?)
    }

    fn remove_document(&mut self, name: &str) -> Result<(), Error> {
        Ok(self.remove(&keys::document(name))?)
    }
}

impl Transaction<'_> {
    fn put_json<T: serde::Serialize>(&mut self, key: &[u8], record: &T) -> Result<(), StorageError> {
        self.put_payload(key, &records::encode_json(record)?)
    }
}
