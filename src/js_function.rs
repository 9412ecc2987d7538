//! How is a JavaScript function called from any thread? Through a thread-safe function whose promise is awaited, until the
//! thread of JavaScript ends.

use std::cell::RefCell;
use std::sync::Arc;

use napi::bindgen_prelude::{FromNapiValue, Function, JsValuesTupleIntoVec, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi::tokio::select;
use napi::tokio::sync::{oneshot, watch};
use napi::{Env, Status};

/// Does not keep the process alive.
type WeakFunction<Args, Answer> = ThreadsafeFunction<Args, Promise<Answer>, Args, Status, false, true>;

/// A function that rejects instead of throwing.
pub struct JsFunction<Args: JsValuesTupleIntoVec + 'static, Answer: FromNapiValue + 'static> {
    function: Arc<WeakFunction<Args, Answer>>,
    ended: watch::Receiver<bool>,
}

#[derive(Debug)]
pub enum CallFailure {
    /// The thread of JavaScript has ended.
    CallerExited,
    Rejected(String),
}

impl<Args: JsValuesTupleIntoVec, Answer: FromNapiValue> Clone for JsFunction<Args, Answer> {
    fn clone(&self) -> Self {
        Self { function: Arc::clone(&self.function), ended: self.ended.clone() }
    }
}

impl<Args: JsValuesTupleIntoVec + Send, Answer: FromNapiValue + Send> JsFunction<Args, Answer> {
    pub fn new(env: &Env, function: Function<'_, Args, Promise<Answer>>) -> Result<Self> {
        let function = Arc::new(function.build_threadsafe_function().weak::<true>().build()?);
        Ok(Self { function, ended: end_of_this_thread(env)? })
    }

    pub async fn call(mut self, args: Args) -> std::result::Result<Answer, CallFailure> {
        select! {
            biased;
            _ = self.ended.wait_for(|ended| *ended) => Err(CallFailure::CallerExited),
            answer = answer(&self.function, args) => answer,
        }
    }

    /// A call that nobody waits for.
    pub fn notify(&self, args: Args) {
        self.function.call_with_return_value(args, NonBlocking, |_, _| Ok(()));
    }
}

async fn answer<Args: JsValuesTupleIntoVec + Send, Answer: FromNapiValue + Send>(
    function: &WeakFunction<Args, Answer>,
    args: Args,
) -> std::result::Result<Answer, CallFailure> {
    let (started, promise) = oneshot::channel();
    let called = function.call_with_return_value(args, NonBlocking, move |promise, _| {
        let _ = started.send(promise);
        Ok(())
    });
    if called != Status::Ok {
        return Err(CallFailure::CallerExited);
    }
    let promise = promise.await.map_err(|_| CallFailure::CallerExited)?;
    let answer = match promise {
        Ok(promise) => promise.await,
        Err(error) => Err(error),
    };
    answer.map_err(|error| {
        if is_of_an_ended_thread(&error.reason) {
            return CallFailure::CallerExited;
        }
        CallFailure::Rejected(error.reason.clone())
    })
}

/// Whether this is a message of napi for a call that ended with its thread, for a promise that was dropped before it settled, or
/// for one that the ending thread let nobody wait for. Errors of a function that embeds contain a ticket.
fn is_of_an_ended_thread(reason: &str) -> bool {
    let of_promise = reason.contains("PromiseRaw") && reason.ends_with(" failed");
    matches!(reason, "" | "oneshot canceled") || of_promise
}

thread_local! {
    static ENDED: RefCell<Option<watch::Receiver<bool>>> = const { RefCell::new(None) };
}

/// Becomes true when this thread's JavaScript ends. napi then drops the queued calls of its functions silently.
fn end_of_this_thread(env: &Env) -> Result<watch::Receiver<bool>> {
    if let Some(ended) = ENDED.with_borrow(Option::clone) {
        return Ok(ended);
    }
    let (sender, ended) = watch::channel(false);
    env.add_env_cleanup_hook(sender, |sender| {
        ENDED.take();
        sender.send_replace(true);
    })?;
    ENDED.set(Some(ended.clone()));
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_napi_says_when_a_thread_ends_is_told_from_errors_of_the_function() {
        for reason in
            ["", "oneshot canceled", "Wrap finalizer for PromiseRaw failed", "Call the PromiseRaw::catch failed"]
        {
            assert!(is_of_an_ended_thread(reason), "{reason}");
        }
        for reason in ["embed failed", "the service failed", "PromiseRaw"] {
            assert!(!is_of_an_ended_thread(reason), "{reason}");
        }
    }
}
