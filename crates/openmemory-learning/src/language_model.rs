//! What is a language model to the engine? Something that answers one request with text.

use std::borrow::Cow;
use std::pin::Pin;

/// One request: stable instructions, the data as JSON, and the schema of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub system: String,
    pub user: String,
    /// A JSON Schema.
    pub schema: Cow<'static, str>,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    Stop,
    /// The model ran out of tokens: the text is cut.
    Length,
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub finish: Finish,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// Requests that were needed.
    pub calls: u64,
}

/// Why a model gave no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Http,
    Timeout,
    Refused,
    Length,
    Unreadable,
    Budget,
}

impl Why {
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Length => "length",
            Self::Unreadable => "unreadable",
            Self::Budget => "budget",
        }
    }

    pub fn read(name: &str) -> Option<Self> {
        [Self::Http, Self::Timeout, Self::Refused, Self::Length, Self::Unreadable, Self::Budget]
            .into_iter()
            .find(|why| why.name() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFailure {
    pub why: Why,
    pub message: String,
    pub retryable: bool,
}

/// The pending answer of a model. Dropping it gives up waiting.
pub type Pending = Pin<Box<dyn Future<Output = Result<Answer, ModelFailure>> + Send>>;

pub trait LanguageModel: Send + Sync {
    /// Kept with every change that it proposes.
    fn id(&self) -> &str;

    /// How many tokens one request may hold, its answer included.
    fn context_tokens(&self) -> usize;

    /// How many of them the answer may take.
    fn output_tokens(&self) -> usize;

    fn complete(&self, request: Request) -> Pending;
}
