//! What can go wrong while a text is embedded?

use openmemory_domain::{ErrorCode, Fault};
use std::path::{Path, PathBuf};

/// Longest message taken over from the model's runtime, which may print whole tensors.
const LONGEST_MESSAGE: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    /// A file of the model is missing, damaged, or not what the options say.
    #[error("the embedding model cannot be used: {}: {message}", file.display())]
    ModelUnavailable { file: PathBuf, message: String },
    /// The model, or the caller's function, did not give a usable vector.
    #[error("the text could not be embedded: {message}")]
    Failed { message: String },
    /// The pool takes no more work.
    #[error("closed")]
    Closed,
}

impl EmbeddingError {
    /// The stable code that users see.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::ModelUnavailable { .. } => ErrorCode::ModelUnavailable,
            Self::Failed { .. } => ErrorCode::EmbeddingFailed,
            Self::Closed => ErrorCode::Closed,
        }
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: trimmed(message.into()) }
    }

    pub(super) fn unavailable(file: &Path, message: impl Into<String>) -> Self {
        Self::ModelUnavailable { file: file.to_owned(), message: trimmed(message.into()) }
    }
}

impl From<EmbeddingError> for Fault {
    fn from(error: EmbeddingError) -> Self {
        Self::new(error.code(), error)
    }
}

fn trimmed(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
    message
}
