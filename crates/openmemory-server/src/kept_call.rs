//! Which call was kept before its work was done? Mem0's add, or one of our own, which is marked as such.

use openmemory_domain::request::Learn;
use openmemory_rules::Error;
use openmemory_rules::contract::MemoryStore;
use serde_json::{Value, json};

use crate::mem0;

/// Mem0's add has no such field.
const OWN: &str = "learn";

/// A call of our own as it is kept: without secrets, unless they are to be kept.
pub fn own(store: &dyn MemoryStore, mut body: Value, redact: bool) -> Value {
    let clean = |text: &mut Value| {
        if let Value::String(text) = text {
            *text = store.without_secrets(text);
        }
    };
    if redact {
        body.get_mut("text").into_iter().for_each(clean);
        let messages = body.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten();
        messages.filter_map(|message| message.get_mut("content")).for_each(clean);
    }
    json!({ OWN: body })
}

pub fn read(mut body: Value) -> Result<Learn, Error> {
    match body.get_mut(OWN) {
        Some(own) => Ok(Learn::read(own.take())?),
        None => mem0::kept_add(body),
    }
}
