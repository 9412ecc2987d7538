//! On which thread is the result of a write serialized? On the writer thread, which completes the call, unless that
//! would delay other writes.

use openmemory_domain::Memory;
use openmemory_engine::Shared;
use openmemory_rules::Error;
use openmemory_rules::contract::Deleted;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::handle::blocking;

/// Length of a text whose serialization takes longer than a switch of threads.
const LARGE_BYTES: usize = 16 * 1024;

/// The result of a write.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Written<T> {
    Value(T),
    Json(Box<RawValue>),
}

/// A result that contains a text.
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

/// Moves the serialization of a large result off the writer thread while other writes wait.
pub async fn written<T>(engine: &Shared, value: T) -> Result<Written<T>, Error>
where
    T: Text + Serialize + Send + 'static,
{
    if value.bytes() < LARGE_BYTES || !engine.is_waited_for() {
        return Ok(Written::Value(value));
    }
    blocking(move || to_raw_value(&value).map_err(|_| Error::Internal("a result could not be serialized as JSON")))
        .await
        .map(Written::Json)
}
