//! What is wrong with a value that a caller gave? Every refusal names the field and says what would be accepted.

use thiserror::Error;

/// The class of a refusal; it decides the public error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidKind {
    /// No id where one is needed: `MISSING_ID`.
    MissingId,
    /// A wrong type, form or range: `INVALID_ARGUMENT`.
    Argument,
    /// Longer, deeper or more than a limit allows: `LIMIT_EXCEEDED`.
    Limit,
}

/// A refused value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}{}{problem}", if field.is_empty() { "" } else { ": " })]
pub struct Invalid {
    pub kind: InvalidKind,
    /// The path of the field as the caller wrote it, such as `metadata.sector` or `tags[3]`.
    pub field: String,
    pub problem: String,
}

impl Invalid {
    pub fn argument(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { kind: InvalidKind::Argument, field: field.into(), problem: problem.into() }
    }

    pub fn limit(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { kind: InvalidKind::Limit, field: field.into(), problem: problem.into() }
    }

    pub fn missing_id(field: impl Into<String>) -> Self {
        Self { kind: InvalidKind::MissingId, field: field.into(), problem: "an id is needed".into() }
    }
}
