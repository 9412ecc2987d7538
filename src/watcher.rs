//! How does JavaScript watch? It takes what has changed, and is called when there is more: waiting keeps no process
//! alive, since changes come from this process only.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Function, PromiseRaw, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use openmemory_domain::request::Watch;
use openmemory_engine as engine;
use openmemory_rules::Error;
use openmemory_rules::contract;
use parking_lot::Mutex;
use serde_json::json;

use crate::answer::{answer, parse};
use crate::engine::Engine;
use crate::handle::{Handle, reading};

type Wake = Arc<dyn Fn() + Send + Sync>;

#[napi]
pub struct Watcher {
    handle: Arc<Handle>,
    request: String,
    wake: Wake,
    place: Arc<Mutex<Option<engine::Watcher>>>,
    /// Stops what looks for changes.
    control: Mutex<Arc<contract::Control>>,
}

#[napi]
impl Watcher {
    #[napi(constructor)]
    pub fn new(engine: &Engine, request: String, wake: Function<'_, (), ()>) -> Result<Self> {
        let call = wake.build_threadsafe_function().weak::<true>().build()?;
        let wake: Wake = Arc::new(move || {
            call.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(Self { handle: Arc::clone(&engine.handle), request, wake, place: Arc::default(), control: Mutex::default() })
    }

    /// What has changed since the last time; nothing yet: the function given is called when there is something.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn take<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, String>> {
        let begun = self.handle.begin();
        let (request, wake, place) = (self.request.clone(), Arc::clone(&self.wake), Arc::clone(&self.place));
        let control = Arc::clone(&self.control.lock());
        let call = move |engine: Arc<engine::Shared>| async move {
            // At once, before any call that waited with this one for the engine goes on.
            if place.lock().is_none() {
                let watcher = engine.watch(&Watch::read(parse(&request)?)?)?;
                *place.lock() = Some(watcher);
            }
            reading(move || {
                match place.lock().as_mut().map(|watcher| watcher.next(&engine, &control, move || wake())) {
                    // It was ended meanwhile.
                    None | Some(Err(Error::Aborted)) => Ok(None),
                    Some(changes) => changes,
                }
            })
            .await
        };
        env.spawn_future(async move {
            let taken: std::result::Result<_, Error> = match begun {
                Ok(begun) => begun.run(call).await,
                Err(closed) => Err(closed),
            };
            Ok(answer(
                taken.map(|changes| json!({ "ended": changes.is_none(), "changes": changes.unwrap_or_default() })),
            ))
        })
    }

    /// Nothing is kept for it any more.
    #[napi]
    pub fn end(&self) {
        // First, since a walk through the store would keep its place for as long as it takes.
        std::mem::take(&mut *self.control.lock()).cancel();
        drop(self.place.lock().take());
    }
}
