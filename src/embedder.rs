//! How is a JavaScript function called to embed? From any thread; whoever its promise wakes goes on. A function ends with
//! its thread, and calls that wait for it then hear so.

use std::cell::RefCell;
use std::sync::Arc;

use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi::tokio::select;
use napi::tokio::sync::{oneshot, watch};
use napi::{Env, Status};
use openmemory_embedding::{EmbedCall, EmbedFailure};

type Texts = FnArgs<(Vec<String>,)>;
type EmbedFunction = ThreadsafeFunction<Texts, Promise<Float32Array>, Texts, Status, false, true>;

/// The call for the engine. The facade's function checks the vectors and never throws: it rejects.
pub fn embed_call(env: &Env, embed: Function<'_, Texts, Promise<Float32Array>>) -> Result<EmbedCall> {
    let function = Arc::new(embed.build_threadsafe_function().weak::<true>().build()?);
    let ended = end_of_this_thread(env)?;
    Ok(Arc::new(move |texts| {
        let (function, mut ended) = (Arc::clone(&function), ended.clone());
        Box::pin(async move {
            select! {
                biased;
                _ = ended.wait_for(|ended| *ended) => Err(EmbedFailure::CallerExited),
                answer = call(&function, texts) => answer,
            }
        })
    }))
}

async fn call(function: &EmbedFunction, texts: Vec<String>) -> std::result::Result<Vec<f32>, EmbedFailure> {
    let (begun, promise) = oneshot::channel();
    let called = function.call_with_return_value((texts,).into(), NonBlocking, move |promise, _| {
        let _ = begun.send(promise);
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
    flat.map(|flat| flat.to_vec()).map_err(|error| match error.reason.as_str() {
        // What napi says of a call that its thread's end has cut short, and of a promise that has gone without an answer.
        // An error of the function's bears a ticket.
        "" | "oneshot canceled" | "Wrap finalizer for PromiseRaw failed" => EmbedFailure::CallerExited,
        why => EmbedFailure::Failed(why.to_owned()),
    })
}

thread_local! {
    static ENDED: RefCell<Option<watch::Receiver<bool>>> = const { RefCell::new(None) };
}

/// Becomes true when this thread's JavaScript ends. What waits in a function's queue then is dropped without a word.
fn end_of_this_thread(env: &Env) -> Result<watch::Receiver<bool>> {
    if let Some(ended) = ENDED.with_borrow(Option::clone) {
        return Ok(ended);
    }
    let (tell, ended) = watch::channel(false);
    env.add_env_cleanup_hook(tell, |tell| {
        ENDED.take();
        tell.send_replace(true);
    })?;
    ENDED.set(Some(ended.clone()));
    Ok(ended)
}
