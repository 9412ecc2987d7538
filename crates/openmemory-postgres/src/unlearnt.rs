//! What do the rules find of learnings? Nothing is learnt in this store, so no memory comes from one.

use openmemory_domain::learning::{KeptLearning, KeptMessage, KeptSource, LearningId, MessageId};
use openmemory_rules::{Error, LearningChanges, LearningRows, Number};
use serde_json::Value;

use crate::workspace::Workspace;

impl LearningRows for Workspace<'_> {
    fn learning(&self, _id: &LearningId) -> Result<Option<KeptLearning>, Error> {
        Ok(None)
    }

    fn learning_of_key(&self, _key: &str) -> Result<Option<LearningId>, Error> {
        Ok(None)
    }

    fn learnings_of(&self, _user: Option<&str>) -> Result<Vec<LearningId>, Error> {
        Ok(Vec::new())
    }

    fn message(&self, _user: Option<&str>, _id: &MessageId) -> Result<Option<KeptMessage>, Error> {
        Ok(None)
    }

    fn messages_of(&self, _user: Option<&str>) -> Result<Vec<MessageId>, Error> {
        Ok(Vec::new())
    }

    fn sources(&self, _number: Number) -> Result<Vec<KeptSource>, Error> {
        Ok(Vec::new())
    }

    fn document(&self, _name: &str) -> Result<Option<Value>, Error> {
        Ok(None)
    }

    fn document_names(&self, _prefix: &str) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }
}

impl LearningChanges for Workspace<'_> {
    fn put_learning(&mut self, _learning: &KeptLearning) -> Result<(), Error> {
        Err(unlearnt())
    }

    fn remove_learning(&mut self, _learning: &KeptLearning) -> Result<(), Error> {
        Err(unlearnt())
    }

    fn put_message(&mut self, _message: &KeptMessage) -> Result<(), Error> {
        Err(unlearnt())
    }

    fn remove_message(&mut self, _message: &KeptMessage) -> Result<(), Error> {
        Err(unlearnt())
    }

    fn put_source(&mut self, _number: Number, _source: &KeptSource) -> Result<(), Error> {
        Err(unlearnt())
    }

    fn put_document(&mut self, _name: &str, _document: &Value) -> Result<(), Error> {
        Err(unlearnt())
    }

    fn remove_document(&mut self, _name: &str) -> Result<(), Error> {
        Err(unlearnt())
    }
}

fn unlearnt() -> Error {
    Error::Unsupported { call: "learning", instead: "learn into a store in a directory" }
}
