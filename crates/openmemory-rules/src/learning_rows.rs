//! Which rows does a store keep of what it has learnt? Learnings, messages, and the sources of memories.

use openmemory_domain::learning::{KeptLearning, KeptMessage, KeptSource, LearningId, MessageId};

use serde_json::Value;

use crate::changes::Changes;
use crate::error::Error;
use crate::number::Number;
use crate::rows::Rows;

/// Reads inside or outside a commit.
pub trait LearningRows: Rows {
    fn learning(&self, id: &LearningId) -> Result<Option<KeptLearning>, Error>;

    /// The learning of a call with this key.
    fn learning_of_key(&self, key: &str) -> Result<Option<LearningId>, Error>;

    /// The learnings of a user, oldest first. `None` means those without a user.
    fn learnings_of(&self, user: Option<&str>) -> Result<Vec<LearningId>, Error>;

    /// A message of a user.
    fn message(&self, user: Option<&str>, id: &MessageId) -> Result<Option<KeptMessage>, Error>;

    /// The messages of a user in the order in which they were said.
    fn messages_of(&self, user: Option<&str>) -> Result<Vec<MessageId>, Error>;

    /// Where the versions of a memory come from, oldest version first.
    fn sources(&self, number: Number) -> Result<Vec<KeptSource>, Error>;

    /// JSON that a server keeps with the store: its settings, and calls that it has answered but not finished.
    fn document(&self, name: &str) -> Result<Option<Value>, Error>;

    /// The names of documents that begin so, sorted.
    fn document_names(&self, prefix: &str) -> Result<Vec<String>, Error>;
}

/// Writes of one commit.
pub trait LearningChanges: Changes + LearningRows {
    /// Keeps a learning, in place of the one with the same id.
    fn put_learning(&mut self, learning: &KeptLearning) -> Result<(), Error>;

    fn remove_learning(&mut self, learning: &KeptLearning) -> Result<(), Error>;

    /// Keeps a message, in place of the one with the same id.
    fn put_message(&mut self, message: &KeptMessage) -> Result<(), Error>;

    fn remove_message(&mut self, message: &KeptMessage) -> Result<(), Error>;

    /// Keeps a source. It goes with its memory.
    fn put_source(&mut self, number: Number, source: &KeptSource) -> Result<(), Error>;

    /// Keeps a document, in place of the one with the same name.
    fn put_document(&mut self, name: &str, document: &Value) -> Result<(), Error>;

    fn remove_document(&mut self, name: &str) -> Result<(), Error>;
}
