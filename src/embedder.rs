//! How is a JavaScript function called to embed texts? From any thread, through a thread-safe function whose promise is
//! awaited. When the JavaScript thread ends, waiting calls fail with [`EmbedFailure::CallerExited`].

use std::cell::RefCell;
use std::sync::Arc;

use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi::tokio::select;
use napi::tokio::sync::{oneshot, watch};
use napi::{Env, Status};
use openmemory_embedding::{EmbedCall, EmbedFailure, Purpose};

/// The texts, and whether they are parts of a query.
type Texts = FnArgs<(Vec<String>, bool)>;
type EmbedFunction = ThreadsafeFunction<Texts, Promise<Float32Array>, Texts, Status, false, true>;

/// Wraps the facade's function for the engine. That function checks the vectors, and rejects instead of throwing.
pub fn embed_call(env: &Env, embed: Function<'_, Texts, Promise<Float32Array>>) -> Result<EmbedCall> {
    let function = Arc::new(embed.build_threadsafe_function().weak::<true>().build()?);
    let ended = end_of_this_thread(env)?;
    Ok(Arc::new(move |texts, purpose| {
        let (function, mut ended) = (Arc::clone(&function), ended.clone());
        Box::pin(async move {
            select! {
                biased;
                _ = ended.wait_for(|ended| *ended) => Err(EmbedFailure::CallerExited),
                answer = call(&function, texts, purpose) => answer,
            }
        })
    }))
}

async fn call(
    function: &EmbedFunction,
    texts: Vec<String>,
    purpose: Purpose,
) -> std::result::Result<Vec<f32>, EmbedFailure> {
    let (started, promise) = oneshot::channel();
    let called =
        function.call_with_return_value((texts, purpose == Purpose::Query).into(), NonBlocking, move |promise, _| {
            let _ = started.send(promise);
            Ok(())
        });
    if called != Status::Ok {
        return Err(EmbedFailure::CallerExited);
    }
    let promise = promise.await.map_err(|_| EmbedFailure::CallerExited)?;
    let flat = match promise {
        Ok(promise) => promise.await,
        Err(error) => Err(error),
    };
    flat.map(|flat| flat.to_vec()).map_err(|error| {
        if is_of_an_ended_thread(&error.reason) {
            return EmbedFailure::CallerExited;
        }
        EmbedFailure::Failed(error.reason.clone())
    })
}

/// Whether this is a message of napi for a call that ended with its thread, for a promise that was dropped before it settled, or
/// for one that the ending thread let nobody wait for. Errors of the function itself contain a ticket.
fn is_of_an_ended_thread(reason: &str) -> bool {
    let of_promise = reason.contains("PromiseRaw") && reason.ends_with(" failed");
    matches!(reason, "" | "oneshot canceled") || of_promise
}

thread_local! {
    static ENDED: RefCell<Option<watch::Receiver<bool>>> = const { RefCell::new(None) };
}

/// Becomes true when this thread's JavaScript ends. napi then drops the queued calls of its functions silently.
pub fn end_of_this_thread(env: &Env) -> Result<watch::Receiver<bool>> {
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
