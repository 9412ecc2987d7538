//! What is the program around the server asked, and what does it answer?

use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize)]
pub struct FacadeRequest {
    /// The method.
    pub call: &'static str,
    /// What it reaches the memories with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub body: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FacadeResult {
    Ok(Value),
    Error(FacadeError),
}

#[derive(Debug, Clone, Deserialize)]
pub struct FacadeError {
    pub code: String,
    pub message: String,
    pub field: Option<String>,
    pub details: Option<Value>,
    #[serde(default)]
    pub retryable: bool,
}

/// `None` once the program around the server is gone. Dropping it ends the call.
pub type FacadeAnswer = Pin<Box<dyn Future<Output = Option<FacadeResult>> + Send>>;

pub type FacadeCall = Arc<dyn Fn(FacadeRequest) -> FacadeAnswer + Send + Sync>;
