//! How is a JavaScript function called to embed? From a thread of the embedding pool, which waits for its promise.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Promise, Result, spawn};
use openmemory_core::embedding::EmbedCall;

pub type Embed<'a> = Function<'a, FnArgs<(Vec<String>,)>, Promise<Float32Array>>;

/// The call for the engine. The facade's function checks the vectors and never throws: it rejects.
pub fn embed_call(embed: Embed<'_>) -> Result<EmbedCall> {
    let function = Arc::new(embed.build_threadsafe_function().weak::<true>().build()?);
    Ok(Arc::new(move |texts| {
        let (answer, answered) = sync_channel(1);
        let function = Arc::clone(&function);
        // Waited for on the runtime, not with its `block_on`: that holds a lock that the end of the process needs, and the
        // function may never answer. A runtime that ends drops the task, and with it the sender.
        spawn(async move {
            let vectors = async { function.call_async((texts,).into()).await?.await };
            let _ = answer.send(vectors.await.map(|flat| flat.to_vec()).map_err(|error| error.reason.clone()));
        });
        answered.recv().unwrap_or_else(|_| Err("the process is ending".into()))
    }))
}
