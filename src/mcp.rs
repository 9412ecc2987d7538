//! How does JavaScript answer a message of a host of models? As with a function that embeds texts: through a thread-safe
//! function whose promise is awaited, until the thread of JavaScript ends.

use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, Promise, Result};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi::tokio::select;
use napi::tokio::sync::oneshot;
use napi::{Env, Status};
use openmemory_server::mcp::{McpCall, McpFailure, McpRequest, McpResponse};

use crate::embedder::end_of_this_thread;

type Message = FnArgs<(String,)>;
type McpFunction = ThreadsafeFunction<Message, Promise<String>, Message, Status, false, true>;

/// Wraps the facade's function for the server. Requests and answers are JSON text.
pub fn mcp_call(env: &Env, mcp: Function<'_, Message, Promise<String>>) -> Result<McpCall> {
    let function = Arc::new(mcp.build_threadsafe_function().weak::<true>().build()?);
    let ended = end_of_this_thread(env)?;
    Ok(Arc::new(move |request| {
        let (function, mut ended) = (Arc::clone(&function), ended.clone());
        Box::pin(async move {
            select! {
                biased;
                _ = ended.wait_for(|ended| *ended) => Err(McpFailure),
                answer = call(&function, &request) => answer.ok_or(McpFailure),
            }
        })
    }))
}

async fn call(function: &McpFunction, request: &McpRequest) -> Option<McpResponse> {
    let text = serde_json::to_string(request).ok()?;
    let (started, promise) = oneshot::channel();
    let called = function.call_with_return_value((text,).into(), NonBlocking, move |promise, _| {
        let _ = started.send(promise);
        Ok(())
    });
    if called != Status::Ok {
        return None;
    }
    let answer = promise.await.ok()?.ok()?.await.ok()?;
    serde_json::from_str(&answer).ok()
}
