//! How does JavaScript answer a message of a host of models, and send others before its answer?

use std::collections::HashMap;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Function, Promise, Result};
use openmemory_server::mcp::{McpCall, McpEvents, McpFailure, McpRequest};
use parking_lot::Mutex;
use serde::Serialize;

use crate::text_function::{Text, TextFunction};

/// A message with the number by which it may be withdrawn.
#[derive(Serialize)]
struct Numbered {
    number: u32,
    #[serde(flatten)]
    request: McpRequest,
}

/// The hosts that wait for an answer, by the number of their message.
#[derive(Clone, Default)]
pub struct Waiting(Arc<Mutex<HashMap<u32, McpEvents>>>);

impl Waiting {
    /// Sends a message before the answer. One that a host cannot take in time is left out.
    pub fn tell(&self, number: u32, event: String) {
        if let Some(events) = self.0.lock().get(&number) {
            let _ = events.try_send(event);
        }
    }

    fn begin(&self, number: u32, events: McpEvents) -> Turn {
        self.0.lock().insert(number, events);
        Turn { waiting: self.clone(), number }
    }
}

/// While this exists, the host waits.
struct Turn {
    waiting: Waiting,
    number: u32,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.waiting.0.lock().remove(&self.number);
    }
}

/// Wraps the facade's function for the server. Requests and answers are JSON text.
pub fn mcp_call(env: &Env, mcp: Function<'_, Text, Promise<String>>, waiting: &Waiting) -> Result<McpCall> {
    let function = TextFunction::new(env, mcp)?;
    let waiting = waiting.clone();
    Ok(Arc::new(move |request, events| {
        let (function, waiting) = (function.clone(), waiting.clone());
        Box::pin(async move {
            let pending = function.pending();
            let _turn = waiting.begin(pending.number, events);
            let answer = function.call(&Numbered { number: pending.number, request }).await;
            pending.answered();
            answer.ok_or(McpFailure)
        })
    }))
}
