//! Which rows are there of what was learnt? They are kept as JSON.

use openmemory_domain::learning::{KeptLearning, KeptMessage, KeptSource, LearningId, MessageId, Status};
use openmemory_rules::{Error, LearningChanges, LearningRows, Number};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::damaged;
use crate::rows;
use crate::scope_key;
use crate::session::{Param, Request};
use crate::workspace::{Key, Workspace};

/// Messages with their users.
pub(crate) type UserMessages = Vec<(Option<String>, MessageId)>;

pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|_| damaged(what))
}

fn json<T: Serialize>(record: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(record).map_err(|_| Error::Internal("a record cannot be written as JSON"))
}

fn learning_id(text: &str) -> Result<LearningId, Error> {
    LearningId::read("id", text).map_err(|_| damaged("the id of a learning"))
}

fn message_id(text: &str) -> Result<MessageId, Error> {
    MessageId::read("id", text).map_err(|_| damaged("the id of a message"))
}

impl LearningRows for Workspace<'_> {
    fn learning(&self, id: &LearningId) -> Result<Option<KeptLearning>, Error> {
        let row = self.row(&Key::Learning(id.clone()))?;
        row.map(|row| read_json(&row, "a learning")).transpose()
    }

    fn learning_of_key(&self, key: &str) -> Result<Option<LearningId>, Error> {
        let rows = self.session().query(rows::LEARNING_OF_KEY, &[&self.tenant(), &key])?;
        rows.first().map(|row| learning_id(row.get(0))).transpose()
    }

    fn learnings_of(&self, user: Option<&str>) -> Result<Vec<LearningId>, Error> {
        let rows = self.session().query(rows::LEARNINGS_OF, &[&self.tenant(), &user.map(str::as_bytes)])?;
        rows.iter().map(|row| learning_id(row.get(0))).collect()
    }

    fn message(&self, user: Option<&str>, id: &MessageId) -> Result<Option<KeptMessage>, Error> {
        let row = self.row(&Key::Message(scope_key::of_user(self.tenant(), user), id.clone()))?;
        row.map(|row| read_json(&row, "a message")).transpose()
    }

    fn messages_of(&self, user: Option<&str>) -> Result<Vec<MessageId>, Error> {
        let rows = self.session().query(rows::MESSAGES_OF, &[&scope_key::of_user(self.tenant(), user)])?;
        rows.iter().map(|row| message_id(row.get(0))).collect()
    }

    fn sources(&self, number: Number) -> Result<Vec<KeptSource>, Error> {
        let row = self.row(&Key::Sources(number.0))?;
        row.map_or_else(|| Ok(Vec::new()), |row| read_json(&row, "the sources of a memory"))
    }

    fn document(&self, name: &str) -> Result<Option<Value>, Error> {
        let row = self.row(&Key::Document(name.to_owned()))?;
        row.map(|row| read_json(&row, "a document")).transpose()
    }

    fn document_names(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let rows = self.session().query(rows::DOCUMENT_NAMES, &[&self.tenant(), &prefix.as_bytes()])?;
        let names = rows.iter().map(|row| rows::text(row.get(0)));
        names.take_while(|name| name.as_ref().map_or(true, |name| name.starts_with(prefix))).collect()
    }
}

