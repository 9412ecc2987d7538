//! How is a function of the facade called that takes JSON text and promises JSON text? Through a thread-safe function whose
//! promise is awaited, until the thread of JavaScript ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use napi::bindgen_prelude::{FnArgs, Function, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi::tokio::select;
use napi::tokio::sync::{oneshot, watch};
use napi::{Env, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::embedder::end_of_this_thread;

pub type Text = FnArgs<(String,)>;
pub type WeakFunction = ThreadsafeFunction<Text, Promise<String>, Text, Status, false, true>;

/// A function that does not reject.
#[derive(Clone)]
pub struct TextFunction {
    function: Arc<WeakFunction>,
    ended: watch::Receiver<bool>,
}

impl TextFunction {
    pub fn new(env: &Env, function: Function<'_, Text, Promise<String>>) -> Result<Self> {
        let function = Arc::new(function.build_threadsafe_function().weak::<true>().build()?);
        Ok(Self { function, ended: end_of_this_thread(env)? })
    }

    /// A call that is withdrawn if it is dropped before it is answered.
    pub fn pending(&self) -> PendingCall {
        PendingCall::new(Arc::clone(&self.function))
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

static LAST_CALL: AtomicU32 = AtomicU32::new(1);

/// A call whose answer nobody waits for any longer is withdrawn, so that what it has begun ends as well.
pub struct PendingCall {
    function: Arc<WeakFunction>,
    pub number: u32,
    is_answered: bool,
}

impl PendingCall {
    pub fn new(function: Arc<WeakFunction>) -> Self {
        Self { function, number: LAST_CALL.fetch_add(1, Ordering::Relaxed), is_answered: false }
    }

    pub fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        if !self.is_answered {
            let withdrawn = json!({ "withdrawn": self.number }).to_string();
            self.function.call_with_return_value((withdrawn,).into(), NonBlocking, |_, _| Ok(()));
        }
    }
}
