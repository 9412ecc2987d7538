//! How does a host of models reach the memories? By messages of the Model Context Protocol, which the program around the server
//! answers: it has the tools. This module carries them.

mod call;
mod routes;

pub use call::{McpAnswer, McpCall, McpFailure, McpRequest, McpResponse};
pub(crate) use routes::routes;
