//! How does JavaScript answer a message of a host of models?

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Function, Promise, Result};
use openmemory_server::mcp::{McpCall, McpFailure};

use crate::text_function::{Text, TextFunction};

/// Wraps the facade's function for the server. Requests and answers are JSON text.
pub fn mcp_call(env: &Env, mcp: Function<'_, Text, Promise<String>>) -> Result<McpCall> {
    let function = TextFunction::new(env, mcp)?;
    Ok(Arc::new(move |request| {
        let function = function.clone();
        Box::pin(async move { function.call(&request).await.ok_or(McpFailure) })
    }))
}
