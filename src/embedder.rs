//! How is a JavaScript function called to embed? From a thread of the embedding pool, which waits for its promise.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use futures_executor::block_on;
use napi::Status;
use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use openmemory_core::embedding::EmbedCall;

pub type Embed<'a> = Function<'a, FnArgs<(Vec<String>,)>, Promise<Float32Array>>;

/// What is said where JavaScript ends before it answers.
const ENDING: &str = "the process is ending";

/// The call for the engine. The facade's function checks the vectors and never throws: it rejects.
pub fn embed_call(embed: Embed<'_>) -> Result<EmbedCall> {
    let function = embed.build_threadsafe_function().weak::<true>().build()?;
    Ok(Arc::new(move |texts| {
        let (begun, promise) = sync_channel(1);
        // Straight from here to JavaScript and back: a runtime between them would be two more switches of threads.
        let called = function.call_with_return_value((texts,).into(), NonBlocking, move |promise, _| {
            let _ = begun.send(promise);
            Ok(())
        });
        if called != Status::Ok {
            return Err(ENDING.into());
        }
        let promise = promise.recv().map_err(|_| ENDING)?;
        match promise.and_then(block_on) {
            Ok(flat) => Ok(flat.to_vec()),
            Err(error) => Err(error.reason.clone()),
        }
    }))
}
