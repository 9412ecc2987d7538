//! How does a search see the partitions of its scope? One after another, each loaded when its turn comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use openmemory_index::{Partition, WrongDimensions};
use openmemory_rules::{Error, Number};
use openmemory_storage::Store;

use super::by_user::Partitions;
use super::user::User;

/// Users whose memories are loaded together, one after another, before a search over all of them.
pub(crate) const FEW_USERS: usize = 16;

/// The partitions of some users. Those that fit are kept in memory.
pub(crate) struct Scoped<'a> {
    partitions: &'a Partitions,
    store: &'a Store,
    users: Arc<BTreeSet<User>>,
}

impl<'a> Scoped<'a> {
    /// Those of `users`, or all.
    pub(crate) fn of(
        partitions: &'a Partitions,
        store: &'a Store,
        users: Option<&[Option<&str>]>,
    ) -> Result<Self, Error> {
        let users = match users {
            Some(users) => Arc::new(users.iter().map(|user| user.map(Box::from)).collect()),
            None => partitions.all_users(store)?,
        };
        Ok(Self::new(partitions, store, users))
    }

    pub(crate) fn new(partitions: &'a Partitions, store: &'a Store, users: Arc<BTreeSet<User>>) -> Self {
        Self { partitions, store, users }
    }

    pub(crate) fn users(&self) -> Arc<BTreeSet<User>> {
        Arc::clone(&self.users)
    }

    /// The memories of a user; blocks.
    pub(crate) fn numbers(&self, user: &User) -> Result<BTreeSet<Number>, Error> {
        let resident = self.partitions.get_or_load(self.store, user)?;
        Ok(resident.map(|resident| resident.partition().numbers().map(Number).collect()).unwrap_or_default())
    }

    /// The number of vectors that a search compares, if all of them are in memory.
    pub(crate) fn vectors_in_memory(&self) -> Option<usize> {
        self.partitions.vectors_in_memory(&self.users)
    }
}

/// An error of storage, or a query of another model's dimensions.
pub(crate) struct ScopedError(pub(crate) Error);

impl From<WrongDimensions> for ScopedError {
    fn from(_: WrongDimensions) -> Self {
        Self(Error::Internal("a query of another model's dimensions"))
    }
}

impl openmemory_index::Partitions for Scoped<'_> {
    type Error = ScopedError;

    fn each(&self, visit: &mut dyn FnMut(&Partition)) -> Result<(), ScopedError> {
        for user in &*self.users {
            let resident = self.partitions.get_or_load(self.store, user).map_err(ScopedError)?;
            if let Some(resident) = resident {
                visit(&resident.partition());
            }
        }
        Ok(())
    }
}
