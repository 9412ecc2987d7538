//! Who turns the answer of a write into JSON? The writer's thread, which ends the call, unless that would keep others waiting.

use openmemory_domain::Memory;
use openmemory_engine::Shared;
use openmemory_rules::Error;
use openmemory_rules::contract::Deleted;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::handle::blocking;

/// Bytes of text from which on an answer takes longer than a change of threads.
const LARGE_BYTES: usize = 16 * 1024;

/// What a write answers.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Written<T> {
    Value(T),
    Json(Box<RawValue>),
}

/// An answer with a text in it.
pub trait Text {
    fn bytes(&self) -> usize;
}

impl Text for Memory {
    fn bytes(&self) -> usize {
        self.content.len()
    }
}

impl Text for Deleted {
    fn bytes(&self) -> usize {
        self.memory.content.len()
    }
}

/// Leaves the writer's thread with a large answer while others wait for it.
pub async fn written<T>(engine: &Shared, value: T) -> Result<Written<T>, Error>
where
    T: Text + Serialize + Send + 'static,
{
    if value.bytes() < LARGE_BYTES || !engine.is_waited_for() {
        return Ok(Written::Value(value));
    }
    blocking(move || to_raw_value(&value).map_err(|_| Error::Internal("an answer is no JSON"))).await.map(Written::Json)
}
