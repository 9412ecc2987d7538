//! What can go wrong when a text is embedded?

use openmemory_domain::{ErrorCode, Fault};
use std::path::{Path, PathBuf};

/// The longest message to take from the model runtime, which may print whole tensors.
const MAX_MESSAGE_CHARACTERS: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    /// A file of the model is missing, damaged, or inconsistent with the options.
    #[error("the embedding model cannot be used: {}: {message}", file.display())]
    ModelUnavailable { file: PathBuf, message: String },
    /// The model or the caller's function did not return a usable vector.
    #[error("the text could not be embedded: {message}")]
    Failed { message: String },
    /// The pool is closed.
    #[error("closed")]
    Closed,
}

impl EmbeddingError {
    /// The stable public code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::ModelUnavailable { .. } => ErrorCode::ModelUnavailable,
            Self::Failed { .. } => ErrorCode::EmbeddingFailed,
            Self::Closed => ErrorCode::Closed,
        }
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: truncated(message.into()) }
    }

    pub(super) fn unavailable(file: &Path, message: impl Into<String>) -> Self {
        Self::ModelUnavailable { file: file.to_owned(), message: truncated(message.into()) }
    }
}

impl From<EmbeddingError> for Fault {
    fn from(error: EmbeddingError) -> Self {
        Self::new(error.code(), error)
    }
}

fn truncated(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_CHARACTERS) {
        message.truncate(end);
        message.push('…');
    }
    message
}
