//! What does a call of JavaScript ask for? A request is JSON text.

use openmemory_domain::Invalid;
use openmemory_rules::Error;
use serde_json::Value;

/// Parses the request of a call.
pub fn parse(request: &str) -> Result<Value, Error> {
    serde_json::from_str(request).map_err(|_| Error::Internal("a request is not JSON"))
}

/// Parses and reads the request of a call.
pub fn read<T>(request: &str, read: impl FnOnce(Value) -> Result<T, Invalid>) -> Result<T, Error> {
    Ok(read(parse(request)?)?)
}

/// Documents by name.
pub fn read_documents(documents: Value) -> Result<serde_json::Map<String, Value>, Invalid> {
    match documents {
        Value::Object(documents) => Ok(documents),
        _ => Err(Invalid::argument("documents", "must be an object")),
    }
}
