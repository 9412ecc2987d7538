//! How does a host of models reach the memories? By messages of the Model Context Protocol, which the program around the server
//! answers: it has the tools. This module carries them.

mod call;
mod event_stream;
mod routes;

pub use call::{McpAnswer, McpCall, McpEvents, McpFailure, McpRequest, McpResponse};
pub(crate) use routes::routes;
