//! How does JavaScript send an event to a webhook? It has the network, and decides where it may send to.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Function, Promise, Result};
use openmemory_server::webhooks::WebhookCall;

use crate::text_function::{Text, TextFunction};

/// Wraps the facade's function for the server. Requests and answers are JSON text.
pub fn webhook_call(env: &Env, send: Function<'_, Text, Promise<String>>) -> Result<WebhookCall> {
    let function = TextFunction::new(env, send)?;
    Ok(Arc::new(move |delivery| {
        let function = function.clone();
        Box::pin(async move { function.call(&delivery).await })
    }))
}
