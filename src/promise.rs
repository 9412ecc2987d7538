//! How does a call become a promise of JavaScript?

use std::future::Future;
use std::pin::Pin;

use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, Result};

/// What a call returns: JSON, which tells errors from results.
pub type Promised<'env> = Result<PromiseRaw<'env, String>>;

/// Starts a call on the runtime.
pub fn promise<'env>(env: &'env Env, call: impl Future<Output = String> + Send + 'static) -> Promised<'env> {
    // Of one type whatever it is: the code of a task is compiled for each type that is spawned.
    let call: Pin<Box<dyn Future<Output = Result<String>> + Send>> = Box::pin(async { Ok(call.await) });
    env.spawn_future(call)
}
