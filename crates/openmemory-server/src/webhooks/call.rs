//! Who sends? A function of the program around the server, which has the network and decides where it may send to.

use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One attempt to send an event.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    pub url: String,
    /// The same for every attempt, so that a receiver knows what it has already.
    pub id: String,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// What the signature is made with.
    pub secret: String,
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum WebhookOutcome {
    /// The receiver has answered.
    Answered { status: u16, retry_after: Option<u64> },
    /// Nothing may be sent there.
    Refused(String),
    /// There was no answer.
    Failed(String),
}

/// `None` once the program around the server is gone.
pub type WebhookAnswer = Pin<Box<dyn Future<Output = Option<WebhookOutcome>> + Send>>;

pub type WebhookCall = Arc<dyn Fn(Delivery) -> WebhookAnswer + Send + Sync>;
