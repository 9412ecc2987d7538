//! How is a JavaScript function called to embed texts?

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Float32Array, FnArgs, Function, Promise, Result};
use openmemory_embedding::{EmbedCall, EmbedFailure, Purpose};

use crate::js_function::{CallFailure, JsFunction};

/// The texts, and whether they are parts of a query.
type Texts = FnArgs<(Vec<String>, bool)>;

/// Wraps the facade's function for the engine. That function checks the vectors.
pub fn embed_call(env: &Env, embed: Function<'_, Texts, Promise<Float32Array>>) -> Result<EmbedCall> {
    let function = JsFunction::new(env, embed)?;
    Ok(Arc::new(move |texts, purpose| {
        let answer = function.clone().call((texts, purpose == Purpose::Query).into());
        Box::pin(async {
            match answer.await {
                Ok(flat) => Ok(flat.to_vec()),
                Err(CallFailure::CallerExited) => Err(EmbedFailure::CallerExited),
                Err(CallFailure::Rejected(reason)) => Err(EmbedFailure::Failed(reason)),
            }
        })
    }))
}
