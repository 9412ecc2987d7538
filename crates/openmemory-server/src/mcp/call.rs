//! Who answers the messages of hosts of models? A function of the program around the server.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// A message of a host.
#[derive(Serialize)]
pub struct McpRequest {
    /// Those that the protocol reads, and those with the key, by their names in lower case.
    pub headers: BTreeMap<&'static str, String>,
    /// Whose memories the session is limited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    pub body: String,
}

#[derive(Deserialize)]
pub struct McpResponse {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// Absent where a message asks for no answer.
    pub body: Option<String>,
}

pub type McpAnswer = Pin<Box<dyn Future<Output = Result<McpResponse, McpFailure>> + Send>>;

/// Takes messages that come before the answer, as JSON text.
pub type McpEvents = mpsc::Sender<String>;

/// Answers the messages. It reaches the memories by requests of its own, with the key of the message. Dropping an answer says
/// that its host has gone.
pub type McpCall = Arc<dyn Fn(McpRequest, McpEvents) -> McpAnswer + Send + Sync>;

/// The program around the server gave no answer.
#[derive(Debug)]
pub struct McpFailure;
