//! What is wrong with a caller's value? Each error names the field and what is accepted.

use thiserror::Error;

/// The class of an error, which determines its public code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidKind {
    /// An id is required: `MISSING_ID`.
    MissingId,
    /// A wrong type, form or range: `INVALID_ARGUMENT`.
    Argument,
    /// Too long, too deep or too many: `LIMIT_EXCEEDED`.
    Limit,
}

/// An invalid value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}{}{problem}", if field.is_empty() { "" } else { ": " })]
pub struct Invalid {
    pub kind: InvalidKind,
    /// The path of the field in the caller's input, such as `metadata.sector` or `tags[3]`.
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
        Self { kind: InvalidKind::MissingId, field: field.into(), problem: "an id is required".into() }
    }
}
