//! Which row is it, and where is a memory?

use std::rc::Rc;

use openmemory_domain::learning::{LearningId, MessageId};
use openmemory_domain::{ContentHash, MemoryId};
use openmemory_rules::Tombstone;
use serde::{Deserialize, Serialize};

use crate::scope_key::ScopeKey;

/// A row of one table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Id(MemoryId),
    Head(u64),
    Earlier(u64, u64),
    Text(u64, ContentHash),
    Entry(u64),
    Replaced(u64, ContentHash),
    Dynamics(u64),
    Waypoints(u64),
    Meta(&'static str),
    Sources(u64),
    Learning(LearningId),
    Message(ScopeKey, MessageId),
    Document(String),
}

pub(crate) const MODEL: &str = "model";
pub(super) const REINDEX: &str = "reindex";

/// Where a memory is, or that it was deleted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Place {
    pub scope: Option<ScopeKey>,
    pub number: Option<u64>,
    pub tombstone: Option<Tombstone>,
}

/// `None`: there is no such row.
pub(crate) type Bytes = Option<Rc<[u8]>>;

/// A scope that a commit needs and has not locked.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    pub scope: ScopeKey,
    /// Its user, if a new memory says so.
    pub user: Option<Option<String>>,
}
