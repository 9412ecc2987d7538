//! How does JavaScript watch the changes of a database? As those of a directory; they come from other servers too.

use std::sync::Arc;

use napi::Env;
use napi_derive::napi;
use openmemory_domain::request::Watch;
use openmemory_rules::Error;
use openmemory_rules::contract::{self, MemoryChange, MemoryStore};
use parking_lot::Mutex;

use crate::answer::answer;
use crate::database_handle::DatabaseHandle;
use crate::in_flight::Beginning;
use crate::promise::{Promised, promise};
use crate::watcher::{Wake, changes_of};

/// A watcher of a database.
#[napi]
pub struct DatabaseWatcher {
    handle: Arc<DatabaseHandle>,
    request: Result<Watch, Error>,
    wake: Wake,
    position: Arc<Mutex<Position>>,
}

/// Where a watcher of a database is. It holds no position during a call.
#[derive(Default)]
struct Position {
    watcher: Option<Box<dyn contract::Watcher>>,
    /// Cancels the call that reads changes.
    control: Arc<contract::Control>,
    /// How often the watch was ended: a call that began before has nothing to say.
    ends: usize,
}

impl DatabaseWatcher {
    pub fn new(handle: Arc<DatabaseHandle>, request: Result<Watch, Error>, wake: Wake) -> Self {
        Self { handle, request, wake, position: Arc::default() }
    }
}

#[napi]
impl DatabaseWatcher {
    /// As [`Watcher::take`].
    #[napi(ts_return_type = "Promise<string>")]
    pub fn take<'env>(&self, env: &'env Env) -> Promised<'env> {
        let is_first = self.position.lock().watcher.is_none();
        let started = self.handle.begin_watch(is_first);
        let (handle, position) = (Arc::clone(&self.handle), Arc::clone(&self.position));
        let (request, wake) = (self.request.clone(), Arc::clone(&self.wake));
        promise(env, async move {
            let taken = async {
                let (running, beginning) = started?;
                running.unless_given_up(next(&handle, (request?, beginning), wake, &position)).await
            };
            answer(taken.await.map(changes_of))
        })
    }

    /// Ends the watch and releases its position.
    #[napi]
    pub fn end(&self) {
        let mut position = self.position.lock();
        position.ends += 1;
        position.watcher = None;
        std::mem::take(&mut position.control).cancel();
    }
}

async fn next(
    handle: &DatabaseHandle,
    (request, beginning): (Watch, Option<Beginning>),
    wake: Wake,
    position: &Mutex<Position>,
) -> Result<Option<Vec<MemoryChange>>, Error> {
    let (watcher, control, ends) = {
        let mut position = position.lock();
        (position.watcher.take(), Arc::clone(&position.control), position.ends)
    };
    let mut watcher = match watcher {
        Some(watcher) => watcher,
        None => handle.store().await?.watch(request)?,
    };
    drop(beginning);
    let changes = match watcher.next(control, wake).await {
        // The watch was ended meanwhile.
        Err(Error::Aborted) => Ok(None),
        changes => changes,
    };
    let mut position = position.lock();
    if position.ends != ends {
        return Ok(None);
    }
    position.watcher = Some(watcher);
    changes
}
