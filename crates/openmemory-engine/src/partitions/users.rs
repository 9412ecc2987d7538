//! Which users have memories? Read once, when a search over all of them needs it, and then kept up to date by commits.

use std::collections::BTreeSet;
use std::sync::Arc;

use openmemory_rules::Error;
use openmemory_storage::Store;
use parking_lot::Mutex;

use super::user::User;

#[derive(Default)]
pub(super) struct Users(Mutex<Known>);

#[derive(Default)]
enum Known {
    #[default]
    Nothing,
    /// While the store is read: the users of commits since.
    Since(BTreeSet<User>),
    All(Arc<BTreeSet<User>>),
}

impl Users {
    /// All users with memories, and perhaps some without any longer.
    pub(super) fn all(&self, store: &Store) -> Result<Arc<BTreeSet<User>>, Error> {
        {
            let mut known = self.0.lock();
            match &*known {
                Known::All(users) => return Ok(Arc::clone(users)),
                Known::Since(_) => {}
                Known::Nothing => *known = Known::Since(BTreeSet::new()),
            }
        }
        let read: Result<BTreeSet<User>, _> = store.users().map(|user| user.map(|user| user.map(Into::into))).collect();
        let mut known = self.0.lock();
        let mut users = read.inspect_err(|_| *known = Known::Nothing)?;
        match &mut *known {
            // Another thread has read them at the same time.
            Known::All(users) => return Ok(Arc::clone(users)),
            Known::Since(since) => users.append(since),
            Known::Nothing => return Ok(Arc::new(users)),
        }
        let users = Arc::new(users);
        *known = Known::All(Arc::clone(&users));
        Ok(users)
    }

    /// A commit has stored a memory of this user.
    pub(super) fn add(&self, user: Option<&str>) {
        match &mut *self.0.lock() {
            Known::Nothing => {}
            Known::Since(users) => {
                users.insert(user.map(Box::from));
            }
            Known::All(users) => {
                let user: User = user.map(Box::from);
                if !users.contains(&user) {
                    Arc::make_mut(users).insert(user);
                }
            }
        }
    }
}
