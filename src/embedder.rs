//! How is a JavaScript function called to embed? From a thread of the embedding pool, which waits for its promise.

use std::sync::Arc;

use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Promise, Result, block_on};
use openmemory_core::embedding::EmbedCall;

pub type Embed<'a> = Function<'a, FnArgs<(Vec<String>,)>, Promise<Float32Array>>;

/// The call for the engine. The facade's function checks the vectors and never throws: it rejects.
pub fn embed_call(embed: Embed<'_>) -> Result<EmbedCall> {
    let function = embed.build_threadsafe_function().weak::<true>().build()?;
    Ok(Arc::new(move |texts| {
        let vectors = block_on(async { function.call_async((texts,).into()).await?.await });
        vectors.map(|flat| flat.to_vec()).map_err(|error| error.reason.clone())
    }))
}
