//! How is a JavaScript function called to embed? From any thread; whoever its promise wakes goes on.

use std::sync::Arc;

use napi::Status;
use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi::tokio::sync::oneshot;
use openmemory_core::embedding::EmbedCall;

pub type Embed<'a> = Function<'a, FnArgs<(Vec<String>,)>, Promise<Float32Array>>;

/// What is said where JavaScript ends before it answers.
const ENDING: &str = "the process is ending";

/// The call for the engine. The facade's function checks the vectors and never throws: it rejects.
pub fn embed_call(embed: Embed<'_>) -> Result<EmbedCall> {
    let function = Arc::new(embed.build_threadsafe_function().weak::<true>().build()?);
    Ok(Arc::new(move |texts| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let (begun, promise) = oneshot::channel();
            let called = function.call_with_return_value((texts,).into(), NonBlocking, move |promise, _| {
                let _ = begun.send(promise);
                Ok(())
            });
            if called != Status::Ok {
                return Err(ENDING.into());
            }
            match promise.await.map_err(|_| ENDING)? {
                Ok(promise) => promise.await.map(|flat| flat.to_vec()).map_err(|error| error.reason.clone()),
                Err(error) => Err(error.reason.clone()),
            }
        })
    }))
}