impl Workspace<'_> {
    /// All learnings, oldest first.
    pub(crate) fn all_learnings(&self) -> Result<Vec<LearningId>, Error> {
        let rows = self.session().query(rows::LEARNINGS, &[&self.tenant()])?;
        rows.iter().map(|row| learning_id(row.get(0))).collect()
    }

    /// All messages, user by user in the order in which they were said.
    pub(crate) fn all_messages(&self) -> Result<UserMessages, Error> {
        let rows = self.session().query(rows::MESSAGES, &[&self.tenant()])?;
        let message = |row: &tokio_postgres::Row| {
            let user: Option<Vec<u8>> = row.get(0);
            Ok((user.map(rows::text).transpose()?, message_id(row.get(1))?))
        };
        rows.iter().map(message).collect()
    }

    /// The statement that writes a row of what was learnt.
    pub(crate) fn write_learnt(&self, key: &Key, value: Option<&[u8]>) -> Result<Option<Request>, Error> {
        let tenant = || -> Param { Box::new(self.tenant().to_owned()) };
        Ok(Some(match (key, value) {
            (Key::Learning(id), None) => {
                Request::new(rows::REMOVE_LEARNING, vec![tenant(), Box::new(id.as_str().to_owned())])
            }
            (Key::Learning(id), Some(record)) => {
                let KeptLearning { learning, key, .. } = read_json(record, "a learning")?;
                let user = learning.scope.user_id.map(String::into_bytes);
                let id = id.as_str().to_owned();
                let failed = learning.status == Status::Failed;
                let params: Vec<Param> = vec![
                    tenant(),
                    Box::new(id),
                    Box::new(user),
                    Box::new(key),
                    Box::new(failed),
                    Box::new(record.to_vec()),
                ];
                Request::new(rows::PUT_LEARNING, params)
            }
            (Key::Message(scope, id), None) => {
                Request::new(rows::REMOVE_MESSAGE, vec![Box::new(*scope), Box::new(id.as_str().to_owned())])
            }
            (Key::Message(scope, id), Some(record)) => {
                let kept: KeptMessage = read_json(record, "a message")?;
                let user = kept.scope.user_id.map(String::into_bytes);
                let params: Vec<Param> = vec![
                    Box::new(*scope),
                    Box::new(id.as_str().to_owned()),
                    tenant(),
                    Box::new(user),
                    Box::new(kept.message.at.millis()),
                    Box::new(record.to_vec()),
                ];
                Request::new(rows::PUT_MESSAGE, params)
            }
            (Key::Document(name), None) => {
                Request::new(rows::REMOVE_DOCUMENT, vec![tenant(), Box::new(name.as_bytes().to_vec())])
            }
            (Key::Document(name), Some(record)) => {
                let params: Vec<Param> = vec![tenant(), Box::new(name.as_bytes().to_vec()), Box::new(record.to_vec())];
                Request::new(rows::PUT_DOCUMENT, params)
            }
            _ => return Ok(None),
        }))
    }
}

impl LearningChanges for Workspace<'_> {
    fn put_learning(&mut self, learning: &KeptLearning) -> Result<(), Error> {
        let record = json(learning)?;
        self.put(Key::Learning(learning.learning.id.clone()), Some(record.into()));
        Ok(())
    }

    fn remove_learning(&mut self, learning: &KeptLearning) -> Result<(), Error> {
        self.put(Key::Learning(learning.learning.id.clone()), None);
        Ok(())
    }

    fn put_message(&mut self, message: &KeptMessage) -> Result<(), Error> {
        let scope = self.locked_scope_of(&message.scope)?;
        let record = json(message)?;
        self.put(Key::Message(scope, message.message_id.clone()), Some(record.into()));
        Ok(())
    }

    fn remove_message(&mut self, message: &KeptMessage) -> Result<(), Error> {
        let scope = self.locked_scope_of(&message.scope)?;
        self.put(Key::Message(scope, message.message_id.clone()), None);
        Ok(())
    }

    fn put_source(&mut self, number: Number, source: &KeptSource) -> Result<(), Error> {
        let mut sources = self.sources(number)?;
        let place = |source: &KeptSource| (source.version, source.learning.clone(), source.message.clone());
        match sources.binary_search_by_key(&place(source), place) {
            Ok(at) => sources[at] = source.clone(),
            Err(at) => sources.insert(at, source.clone()),
        }
        self.put(Key::Sources(number.0), Some(json(&sources)?.into()));
        Ok(())
    }

    fn put_document(&mut self, name: &str, document: &Value) -> Result<(), Error> {
        self.put(Key::Document(name.to_owned()), Some(json(document)?.into()));
        Ok(())
    }

    fn remove_document(&mut self, name: &str) -> Result<(), Error> {
        self.put(Key::Document(name.to_owned()), None);
        Ok(())
    }
}
