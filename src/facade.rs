//! How does JavaScript make the calls of a server's clients that are many calls?

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Function, Promise, Result};
use openmemory_server::facade::{FacadeCall, FacadeRequest};
use serde::Serialize;

use crate::text_function::{Text, TextFunction};

/// A request with the number by which it may be withdrawn.
#[derive(Serialize)]
struct Numbered {
    number: u32,
    #[serde(flatten)]
    request: FacadeRequest,
}

/// Wraps the facade's function for the server. Requests and answers are JSON text.
pub fn facade_call(env: &Env, call: Function<'_, Text, Promise<String>>) -> Result<FacadeCall> {
    let function = TextFunction::new(env, call)?;
    Ok(Arc::new(move |request| {
        let function = function.clone();
        Box::pin(async move {
            let pending = function.pending();
            let answer = function.call(&Numbered { number: pending.number, request }).await;
            pending.answered();
            answer
        })
    }))
}
