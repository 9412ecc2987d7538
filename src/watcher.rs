//! How does JavaScript watch changes? It takes the next changes, and is called back when there are more. Waiting does
//! not keep the process alive, because changes come only from this process.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use openmemory_domain::request::Watch;
use openmemory_engine as engine;
use openmemory_rules::Error;
use openmemory_rules::contract::{self, MemoryChange};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::answer::answer;
use crate::handle::{Handle, reading};
use crate::in_flight::Beginning;
use crate::promise::{Promised, promise};
use crate::request::parse;

pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Wraps the function that is called when there are changes. Weak, so that waiting keeps no process alive.
pub fn wake_call(wake: Function<'_, (), ()>) -> Result<Wake> {
    let call = wake.build_threadsafe_function().weak::<true>().build()?;
    Ok(Arc::new(move || {
        call.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }))
}

#[napi]
pub struct Watcher {
    handle: Arc<Handle>,
    request: String,
    wake: Wake,
    watcher: Arc<Mutex<Option<engine::Watcher>>>,
    /// Cancels the call that reads changes.
    control: Mutex<Arc<contract::Control>>,
}

impl Watcher {
    pub fn new(handle: Arc<Handle>, request: String, wake: Wake) -> Self {
        Self { handle, request, wake, watcher: Arc::default(), control: Mutex::default() }
    }
}

#[napi]
impl Watcher {
    /// Returns the changes since the last call. If there are none, the `wake` function is called when there are some.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn take<'env>(&self, env: &'env Env) -> Promised<'env> {
        let is_first = self.watcher.lock().is_none();
        let started = self.handle.begin_watch(is_first);
        let (request, wake, watcher) = (self.request.clone(), Arc::clone(&self.wake), Arc::clone(&self.watcher));
        let control = Arc::clone(&self.control.lock());
        let call = move |engine: Arc<engine::Shared>, beginning: Option<Beginning>| async move {
            if let Some(beginning) = beginning {
                *watcher.lock() = Some(engine.watch(&Watch::read(parse(&request)?)?)?);
                drop(beginning);
            }
            reading(move || {
                match watcher.lock().as_mut().map(|watcher| watcher.next(&engine, &control, move || wake())) {
                    // The watch was ended meanwhile.
                    None | Some(Err(Error::Aborted)) => Ok(None),
                    Some(changes) => changes,
                }
            })
            .await
        };
        promise(env, async move {
            let taken: std::result::Result<_, Error> = match started {
                Ok((started, beginning)) => started.run(move |engine| call(engine, beginning)).await,
                Err(closed) => Err(closed),
            };
            answer(taken.map(changes_of))
        })
    }

    /// Ends the watch and releases its position.
    #[napi]
    pub fn end(&self) {
        // Cancels first, because a scan of the store would hold the lock until it ends.
        std::mem::take(&mut *self.control.lock()).cancel();
        drop(self.watcher.lock().take());
    }
}

/// What `take` answers.
pub fn changes_of(changes: Option<Vec<MemoryChange>>) -> Value {
    json!({ "ended": changes.is_none(), "changes": changes.unwrap_or_default() })
}
