//! How is a function of the facade called that takes JSON text and promises JSON text? Through a thread-safe function whose
//! promise is awaited, until the thread of JavaScript ends.

use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi::tokio::select;
use napi::tokio::sync::{oneshot, watch};
use napi::{Env, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::embedder::end_of_this_thread;

pub type Text = FnArgs<(String,)>;

/// A function that does not reject.
#[derive(Clone)]
pub struct TextFunction {
    function: Arc<ThreadsafeFunction<Text, Promise<String>, Text, Status, false, true>>,
    ended: watch::Receiver<bool>,
}

impl TextFunction {
    pub fn new(env: &Env, function: Function<'_, Text, Promise<String>>) -> Result<Self> {
        let function = Arc::new(function.build_threadsafe_function().weak::<true>().build()?);
        Ok(Self { function, ended: end_of_this_thread(env)? })
    }

    /// `None` if the thread of JavaScript has ended, or the answer is none.
    pub async fn call<T: DeserializeOwned>(mut self, request: &impl Serialize) -> Option<T> {
        let text = serde_json::to_string(request).ok()?;
        let function = Arc::clone(&self.function);
        let answer = async move {
            let (started, promise) = oneshot::channel();
            let called = function.call_with_return_value((text,).into(), NonBlocking, move |promise, _| {
                let _ = started.send(promise);
                Ok(())
            });
            if called != Status::Ok {
                return None;
            }
            promise.await.ok()?.ok()?.await.ok()
        };
        let answer = select! {
            biased;
            _ = self.ended.wait_for(|ended| *ended) => None,
            answer = answer => answer,
        };
        serde_json::from_str(&answer?).ok()
    }
}
