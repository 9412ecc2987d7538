//! What can go wrong? All error codes, with HTTP status, wire name and retryability.

use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

/// The stable code of an error. An error has the same code in every language and protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    MissingId,
    InvalidArgument,
    Unauthorized,
    Forbidden,
    NotFound,
    VersionConflict,
    Immutable,
    LimitExceeded,
    RateLimited,
    Closed,
    Locked,
    Aborted,
    Timeout,
    Unavailable,
    Io,
    Corrupted,
    FormatUnsupported,
    ModelUnavailable,
    ModelMismatch,
    EmbeddingFailed,
    NoLanguageModel,
    LanguageModelFailed,
    Unsupported,
    Internal,
}

impl ErrorCode {
    pub const ALL: [Self; 24] = [
        Self::MissingId,
        Self::InvalidArgument,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::VersionConflict,
        Self::Immutable,
        Self::LimitExceeded,
        Self::RateLimited,
        Self::Closed,
        Self::Locked,
        Self::Aborted,
        Self::Timeout,
        Self::Unavailable,
        Self::Io,
        Self::Corrupted,
        Self::FormatUnsupported,
        Self::ModelUnavailable,
        Self::ModelMismatch,
        Self::EmbeddingFailed,
        Self::NoLanguageModel,
        Self::LanguageModelFailed,
        Self::Unsupported,
        Self::Internal,
    ];

    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingId => "MISSING_ID",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::VersionConflict => "VERSION_CONFLICT",
            Self::Immutable => "IMMUTABLE",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Closed => "CLOSED",
            Self::Locked => "LOCKED",
            Self::Aborted => "ABORTED",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Io => "IO",
            Self::Corrupted => "CORRUPTED",
            Self::FormatUnsupported => "FORMAT_UNSUPPORTED",
            Self::ModelUnavailable => "MODEL_UNAVAILABLE",
            Self::ModelMismatch => "MODEL_MISMATCH",
            Self::EmbeddingFailed => "EMBEDDING_FAILED",
            Self::NoLanguageModel => "NO_LANGUAGE_MODEL",
            Self::LanguageModelFailed => "LANGUAGE_MODEL_FAILED",
            Self::Unsupported => "UNSUPPORTED",
            Self::Internal => "INTERNAL",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::MissingId | Self::InvalidArgument | Self::NoLanguageModel => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::VersionConflict | Self::Immutable => 409,
            Self::LimitExceeded => 413,
            Self::RateLimited => 429,
            Self::Unsupported => 501,
            Self::LanguageModelFailed => 502,
            Self::Closed | Self::Locked | Self::Aborted | Self::Timeout | Self::Unavailable => 503,
            Self::Io
            | Self::Corrupted
            | Self::FormatUnsupported
            | Self::ModelUnavailable
            | Self::ModelMismatch
            | Self::EmbeddingFailed
            | Self::Internal => 500,
        }
    }

    /// The value of `err` in OpenMemory's protocol.
    pub const fn err(self) -> &'static str {
        match self {
            Self::MissingId => "id",
            Self::InvalidArgument | Self::NoLanguageModel => "invalid",
            Self::Unauthorized => "auth",
            Self::Forbidden => "forbidden",
            Self::NotFound => "nf",
            Self::VersionConflict => "conflict",
            Self::Immutable => "immutable",
            Self::LimitExceeded => "limit",
            Self::RateLimited => "rate",
            Self::LanguageModelFailed => "model",
            Self::Unsupported => "unsupported",
            _ if self.status() == 503 => "unavailable",
            _ => "internal",
        }
    }

    /// Whether the same call can succeed later, unless the error itself says otherwise.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Locked | Self::Timeout | Self::Unavailable | Self::Io | Self::EmbeddingFailed
        )
    }
}

impl Display for ErrorCode {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
